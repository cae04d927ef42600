//! One write-ahead file: made, locked, appended to, read, removed. Blocking, and quick.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use guichet_engine::store::Level;

use super::frame::{self, End, HEAD, Levels};

/// A file that this process writes. It is locked as long as it is open, so that nobody takes it for a dead process's.
#[derive(Debug)]
pub(super) struct Segment {
    file: File,
    path: PathBuf,
    /// Of all frames that were written as a whole.
    length: u64,
    /// Whether half a frame may stand at its end, which could not be removed.
    broken: bool,
    /// The latest level of each window by its number.
    latest: Vec<Option<Level>>,
}

impl Segment {
    pub(super) fn create(path: PathBuf) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.append(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path)?;
        file.lock()?;
        file.write_all(HEAD)?;
        Ok(Self {
            file,
            path,
            length: HEAD.len() as u64,
            broken: false,
            latest: Vec::new(),
        })
    }

    /// Whether nothing stands in it.
    pub(super) fn is_empty(&self) -> bool {
        self.latest.is_empty()
    }

    /// Writes all levels or none. `buffer` is memory that is used again and again.
    pub(super) fn append(&mut self, levels: &[Level], buffer: &mut Vec<u8>) -> io::Result<()> {
        if self.broken {
            return Err(io::Error::other("half a record stands at its end"));
        }
        let latest = &self.latest;
        let is_named = |number: u32| matches!(latest.get(number as usize), Some(Some(_)));
        frame::write(levels, is_named, buffer);
        if let Err(error) = self.file.write_all(buffer) {
            self.broken = self.file.set_len(self.length).is_err();
            return Err(error);
        }
        self.length += buffer.len() as u64;
        for level in levels {
            let place = level.window.number as usize;
            if self.latest.len() <= place {
                self.latest.resize(place + 1, None);
            }
            self.latest[place] = Some(level.clone());
        }
        Ok(())
    }

    /// What stands in it.
    pub(super) fn levels(&self) -> Levels {
        self.appended()
            .map(|level| (frame::key(&level.window), (level.opened_at, level.used)))
            .collect()
    }

    /// The latest levels, as they were appended.
    fn appended(&self) -> impl Iterator<Item = &Level> {
        self.latest.iter().flatten()
    }

    /// Removes it while it is open: nothing can be written from here on.
    pub(super) fn discard(&mut self) -> io::Result<()> {
        self.broken = true;
        fs::remove_file(&self.path)
    }

    pub(super) fn remove(self) -> io::Result<()> {
        fs::remove_file(self.path)
    }
}

/// The latest level of each window in any of these, the oldest first.
pub(super) fn latest(segments: &[Segment]) -> Vec<Level> {
    let mut latest: BTreeMap<u32, Level> = BTreeMap::new();
    for level in segments.iter().flat_map(Segment::appended) {
        latest.insert(level.window.number, level.clone());
    }
    latest.into_values().collect()
}

/// A file that was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) levels: Levels,
    pub(super) end: End,
    /// The lock of one whose writer is gone; none as long as it lives.
    pub(super) orphan: Option<File>,
}

impl Found {
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(&path)?;
        let gone = match file.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Error(error)) => return Err(error),
        };
        let (levels, end) = frame::read(&fs::read(&path)?);
        Ok(Self {
            path,
            levels,
            end,
            orphan: gone.then_some(file),
        })
    }

    /// Removes the file, or puts it aside where not everything in it was read.
    pub(super) fn dispose(self) -> io::Result<()> {
        match self.end {
            End::Whole | End::Torn => fs::remove_file(self.path),
            End::Damaged(_) | End::Foreign => {
                let mut aside = self.path.clone().into_os_string();
                aside.push(".damaged");
                fs::rename(self.path, aside)
            }
        }
    }
}

/// The files beside a database by their numbers, the oldest first.
pub(super) fn list(database: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let (Some(folder), Some(prefix)) = (database.parent(), prefix(database)) else {
        return Ok(Vec::new());
    };
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(&prefix));
        if let Some(number) = number.and_then(|number| number.parse().ok()) {
            found.push((number, entry.path()));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// The path of the file of this number.
pub(super) fn path(database: &Path, number: u64) -> PathBuf {
    let name = prefix(database).unwrap_or_default();
    database.with_file_name(format!("{name}{number}"))
}

fn prefix(database: &Path) -> Option<String> {
    let name = database.file_name()?.to_str()?;
    Some(format!("{name}-ahead-"))
}
