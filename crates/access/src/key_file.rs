//! The master key's file, `master.key`, and its successor `master.key.next` while a rotation is under way.
//!
//! Every write goes to a third file first and is renamed into place, so that a key file is whole or not there.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use crate::{AccessError, MasterKey};

/// Callers hold the folder's lock over every sequence of these calls.
pub(crate) struct KeyFile {
    path: PathBuf,
}

impl KeyFile {
    pub(crate) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        }
    }

    /// The key in use, if there is a file.
    pub(crate) fn read(&self) -> Result<Option<MasterKey>, AccessError> {
        read(&self.path)
    }

    /// The key of a rotation that has not finished.
    pub(crate) fn read_next(&self) -> Result<Option<MasterKey>, AccessError> {
        read(&self.beside(".next"))
    }

    pub(crate) fn write(&self, key: &MasterKey) -> Result<(), AccessError> {
        self.write_to(&self.path, key)
    }

    pub(crate) fn write_next(&self, key: &MasterKey) -> Result<(), AccessError> {
        self.write_to(&self.beside(".next"), key)
    }

    /// Puts the next key in the place of the one in use.
    pub(crate) fn promote_next(&self) -> Result<(), AccessError> {
        let moved =
            fs::rename(self.beside(".next"), &self.path).and_then(|()| sync_folder(self.folder()));
        moved.map_err(failed(&self.path))
    }

    /// Forgets a next key that was never put to use.
    pub(crate) fn discard_next(&self) -> Result<(), AccessError> {
        let next = self.beside(".next");
        match fs::remove_file(&next) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&next)(error)),
            _ => Ok(()),
        }
    }

    fn write_to(&self, path: &Path, key: &MasterKey) -> Result<(), AccessError> {
        let draft = self.beside(".draft");
        let written = write_draft(&draft, key)
            .and_then(|()| fs::rename(&draft, path))
            .and_then(|()| sync_folder(self.folder()));
        written.map_err(failed(path))
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(suffix);
        name.into()
    }
}

fn read(path: &Path) -> Result<Option<MasterKey>, AccessError> {
    let text = match open_private(path) {
        Ok(file) => io::read_to_string(file?).map_err(failed(path))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(path)(error)),
    };
    let key = MasterKey::from_text(&SecretString::from(text));
    key.map(Some).map_err(|_| AccessError::KeyFileInvalid {
        path: path.to_owned(),
    })
}

/// Opens the file and looks at the mode of what was opened. The outer error is the operating system's.
fn open_private(path: &Path) -> io::Result<Result<File, AccessError>> {
    let file = File::open(path)?;
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata()?.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            return Ok(Err(AccessError::KeyFileExposed {
                path: path.to_owned(),
                mode,
            }));
        }
    }
    Ok(Ok(file))
}

fn write_draft(draft: &Path, key: &MasterKey) -> io::Result<()> {
    // A crash may have left one; a fresh file is sure to have the right mode.
    match fs::remove_file(draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(draft)?;
    file.write_all(key.to_text().expose_secret().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

/// A rename is durable once its folder is. Other systems than Unix do not open folders.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> AccessError {
    let path = path.to_owned();
    |source| AccessError::KeyFile { path, source }
}
