//! The handle to the database. What can be asked of it is in the module of each topic.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use sqlx::{Sqlite, SqlitePool, Transaction};

use crate::StoreError;
use crate::engine_state::Sweep;
use crate::sqlite::Pools;
use crate::write_ahead::WriteAhead;

/// Durable state. Clones are cheap and share the connections.
#[derive(Debug, Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    pools: Pools,
    sweep: Sweep,
    path: PathBuf,
    ahead: OnceLock<WriteAhead>,
}

impl Database {
    /// Opens the database file, made (mode 0600, in a folder of mode 0700) and brought up to date where needed.
    ///
    /// A file that is damaged, of another program or written by a newer version is refused and left as it is.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let pools = Pools::open(path)
            .await
            .map_err(|problem| StoreError::Open {
                path: path.to_owned(),
                problem,
            })?;
        Ok(Self {
            inner: Arc::new(Inner {
                pools,
                sweep: Sweep::default(),
                path: path.to_owned(),
                ahead: OnceLock::new(),
            }),
        })
    }

    /// From now on levels of quota windows are written to a file beside the database first, which a call can wait for.
    /// For the one process that counts them, the server; levels that others save meanwhile it overwrites.
    pub async fn begin_writing_ahead(&self) -> Result<(), StoreError> {
        if self.inner.ahead.get().is_none() {
            let ahead = WriteAhead::create(&self.inner.path).await?;
            // Whoever else began at the same moment writes as well as this one.
            let _other = self.inner.ahead.set(ahead);
        }
        Ok(())
    }

    /// Waits for running statements and closes the connections; later calls fail.
    pub async fn close(&self) {
        if let Some(ahead) = self.ahead() {
            ahead.close();
        }
        self.inner.pools.close().await;
    }

    pub(crate) fn pools(&self) -> &Pools {
        &self.inner.pools
    }

    pub(crate) fn sweep(&self) -> &Sweep {
        &self.inner.sweep
    }

    pub(crate) fn path(&self) -> &Path {
        &self.inner.path
    }

    pub(crate) fn ahead(&self) -> Option<&WriteAhead> {
        self.inner.ahead.get()
    }

    /// Where single reads go; they see every commit that came before them.
    pub(crate) fn reader(&self) -> &SqlitePool {
        &self.inner.pools.readers
    }

    /// A write transaction. It holds the write lock from its first moment, so that what it reads cannot change
    /// before it writes; dropped, it rolls back.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self
            .inner
            .pools
            .writer
            .begin_with("BEGIN IMMEDIATE")
            .await?)
    }
}
