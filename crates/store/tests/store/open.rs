//! Which files are opened, which are refused, and that a refused one is left as it was.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use guichet_engine::store::Store;
use guichet_store::{Database, OpenProblem, StoreError};
use sqlx::{ConnectOptions, Connection};

/// Runs statements on the file behind the store's back.
async fn tamper(path: &Path, sql: &'static str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

async fn refused(path: &Path) -> OpenProblem {
    match Database::open(path).await {
        Err(StoreError::Open {
            problem,
            path: named,
        }) if named == path => problem,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_new_folder_and_file_belong_to_their_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/data/guichet.db");
    let database = Database::open(&path).await.unwrap();
    database
        .save_suspensions(Vec::new(), vec!["x".into()])
        .await
        .unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&path.with_extension("db-wal")), 0o600);
    assert_eq!(mode(&path.with_extension("db-shm")), 0o600);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guichet.db");
    let text = "these are my notes, not a database\n".repeat(200);
    fs::write(&path, &text).unwrap();
    assert!(matches!(refused(&path).await, OpenProblem::Damaged));
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn a_damaged_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guichet.db");
    Database::open(&path).await.unwrap().close().await;
    let mut bytes = fs::read(&path).unwrap();
    // The schema's page, behind the file's header of 100 bytes.
    bytes[100..4096].fill(0xff);
    fs::write(&path, &bytes).unwrap();
    assert!(matches!(refused(&path).await, OpenProblem::Damaged));
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[tokio::test]
async fn another_programs_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guichet.db");
    tamper(&path, "CREATE TABLE bookmark (url TEXT)").await;
    let before = fs::read(&path).unwrap();
    assert!(matches!(refused(&path).await, OpenProblem::Foreign));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn a_newer_database_is_refused_with_both_versions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guichet.db");
    Database::open(&path).await.unwrap().close().await;
    tamper(
        &path,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (4242, 'later', TRUE, x'00', 0)",
    )
    .await;
    let problem = refused(&path).await;
    assert!(
        matches!(
            problem,
            OpenProblem::Newer {
                found: 4242,
                known: 5
            }
        ),
        "{problem}"
    );
    assert!(problem.to_string().contains("newer Guichet"), "{problem}");
}

#[tokio::test]
async fn an_altered_schema_history_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guichet.db");
    Database::open(&path).await.unwrap().close().await;
    tamper(&path, "UPDATE _sqlx_migrations SET checksum = x'00'").await;
    assert!(matches!(refused(&path).await, OpenProblem::Migration(_)));
}

#[tokio::test]
async fn a_start_killed_before_the_first_migration_is_taken_up_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guichet.db");
    fs::write(&path, "").unwrap();
    Database::open(&path).await.unwrap().close().await;
    let path = folder.path().join("other.db");
    tamper(
        &path,
        "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
         installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, \
         checksum BLOB NOT NULL, execution_time BIGINT NOT NULL)",
    )
    .await;
    let database = Database::open(&path).await.unwrap();
    assert!(database.keys().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_may_open_a_new_file_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guichet.db");
    let opening: Vec<_> = (0..8)
        .map(|_| {
            let path = path.clone();
            tokio::spawn(async move { Database::open(&path).await.map(|_| ()) })
        })
        .collect();
    for open in opening {
        open.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Database::open(&file.join("guichet.db")).await.unwrap_err();
    assert!(matches!(
        error,
        StoreError::Open {
            problem: OpenProblem::File(_),
            ..
        }
    ));
    assert!(error.to_string().contains("file/guichet.db"), "{error}");
}
