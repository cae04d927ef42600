//! Where usage records go while the server of the database is away, and how they come back.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::task::spawn_blocking;

use super::spool::{Spool, Waiting};
use crate::sql::Value;
use crate::{Database, StoreError};

/// Rows of one write.
const BATCH: usize = 512;

/// The file, off the runtime's threads.
pub(super) struct Aside {
    spool: Arc<Mutex<Spool>>,
    path: PathBuf,
    rows: Arc<AtomicU64>,
    /// Whether the log has told that the file is full.
    told_full: bool,
}

impl Aside {
    /// Opens the file; none where that is not possible, which the log says.
    pub(super) async fn open(path: &Path, most: u64) -> Option<Self> {
        let own = path.to_owned();
        let opened = spawn_blocking(move || Spool::open(&own, most)).await;
        match opened.map_err(io::Error::other).flatten() {
            Ok(spool) => {
                let rows = Arc::new(AtomicU64::new(spool.rows()));
                Some(Self {
                    spool: Arc::new(Mutex::new(spool)),
                    path: path.to_owned(),
                    rows,
                    told_full: false,
                })
            }
            Err(error) => {
                let path = path.display();
                tracing::warn!(%path, %error, "usage records cannot wait on disk: while the database is away they are lost");
                None
            }
        }
    }

    /// How many records wait, from now on.
    pub(super) fn counter(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.rows)
    }

    pub(super) fn has_some(&self) -> bool {
        self.rows.load(Ordering::Relaxed) > 0
    }

    /// Has these rows wait; says for how many there was no room.
    pub(super) async fn put(&mut self, rows: Vec<Vec<Value>>) -> u64 {
        let (first, all) = (!self.has_some(), rows.len() as u64);
        if all == 0 {
            return 0;
        }
        let put = self.with(move |spool| spool.append(&rows)).await;
        let path = self.path.display();
        let room = match put {
            Ok(room) => room as u64,
            Err(error) => {
                tracing::error!(%path, %error, "usage records could not be put aside");
                0
            }
        };
        if first && room > 0 {
            tracing::warn!(%path, "the database is away: usage records wait in a file until it is back");
        }
        if room < all && !self.told_full {
            tracing::error!(%path, "no room for more usage records that wait for the database (usage.spool): from now on they are lost");
            self.told_full = true;
        }
        all - room
    }

    /// Hands what waits to the database, as far as it takes it; says how many rows were lost. An error where it is away,
    /// with the same.
    pub(super) async fn hand_over(&mut self, to: &Database) -> Result<u64, u64> {
        let (mut lost, mut handed) = (0, 0);
        while self.has_some() {
            let Ok(waiting) = self.with(|spool| spool.oldest(BATCH)).await else {
                return Err(lost);
            };
            lost += waiting.damaged;
            match self.hand(&waiting, to).await {
                Ok(true) => handed += waiting.rows.len(),
                Ok(false) => lost += waiting.rows.len() as u64,
                Err(()) => return Err(lost - waiting.damaged),
            }
            if self
                .with(move |spool| spool.forget(&waiting))
                .await
                .is_err()
            {
                return Err(lost);
            }
        }
        if handed > 0 {
            self.told_full = false;
            tracing::info!(
                records = handed,
                "the database has taken the usage records that waited"
            );
        }
        Ok(lost)
    }

    /// Whether it took them, or never will; an error where it is away.
    async fn hand(&self, waiting: &Waiting, to: &Database) -> Result<bool, ()> {
        if waiting.rows.is_empty() {
            return Ok(true);
        }
        match to.add_usage(waiting.rows.clone()).await {
            Ok(()) => Ok(true),
            Err(StoreError::Away { .. }) => Err(()),
            Err(error) => {
                tracing::error!(%error, records = waiting.rows.len(), "usage could not be written");
                Ok(false)
            }
        }
    }

    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Spool) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let (spool, rows) = (Arc::clone(&self.spool), Arc::clone(&self.rows));
        let done = spawn_blocking(move || {
            let mut spool = spool.lock();
            let done = work(&mut spool);
            rows.store(spool.rows(), Ordering::Relaxed);
            done
        });
        done.await.map_err(io::Error::other)?
    }
}
