//! The handle to the database. What can be asked of it is in the module of each topic.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::engine_state::Sweep;
use crate::postgres::{DatabaseUrl, Server};
use crate::sqlite::{Pools, ensure_folder};
use crate::write_ahead::WriteAhead;
use crate::{OpenProblem, StoreError};

/// Durable state. Clones are cheap and share the connections.
#[derive(Debug, Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    engine: Engine,
    sweep: Sweep,
    /// The file that it is, or what the files are called that stand in for the server.
    path: PathBuf,
    ahead: OnceLock<WriteAhead>,
}

/// What holds the tables.
#[derive(Debug)]
pub(crate) enum Engine {
    Sqlite(Pools),
    Postgres(Arc<Server>),
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
        Ok(Self::of(Engine::Sqlite(pools), path))
    }

    /// Opens the database on a server, brought up to date where needed.
    ///
    /// A server that cannot be reached, and a database that a newer version has written, are errors here; one that goes
    /// away later is tried again with each call. What waits for it to be back is written to `folder`,
    /// which is made where it is missing.
    pub async fn connect(url: &DatabaseUrl, folder: &Path) -> Result<Self, StoreError> {
        let failed = |problem: OpenProblem| StoreError::Connect {
            database: url.to_string(),
            problem,
        };
        let path = folder.join("postgres");
        ensure_folder(&path).map_err(|error| failed(error.into()))?;
        let server = Server::open(url).await.map_err(failed)?;
        Ok(Self::of(Engine::Postgres(Arc::new(server)), &path))
    }

    fn of(engine: Engine, path: &Path) -> Self {
        Self {
            inner: Arc::new(Inner {
                engine,
                sweep: Sweep::default(),
                path: path.to_owned(),
                ahead: OnceLock::new(),
            }),
        }
    }

    /// Whether the server answered when it was last asked; none where there is no server.
    #[must_use]
    pub fn server_answers(&self) -> Option<bool> {
        match self.engine() {
            Engine::Sqlite(_) => None,
            Engine::Postgres(server) => Some(server.is_there()),
        }
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
        match self.engine() {
            Engine::Sqlite(pools) => pools.close().await,
            Engine::Postgres(server) => server.close().await,
        }
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.inner.engine
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
}
