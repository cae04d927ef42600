use std::fs;
use std::path::Path;
use std::sync::Arc;

use guichet_engine::store::{Level, Store, WindowName};
use jiff::Timestamp;
use proptest::prelude::*;

use super::frame::{self, End, HEAD, Levels};
use super::records;
use crate::Database;

/// A level of the window of this number.
fn level((number, second, used): (u32, i64, f64)) -> Level {
    Level {
        window: Arc::new(WindowName {
            number,
            budget: format!("budget {number}").into(),
            window: "requests/day".into(),
        }),
        opened_at: Timestamp::new(second, 123_000_000).unwrap(),
        used,
    }
}

/// What is written at once, several times.
fn batches() -> impl Strategy<Value = Vec<Vec<Level>>> {
    let one = (0_u32..4, 0_i64..2_000_000_000, 0.0_f64..1e6).prop_map(level);
    prop::collection::vec(prop::collection::vec(one, 1..5), 1..12)
}

fn take(levels: &mut Levels, batch: &[Level]) {
    let taken = batch
        .iter()
        .map(|level| (frame::key(&level.window), (level.opened_at, level.used)));
    levels.extend(taken);
}

/// A file, and what it means up to each of its records' ends.
fn file(batches: &[Vec<Level>]) -> (Vec<u8>, Vec<(usize, Levels)>) {
    let (mut bytes, mut levels) = (HEAD.to_vec(), Levels::new());
    let mut ends = vec![(bytes.len(), levels.clone())];
    let mut named = Vec::new();
    for batch in batches {
        let mut frame = Vec::new();
        frame::write(batch, |number| named.contains(&number), &mut frame);
        bytes.extend(frame);
        named.extend(batch.iter().map(|level| level.window.number));
        take(&mut levels, batch);
        ends.push((bytes.len(), levels.clone()));
    }
    (bytes, ends)
}

/// What a file means that is sound as far as `at`.
fn as_of(ends: &[(usize, Levels)], at: usize) -> Levels {
    let before = ends.iter().rev().find(|(end, _)| *end <= at);
    before.map(|(_, levels)| levels.clone()).unwrap_or_default()
}

proptest! {
    #[test]
    fn cut_off_at_any_byte_a_file_says_what_was_written_whole_before(batches in batches()) {
        let (bytes, ends) = file(&batches);
        for cut in 0..=bytes.len() {
            let (levels, end) = frame::read(&bytes[..cut]);
            prop_assert_eq!(levels, as_of(&ends, cut), "cut at {}", cut);
            let whole = ends.iter().any(|(end, _)| *end == cut);
            prop_assert_eq!(end, if whole { End::Whole } else { End::Torn }, "cut at {}", cut);
        }
    }

    #[test]
    fn a_damaged_byte_is_noticed_and_nothing_behind_it_is_believed(
        batches in batches(),
        place in any::<prop::sample::Index>(),
        wrong in 1_u8..,
    ) {
        let (mut bytes, ends) = file(&batches);
        let place = place.index(bytes.len());
        bytes[place] ^= wrong;
        let (levels, end) = frame::read(&bytes);
        prop_assert_ne!(end, End::Whole);
        prop_assert_eq!(levels, as_of(&ends, place));
    }
}

/// What a process finds that starts after this one was killed now.
async fn found_after_a_kill(folder: &Path) -> Levels {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let database = Database::open(&copy.path().join("guichet.db"))
        .await
        .unwrap();
    let first = levels(&database).await;
    assert_eq!(first, levels(&database).await, "reading changes nothing");
    assert_eq!(
        files(copy.path()),
        0,
        "what the dead one left is taken over"
    );
    database.close().await;
    first
}

async fn levels(database: &Database) -> Levels {
    let windows = database.windows().await.unwrap().into_iter();
    windows
        .map(|window| {
            (
                (window.budget, window.window),
                (window.opened_at, window.used),
            )
        })
        .collect()
}

fn files(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name());
    names
        .filter(|name| name.to_string_lossy().contains("-ahead-"))
        .count()
}

fn some_batches() -> Vec<Vec<Level>> {
    let batch = |round: u32| {
        let used = f64::from(round);
        vec![
            level((round % 3, i64::from(round), used)),
            level((round % 5, i64::from(round), used + 0.5)),
        ]
    };
    (0..40).map(batch).collect()
}

#[tokio::test]
async fn a_kill_at_any_step_of_a_checkpoint_loses_nothing_and_counts_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&folder.path().join("guichet.db"))
        .await
        .unwrap();
    database.begin_writing_ahead().await.unwrap();
    let ahead = database.ahead().unwrap();
    let mut expected = Levels::new();
    for (round, batch) in some_batches().into_iter().enumerate() {
        ahead.append(&batch).unwrap();
        take(&mut expected, &batch);
        if round % 8 == 0 {
            let sealed = ahead.seal().await.unwrap().unwrap();
            assert_eq!(found_after_a_kill(folder.path()).await, expected);
            let later = vec![level((0, 9, 9.0)), level((7, 7, f64::from(7)))];
            ahead.append(&later).unwrap();
            take(&mut expected, &later);
            let written = records(sealed.levels());
            ahead.sealed.lock().await.push(sealed);
            assert_eq!(found_after_a_kill(folder.path()).await, expected);
            database.write_windows(written).await.unwrap();
        } else if round % 8 == 3 {
            ahead.checkpoint(&database).await.unwrap();
            assert_eq!(files(folder.path()), 1, "only the new one is left");
        }
        assert_eq!(
            found_after_a_kill(folder.path()).await,
            expected,
            "round {round}"
        );
    }
}

#[tokio::test]
async fn another_process_sees_what_the_living_one_wrote_and_leaves_its_files_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guichet.db");
    let server = Database::open(&path).await.unwrap();
    server.begin_writing_ahead().await.unwrap();
    let mut expected = Levels::new();
    for batch in some_batches() {
        assert!(server.write_ahead(&batch).unwrap().is_ok());
        take(&mut expected, &batch);
    }
    let command = Database::open(&path).await.unwrap();
    assert!(command.write_ahead(&[]).is_none(), "only a server does");
    assert_eq!(levels(&command).await, expected);
    assert_eq!(files(folder.path()), 1);
    server.checkpoint().await.unwrap();
    server.close().await;
    assert_eq!(files(folder.path()), 0, "a good end leaves nothing");
    assert_eq!(levels(&command).await, expected);
}

#[tokio::test]
async fn a_damaged_file_is_put_aside_and_what_stood_before_the_damage_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guichet.db");
    let (mut bytes, ends) = file(&some_batches());
    let (at, sound) = &ends[ends.len() / 2];
    bytes[*at + 9] ^= 0x55;
    fs::write(folder.path().join("guichet.db-ahead-4"), &bytes).unwrap();
    fs::write(folder.path().join("guichet.db-ahead-5"), "something else").unwrap();
    let database = Database::open(&path).await.unwrap();
    assert_eq!(levels(&database).await, *sound);
    for number in [4, 5] {
        let aside = format!("guichet.db-ahead-{number}.damaged");
        assert!(folder.path().join(aside).exists(), "{number}");
    }
    database.begin_writing_ahead().await.unwrap();
    assert_eq!(levels(&database).await, *sound);
}
