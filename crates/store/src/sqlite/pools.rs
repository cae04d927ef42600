//! Connections: one that writes, a few that read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqliteConnection, SqlitePool};

use super::{file, inspect, migrations};
use crate::{FolderLock, OpenProblem, StoreError};

/// How long a statement waits for another process's write lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Reads are rare (start, reload, kept answers); each connection costs a thread and its page cache.
const READERS: u32 = 2;
const READER_IDLE: Duration = Duration::from_mins(1);

/// `SQLite` has one writer at a time anyway: one connection queues in order instead of fighting for the lock.
#[derive(Debug)]
pub(crate) struct Pools {
    pub(crate) writer: SqlitePool,
    pub(crate) readers: SqlitePool,
    path: PathBuf,
}

impl Pools {
    /// Under the folder's lock, since `SQLite` itself guards neither the switch to WAL nor the first migration
    /// against a second process that starts at the same moment.
    pub(crate) async fn open(path: &Path) -> Result<Self, OpenProblem> {
        let folder = file::ensure_folder(path)?;
        let _lock = FolderLock::acquire(&folder).await?;
        file::ensure_file(path)?;
        inspect::inspect(&plain(path)).await?;
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(tuned(path))
            .await?;
        migrations::migrator()
            .run(&writer)
            .await
            .map_err(OpenProblem::Migration)?;
        let readers = SqlitePoolOptions::new()
            .min_connections(0)
            .max_connections(READERS)
            .test_before_acquire(false)
            .idle_timeout(READER_IDLE)
            .connect_lazy_with(tuned(path).pragma("query_only", "ON"));
        Ok(Self {
            writer,
            readers,
            path: path.to_owned(),
        })
    }

    /// A connection outside the pools, for one who must keep his own.
    pub(crate) async fn connect(&self) -> Result<SqliteConnection, StoreError> {
        Ok(tuned(&self.path)
            .pragma("query_only", "ON")
            .connect()
            .await?)
    }

    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

fn plain(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(BUSY_TIMEOUT)
}

/// WAL with `NORMAL`: a commit survives the death of the process; a power cut may take the last ones, never the file.
fn tuned(path: &Path) -> SqliteConnectOptions {
    plain(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
}
