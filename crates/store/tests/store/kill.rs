//! A real process, killed with SIGKILL in the middle of writing.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use guichet_engine::store::{Store, WindowRecord};
use guichet_store::Database;
use jiff::Timestamp;

const DATABASE: &str = "GUICHET_TEST_DATABASE";
const ROUNDS: usize = 10;

/// Not a test by itself: the body of the process that is killed. It says each number once it is stored.
#[tokio::test]
#[ignore = "started by the test below"]
async fn writer() {
    let Some(path) = env::var_os(DATABASE).map(PathBuf::from) else {
        return;
    };
    let database = Database::open(&path).await.unwrap();
    let begin = stored(&database).await;
    for number in begin + 1.. {
        database
            .save_windows(vec![window("a", number), window("b", number)])
            .await
            .unwrap();
        eprintln!("stored {number}");
    }
}

#[tokio::test]
async fn what_was_answered_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guichet.db");
    for round in 0..ROUNDS {
        let said = write_until_killed(&path, 5 + 7 * round);
        let database = Database::open(&path).await.unwrap();
        let found = stored(&database).await;
        assert!(
            found >= said,
            "round {round}: {said} was answered, {found} is there"
        );
        database.close().await;
    }
}

/// The number of both windows, which are always saved together.
async fn stored(database: &Database) -> u32 {
    let windows = database.windows().await.unwrap();
    match windows.as_slice() {
        [] => 0,
        [a, b] if a.used.to_bits() == b.used.to_bits() => format!("{}", a.used).parse().unwrap(),
        other => panic!("half a transaction: {other:?}"),
    }
}

/// Starts a writer, kills it after it has said so many numbers, and returns the last one that it said.
fn write_until_killed(path: &Path, lines: usize) -> u32 {
    let mut writer = start(path);
    let mut said = BufReader::new(writer.stderr.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let number = |line: String| {
        line.strip_prefix("stored ")
            .and_then(|number| number.parse::<u32>().ok())
    };
    let mut last = said
        .by_ref()
        .filter_map(number)
        .nth(lines)
        .expect("a writer that writes");
    writer.kill().unwrap();
    writer.wait().unwrap();
    last = said.filter_map(number).last().unwrap_or(last);
    last
}

fn start(path: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "kill::writer", "--ignored", "--nocapture"])
        .env(DATABASE, path)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn window(budget: &str, number: u32) -> WindowRecord {
    WindowRecord {
        budget: budget.into(),
        window: "requests/day".into(),
        opened_at: Timestamp::UNIX_EPOCH,
        used: f64::from(number),
    }
}
