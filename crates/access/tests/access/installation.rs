//! A data folder, opened as often as a story has processes.

use std::path::PathBuf;

use guichet_access::{Access, AccessError, MasterKeySource};
use guichet_store::Database;
use tempfile::TempDir;

pub(crate) struct Installation {
    folder: TempDir,
}

impl Installation {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) async fn database(&self) -> Database {
        Database::open(&self.path("guichet.db")).await.unwrap()
    }

    /// Another process: nothing is shared with earlier ones but the folder.
    pub(crate) async fn start(&self) -> Result<Access, AccessError> {
        Access::open(
            self.database().await,
            MasterKeySource::in_folder(self.folder.path()),
        )
        .await
    }
}
