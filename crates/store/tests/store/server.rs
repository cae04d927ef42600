//! The store on a real server: the same stories, and what becomes of it when the server is not there.

use std::sync::Arc;
use std::time::Duration;

use guichet_engine::identity::{OrganizationId, ProjectId};
use guichet_engine::store::{Level, Store, WindowName};
use guichet_servers::Postgres;
use guichet_store::{
    Database, OpenProblem, ProjectRecord, SPOOL, StoreError, UsageGroup, UsageWriter,
};
use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use crate::{engine, records, usage};

/// More than the store's own patience, on a machine with much else to do.
const SOON: Duration = Duration::from_secs(10);

async fn connect(url: &str) -> Result<Database, StoreError> {
    let folder = tempfile::tempdir().unwrap();
    Database::connect(&url.parse().unwrap(), folder.path()).await
}

/// In one test, since a server costs a second to set up.
#[tokio::test]
async fn the_stories_of_files_hold_on_a_server() {
    let server = Postgres::start();
    engine::over_a_server(&server).await;
    records::over_a_server(&server).await;
    usage::over_a_server(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_may_set_up_a_new_database_at_once_and_each_sees_what_the_others_change() {
    let server = Postgres::start();
    let url = server.database();
    let opening: Vec<_> = (0..4)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move { connect(&url).await.unwrap() })
        })
        .collect();
    let mut replicas = Vec::new();
    for one in opening {
        replicas.push(one.await.unwrap());
    }
    let mut changes = replicas[1].access_changes().await.unwrap();
    assert!(changes.changed().await.unwrap(), "the first answer is yes");
    assert!(!changes.changed().await.unwrap());
    let project = ProjectRecord {
        id: ProjectId::new("project"),
        organization: OrganizationId::new("owner"),
        name: "Project".into(),
        created_at: Timestamp::UNIX_EPOCH,
    };
    replicas[0].ensure_project(&project, "Owner").await.unwrap();
    assert!(changes.changed().await.unwrap());
    assert!(!changes.changed().await.unwrap());
    assert_eq!(replicas[1].projects().await.unwrap(), [project]);
}

#[tokio::test]
async fn a_newer_database_is_refused_with_both_versions() {
    let server = Postgres::start();
    let url = server.database();
    connect(&url).await.unwrap().close().await;
    let name = url.rsplit_once('/').unwrap().1;
    server.sql(
        name,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (4242, 'later', TRUE, '', 0)",
    );
    let refused = connect(&url).await.unwrap_err();
    let text = refused.to_string();
    assert!(text.contains("newer Guichet (schema 4242"), "{text}");
    assert!(!text.contains("password"), "{text}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_at_the_start_without_its_password() {
    let mut server = Postgres::start();
    let url = server.database();
    server.stop();
    let began = Instant::now();
    let error = connect(&url).await.unwrap_err();
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    let StoreError::Connect { database, problem } = &error else {
        panic!("{error:?}");
    };
    assert!(matches!(problem, OpenProblem::Unreachable(_)), "{problem}");
    assert!(database.starts_with("postgres://guichet@127.0.0.1:"));
    assert!(!format!("{error} {error:?}").contains("a-password"));
}

#[tokio::test]
async fn a_server_that_stops_is_away_at_once_and_back_when_it_is_back() {
    let mut server = Postgres::start();
    let database = connect(&server.database()).await.unwrap();
    for kill in [false, true] {
        if kill {
            server.kill();
        } else {
            server.stop();
        }
        for _ in 0..3 {
            let began = Instant::now();
            let error = database.suspensions().await.unwrap_err();
            assert!(error.to_string().contains("cannot be reached"), "{error}");
            assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
        }
        server.resume_from_stop();
        back(&database).await;
    }
}

#[tokio::test]
async fn a_server_that_stands_still_holds_up_one_call_and_no_other() {
    let server = Postgres::start();
    let database = connect(&server.database()).await.unwrap();
    database.suspensions().await.unwrap();
    server.pause();
    let first = Instant::now();
    assert!(database.suspensions().await.is_err());
    assert!(first.elapsed() < SOON, "{:?}", first.elapsed());
    let others = Instant::now();
    for _ in 0..20 {
        assert!(database.suspensions().await.is_err());
    }
    assert!(
        others.elapsed() < Duration::from_millis(400),
        "{:?}",
        others.elapsed()
    );
    server.go_on();
    back(&database).await;
}

/// A writer of usage that was written while its server was there, with the folder in which records wait.
async fn spooling(url: &str, folder: &std::path::Path, most: u64) -> (Database, UsageWriter) {
    let database = Database::connect(&url.parse().unwrap(), folder)
        .await
        .unwrap();
    let writer = UsageWriter::start_spooling(database.clone(), most).await;
    writer.record(&usage::record(1));
    writer.flush().await;
    (database, writer)
}

async fn calls(database: &Database) -> i64 {
    let totals = database.usage_totals(UsageGroup::Project, None).await;
    totals.unwrap().iter().map(|total| total.calls).sum()
}

async fn until_written(database: &Database, writer: &UsageWriter, expected: i64) {
    let began = Instant::now();
    while writer.waiting() > 0 {
        assert!(began.elapsed() < SOON, "{} wait", writer.waiting());
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(calls(database).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_waits_on_disk_while_the_server_is_away_and_is_written_once_when_it_is_back() {
    let mut server = Postgres::start();
    let folder = tempfile::tempdir().unwrap();
    let (database, writer) = spooling(&server.database(), folder.path(), SPOOL).await;
    let mut expected = 1;
    for stops in [true, false] {
        if stops {
            server.stop();
        } else {
            server.pause();
        }
        for _ in 0..1_500 {
            writer.record(&usage::record(2));
        }
        writer.flush().await;
        expected += 1_500;
        assert_eq!((writer.waiting(), writer.lost()), (1_500, 0));
        if stops {
            server.resume_from_stop();
        } else {
            server.go_on();
        }
        // A statement that stood still with its server may have been made or not, and its answer was not awaited.
        until_written(&database, &writer, expected).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_that_waits_outlives_the_process() {
    let mut server = Postgres::start();
    let (url, folder) = (server.database(), tempfile::tempdir().unwrap());
    let (database, writer) = spooling(&url, folder.path(), SPOOL).await;
    server.stop();
    for _ in 0..20 {
        writer.record(&usage::record(2));
    }
    writer.flush().await;
    drop(writer);
    database.close().await;
    drop(database);
    // The writer's task ends, and with it its hold on the file.
    sleep(Duration::from_millis(300)).await;
    server.resume_from_stop();
    let (database, writer) = spooling(&url, folder.path(), SPOOL).await;
    until_written(&database, &writer, 22).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_that_finds_no_room_on_disk_is_counted() {
    let mut server = Postgres::start();
    let folder = tempfile::tempdir().unwrap();
    let (database, writer) = spooling(&server.database(), folder.path(), 4_096).await;
    server.stop();
    for _ in 0..100 {
        writer.record(&usage::record(2));
    }
    writer.flush().await;
    assert!(0 < writer.waiting() && writer.waiting() < 100);
    assert_eq!(writer.waiting() + writer.lost(), 100);
    let kept = i64::try_from(writer.waiting()).unwrap();
    server.resume_from_stop();
    until_written(&database, &writer, 1 + kept).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn levels_that_wait_for_a_server_take_little_room() {
    let mut server = Postgres::start();
    let (url, folder) = (server.database(), tempfile::tempdir().unwrap());
    let database = Database::connect(&url.parse().unwrap(), folder.path())
        .await
        .unwrap();
    database.begin_writing_ahead().await.unwrap();
    server.stop();
    let level = |number: u32, used: f64| Level {
        window: Arc::new(WindowName {
            number,
            budget: format!("budget {number}").into(),
            window: "requests/day".into(),
        }),
        opened_at: Timestamp::UNIX_EPOCH,
        used,
    };
    for round in 0..60 {
        let levels = [
            level(round % 3, f64::from(round)),
            level(3, f64::from(round)),
        ];
        database.write_ahead(&levels).unwrap().unwrap();
        assert!(database.checkpoint().await.is_err());
        let files = std::fs::read_dir(folder.path()).unwrap();
        assert!(files.count() < 16, "in round {round}");
    }
    server.resume_from_stop();
    back(&database).await;
    database.checkpoint().await.unwrap();
    let mut used: Vec<f64> = database
        .windows()
        .await
        .unwrap()
        .iter()
        .map(|window| window.used)
        .collect();
    used.sort_by(f64::total_cmp);
    assert_eq!(used, [57.0, 58.0, 59.0, 59.0]);
}

async fn back(database: &Database) {
    let began = Instant::now();
    while let Err(error) = database.suspensions().await {
        assert!(began.elapsed() < SOON, "{error}");
        sleep(Duration::from_millis(50)).await;
    }
}
