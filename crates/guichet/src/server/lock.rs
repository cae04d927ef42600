//! One server at a time works on a data folder: two would each count quotas in memory, and so exceed them.
//!
//! Commands take no such lock. What they change (keys, credentials) the server takes over through the database.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use anyhow::{Context, bail};

const FILE_NAME: &str = "server.lock";

/// Held while the server runs. The operating system gives it back when the process ends, however it does.
#[derive(Debug)]
pub(super) struct ServerLock {
    _file: File,
}

impl ServerLock {
    /// Takes the lock of a data folder, which is made where it is missing.
    pub(super) fn take(data_dir: &Path) -> anyhow::Result<Self> {
        let shown = data_dir.display();
        make(data_dir).with_context(|| format!("the data folder {shown} cannot be made"))?;
        let file = open(&data_dir.join(FILE_NAME))
            .with_context(|| format!("the data folder {shown} cannot be written to"))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => bail!(
                "another server already works in {shown}; stop it, or give this one a folder of its own with --data-dir"
            ),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("the data folder {shown} cannot be locked"))
            }
        }
    }
}

fn make(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_server_is_told_who_is_in_its_way_until_the_first_has_gone() {
        let folder = tempfile::tempdir().unwrap();
        let first = ServerLock::take(folder.path()).unwrap();
        let second = ServerLock::take(folder.path()).unwrap_err();
        assert!(
            second
                .to_string()
                .contains("another server already works in")
        );
        drop(first);
        ServerLock::take(folder.path()).unwrap();
    }
}
