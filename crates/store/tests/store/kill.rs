//! A real process, killed with SIGKILL in the middle of writing.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use guichet_engine::store::{Level, Store, WindowName, WindowRecord};
use guichet_store::{Database, UsageGroup, UsageWriter};
use jiff::Timestamp;

use crate::usage;

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
        let said = write_until_killed("kill::writer", &path, 5 + 7 * round);
        let database = Database::open(&path).await.unwrap();
        let found = stored(&database).await;
        assert!(
            found >= said,
            "round {round}: {said} was answered, {found} is there"
        );
        database.close().await;
    }
}

/// Not a test by itself. Like the one above, as the server does it: ahead of the table, with the table following now and
/// then.
#[tokio::test]
#[ignore = "started by the test below"]
async fn ahead_writer() {
    let Some(path) = env::var_os(DATABASE).map(PathBuf::from) else {
        return;
    };
    let database = Database::open(&path).await.unwrap();
    database.begin_writing_ahead().await.unwrap();
    let begin = stored(&database).await;
    let [a, b] = [(0, "a"), (1, "b")].map(|(number, budget)| {
        Arc::new(WindowName {
            number,
            budget: budget.into(),
            window: "requests/day".into(),
        })
    });
    for number in begin + 1.. {
        let levels = [&a, &b].map(|window| Level {
            window: Arc::clone(window),
            opened_at: Timestamp::UNIX_EPOCH,
            used: f64::from(number),
        });
        database.write_ahead(&levels).unwrap().unwrap();
        // At once: half a number would be another number.
        let said = format!("stored {number}\n");
        std::io::stderr().write_all(said.as_bytes()).unwrap();
        if number.is_multiple_of(5) {
            database.checkpoint().await.unwrap();
        }
    }
}

#[tokio::test]
async fn what_was_written_ahead_survives_a_kill_to_the_last_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guichet.db");
    for round in 0..ROUNDS {
        let said = write_until_killed("kill::ahead_writer", &path, 5 + 7 * round);
        let database = Database::open(&path).await.unwrap();
        let found = stored(&database).await;
        // It dies between two numbers: the next one may have been written and not said.
        assert!(
            found == said || found == said + 1,
            "round {round}: {said} was said, {found} is there"
        );
        database.close().await;
    }
}

/// Not a test by itself, like the one above. It says each number once everything up to it is flushed, and hands in
/// others meanwhile.
#[tokio::test]
#[ignore = "started by the test below"]
async fn usage_writer() {
    const UNFLUSHED: u64 = 7;
    let Some(path) = env::var_os(DATABASE).map(PathBuf::from) else {
        return;
    };
    let database = Database::open(&path).await.unwrap();
    let writer = UsageWriter::start(database.clone());
    let begin = recorded(&database).await;
    for number in begin + 1.. {
        writer.record(&usage::record(number));
        if number.is_multiple_of(UNFLUSHED) {
            writer.flush().await;
            eprintln!("stored {number}");
        }
    }
}

#[tokio::test]
async fn a_kill_takes_no_usage_but_what_was_not_written_yet() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guichet.db");
    for round in 0..ROUNDS {
        let said = write_until_killed("kill::usage_writer", &path, 2 + 3 * round);
        let database = Database::open(&path).await.unwrap();
        let found = recorded(&database).await;
        assert!(
            found >= u64::from(said),
            "round {round}: {said} was flushed, {found} is there"
        );
        database.close().await;
    }
}

/// How many records there are: those of the first numbers, without a gap.
async fn recorded(database: &Database) -> u64 {
    let totals = database.usage_totals(UsageGroup::Project, None).await;
    let Some(total) = totals.unwrap().pop() else {
        return 0;
    };
    let all = total.calls * (total.calls + 1) / 2;
    assert_eq!(total.input_tokens, all, "{} are there", total.calls);
    total.calls.try_into().unwrap()
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
fn write_until_killed(body: &str, path: &Path, lines: usize) -> u32 {
    let mut writer = start(body, path);
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

fn start(body: &str, path: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", body, "--ignored", "--nocapture"])
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
