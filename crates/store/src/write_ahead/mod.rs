//! Levels of quota windows on the path of a call: appended to a file beside the database, one small write into the
//! system's memory each, and moved to the table in the background.
//!
//! It promises what the database promises: what was written survives `kill -9`; a power cut may take the last moments.
//! Levels are absolute, so that reading a file twice changes nothing. A file is removed when what stands in it stands in
//! the table; until then the one that follows it is written to. So whenever a process dies, table and files together
//! hold every level as it was written last. While the table cannot be written, files that have become many are put
//! together into one, which holds a level for each window: so they stay small however long that lasts.

mod frame;
mod segment;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use guichet_engine::store::{Level, StoreError as EngineError, WindowRecord};
use parking_lot::Mutex;
use tokio::task::spawn_blocking;

use self::frame::{End, Levels};
use self::segment::{Found, Segment};
use crate::{Database, FolderLock, OpenProblem, StoreError};

/// The files that this process writes.
#[derive(Debug)]
pub(crate) struct WriteAhead {
    database: PathBuf,
    current: Arc<Mutex<Current>>,
    /// Those that are complete and whose levels may not stand in the table yet, the oldest first.
    sealed: tokio::sync::Mutex<Vec<Segment>>,
}

/// Complete files, of a moment each, that may wait for the table.
const WAITING: usize = 8;

#[derive(Debug)]
struct Current {
    segment: Segment,
    number: u64,
    buffer: Vec<u8>,
}

impl WriteAhead {
    pub(crate) async fn create(database: &Path) -> Result<Self, StoreError> {
        let _lock = FolderLock::acquire(folder(database)).await?;
        let path = database.to_owned();
        let created = blocking(move || {
            let last = segment::list(&path)?.pop();
            let number = last.map_or(2, |(number, _)| number + 2);
            let segment = Segment::create(segment::path(&path, number))?;
            Ok((segment, number))
        });
        let (segment, number) = created.await.map_err(|error| failed(database, error))?;
        let current = Current {
            segment,
            number,
            buffer: Vec::new(),
        };
        Ok(Self {
            database: database.to_owned(),
            current: Arc::new(Mutex::new(current)),
            sealed: tokio::sync::Mutex::default(),
        })
    }

    /// Writes all levels or none. The system's memory takes them; no disk is waited for.
    pub(crate) fn append(&self, levels: &[Level]) -> Result<(), EngineError> {
        if levels.is_empty() {
            return Ok(());
        }
        let mut current = self.current.lock();
        let Current {
            segment, buffer, ..
        } = &mut *current;
        let appended = segment.append(levels, buffer);
        appended.map_err(|error| EngineError(format!("the write-ahead file: {error}")))
    }

    /// Leaves no file where nothing was written.
    pub(crate) fn close(&self) {
        let mut current = self.current.lock();
        if current.segment.is_empty()
            && let Err(error) = current.segment.discard()
        {
            tracing::warn!(%error, "an empty write-ahead file stays; the next start removes it");
        }
    }

    /// Moves what has been written to the table.
    pub(crate) async fn checkpoint(&self, to: &Database) -> Result<(), StoreError> {
        let mut sealed = self.sealed.lock().await;
        sealed.extend(self.seal().await?);
        if sealed.is_empty() {
            return Ok(());
        }
        let mut levels = Levels::new();
        sealed
            .iter()
            .for_each(|segment| levels.extend(segment.levels()));
        if let Err(error) = to.write_windows(records(levels)).await {
            if sealed.len() >= WAITING {
                self.put_together(&mut sealed).await?;
            }
            return Err(error);
        }
        self.remove(std::mem::take(&mut *sealed)).await
    }

    async fn remove(&self, done: Vec<Segment>) -> Result<(), StoreError> {
        let removed = blocking(move || done.into_iter().try_for_each(Segment::remove));
        removed.await.map_err(|error| failed(&self.database, error))
    }

    /// Puts one file in the place of all that are complete. It is read after them and before the one that is written.
    async fn put_together(&self, sealed: &mut Vec<Segment>) -> Result<(), StoreError> {
        let _lock = FolderLock::acquire(folder(&self.database)).await?;
        let number = self.current.lock().number - 1;
        let path = segment::path(&self.database, number);
        let levels: Vec<Level> = segment::latest(sealed);
        let made = blocking(move || {
            let mut together = Segment::create(path)?;
            together.append(&levels, &mut Vec::new())?;
            Ok(together)
        });
        let together = made.await.map_err(|error| failed(&self.database, error))?;
        self.remove(std::mem::replace(sealed, vec![together])).await
    }

    /// Goes on in a new file; the one before, where anything stands in it.
    async fn seal(&self) -> Result<Option<Segment>, StoreError> {
        if self.current.lock().segment.is_empty() {
            return Ok(None);
        }
        // Nobody may take the new file for a dead process's before it is locked.
        let _lock = FolderLock::acquire(folder(&self.database)).await?;
        let current = Arc::clone(&self.current);
        let database = self.database.clone();
        let sealed = blocking(move || {
            // A number is left free for the one that may stand for all before.
            let number = current.lock().number + 2;
            let next = Segment::create(segment::path(&database, number))?;
            let mut current = current.lock();
            current.number = number;
            Ok(std::mem::replace(&mut current.segment, next))
        });
        let sealed = sealed
            .await
            .map_err(|error| failed(&self.database, error))?;
        Ok(Some(sealed))
    }
}

/// Moves what processes that are gone have left to the table; returns what stands in files of those that live.
pub(crate) async fn take_over(database: &Database, path: &Path) -> Result<Levels, StoreError> {
    let _lock = FolderLock::acquire(folder(path)).await?;
    let listed = path.to_owned();
    let found = blocking(move || {
        let paths = segment::list(&listed)?.into_iter();
        paths
            .map(|(_, path)| Found::open(path))
            .collect::<std::io::Result<Vec<Found>>>()
    });
    let found = found.await.map_err(|error| failed(path, error))?;
    let (mut left, mut living) = (Levels::new(), Levels::new());
    let mut orphans = Vec::new();
    for file in found {
        if file.orphan.is_none() {
            living.extend(file.levels);
            continue;
        }
        told(&file);
        left.extend(file.levels.clone());
        orphans.push(file);
    }
    database.write_windows(records(left)).await?;
    let disposed = blocking(move || orphans.into_iter().try_for_each(Found::dispose));
    disposed.await.map_err(|error| failed(path, error))?;
    Ok(living)
}

fn told(file: &Found) {
    let path = file.path.display();
    match file.end {
        End::Whole => {}
        End::Torn => {
            tracing::info!(%path, "the last record of the write-ahead file was cut off; nobody relied on it");
        }
        End::Damaged(at) => {
            tracing::error!(%path, at, "the write-ahead file is damaged: what it says of quotas after this byte is lost; it is kept as .damaged");
        }
        End::Foreign => {
            tracing::error!(%path, "the write-ahead file is none that this version can read; it is kept as .damaged");
        }
    }
}

/// The levels as the table has them.
pub(crate) fn records(levels: Levels) -> Vec<WindowRecord> {
    let levels = levels.into_iter();
    levels
        .map(|((budget, window), (opened_at, used))| WindowRecord {
            budget,
            window,
            opened_at,
            used,
        })
        .collect()
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> std::io::Result<T> {
    spawn_blocking(work).await.map_err(std::io::Error::other)?
}

fn folder(database: &Path) -> &Path {
    match database.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn failed(database: &Path, error: std::io::Error) -> StoreError {
    if error.kind() == std::io::ErrorKind::StorageFull {
        return StoreError::Full;
    }
    StoreError::Open {
        path: database.to_owned(),
        problem: OpenProblem::File(error),
    }
}
