//! The exchange of the master key, cut in three steps so that a crash between any two leaves what opens.
//!
//! 1. `master.key.next` is written. 2. Every data key is wrapped anew, in one transaction. 3. The next file takes the
//!    place of `master.key`. Until step 2 has committed the old file opens, from then on the next one does.

use guichet_engine::identity::CredentialId;
use guichet_store::{Database, Rewrap};

use crate::credentials::{ATTEMPTS, place};
use crate::key_file::KeyFile;
use crate::sealing::Master;
use crate::unlock::{self, PEPPER};
use crate::{Access, AccessError, MasterKey, MasterKeySource};

impl Access {
    /// Puts a new master key in the place of the one in use. The secrets stay sealed as they are; only their data keys
    /// are wrapped anew.
    ///
    /// A key kept in a file is exchanged there. One that was given must be kept by the operator *before* this call,
    /// and given at the next start.
    pub async fn rotate_master_key(&self, new: MasterKey) -> Result<(), AccessError> {
        let mut vault = self.shared.vault.lock().await;
        let _held = unlock::hold(&vault.source).await?;
        for _ in 0..ATTEMPTS {
            vault.master = unlock::unlock(&self.shared.database, &vault.source)
                .await?
                .master;
            let next = Master {
                key: new.clone(),
                version: vault.master.version + 1,
            };
            prepare(&vault.source, &new)?;
            if commit(&self.shared.database, &vault.master, &next).await? {
                vault.master = next;
                vault.source = finish(&vault.source, new)?;
                return Ok(());
            }
        }
        Err(AccessError::Contended)
    }
}

fn prepare(source: &MasterKeySource, new: &MasterKey) -> Result<(), AccessError> {
    match source {
        MasterKeySource::Given(_) => Ok(()),
        MasterKeySource::File(path) => KeyFile::new(path).write_next(new),
    }
}

/// False, with nothing done, if another process changed what was being wrapped.
async fn commit(database: &Database, old: &Master, next: &Master) -> Result<bool, AccessError> {
    let Some(vault) = database.vault().await? else {
        return Ok(false);
    };
    let records = database.credentials().await?;
    let current = vault.key_version == old.version
        && records
            .iter()
            .all(|record| record.key_version == old.version);
    if !current {
        return Ok(false);
    }
    let credentials: Result<Vec<(CredentialId, Vec<u8>)>, AccessError> = records
        .into_iter()
        .map(|record| {
            let data_key = old.rewrap(next, place(record.id.as_str()), &record.data_key)?;
            Ok((record.id, data_key))
        })
        .collect();
    let vault = old.rewrap(next, PEPPER, &vault.data_key)?;
    Ok(database
        .rewrap(&Rewrap {
            from_version: old.version,
            vault,
            credentials: credentials?,
        })
        .await?)
}

/// Where the key is from now on.
fn finish(source: &MasterKeySource, new: MasterKey) -> Result<MasterKeySource, AccessError> {
    match source {
        MasterKeySource::Given(_) => Ok(MasterKeySource::Given(new)),
        MasterKeySource::File(path) => {
            KeyFile::new(path).promote_next()?;
            Ok(source.clone())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use secrecy::{ExposeSecret, SecretString};
    use tempfile::TempDir;

    use super::*;

    /// An installation with a key and a credential, closed again.
    struct Installation {
        folder: TempDir,
        key: SecretString,
    }

    impl Installation {
        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let access = open(&folder).await.unwrap();
            let key = access.first_key().await.unwrap().unwrap().text;
            access
                .set_credential("nasa", "main", SecretString::from("planted-secret"))
                .await
                .unwrap();
            Self { folder, key }
        }

        fn file(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn source(&self) -> MasterKeySource {
            MasterKeySource::in_folder(self.folder.path())
        }

        async fn database(&self) -> Database {
            Database::open(&self.file("guichet.db")).await.unwrap()
        }

        /// Goes as far as the commit, like a process that is killed there.
        async fn rotate_until_commit(&self) -> MasterKey {
            let database = self.database().await;
            let old = unlock::unlock(&database, &self.source())
                .await
                .unwrap()
                .master;
            let new = MasterKey::generate().unwrap();
            prepare(&self.source(), &new).unwrap();
            let next = Master {
                key: new.clone(),
                version: old.version + 1,
            };
            assert!(commit(&database, &old, &next).await.unwrap());
            new
        }

        /// The key and the credential are as they were, and no unfinished file is left.
        async fn assert_intact(&self) {
            let access = open(&self.folder).await.unwrap();
            assert!(access.authenticate(self.key.expose_secret()).is_ok());
            assert_eq!(
                access.credentials()[0].secret.expose_secret(),
                "planted-secret"
            );
            assert!(!self.file("master.key.next").exists());
        }
    }

    async fn open(folder: &TempDir) -> Result<Access, AccessError> {
        let database = Database::open(&folder.path().join("guichet.db")).await?;
        Access::open(database, MasterKeySource::in_folder(folder.path())).await
    }

    #[tokio::test]
    async fn a_whole_rotation_changes_the_file_and_nothing_else() {
        let installation = Installation::new().await;
        let before = fs::read_to_string(installation.file("master.key")).unwrap();
        let access = open(&installation.folder).await.unwrap();
        access
            .rotate_master_key(MasterKey::generate().unwrap())
            .await
            .unwrap();
        access
            .rotate_master_key(MasterKey::generate().unwrap())
            .await
            .unwrap();
        access
            .set_credential("nasa", "second", SecretString::from("sealed-after"))
            .await
            .unwrap();
        assert_ne!(
            fs::read_to_string(installation.file("master.key")).unwrap(),
            before
        );
        installation.assert_intact().await;
    }

    #[tokio::test]
    async fn cut_while_the_next_file_is_written() {
        let installation = Installation::new().await;
        fs::write(installation.file("master.key.draft"), "half a k").unwrap();
        installation.assert_intact().await;
        let access = open(&installation.folder).await.unwrap();
        access
            .rotate_master_key(MasterKey::generate().unwrap())
            .await
            .unwrap();
        installation.assert_intact().await;
    }

    #[tokio::test]
    async fn cut_before_the_commit() {
        let installation = Installation::new().await;
        let before = fs::read_to_string(installation.file("master.key")).unwrap();
        prepare(&installation.source(), &MasterKey::generate().unwrap()).unwrap();
        installation.assert_intact().await;
        assert_eq!(
            fs::read_to_string(installation.file("master.key")).unwrap(),
            before
        );
    }

    #[tokio::test]
    async fn cut_after_the_commit() {
        let installation = Installation::new().await;
        let new = installation.rotate_until_commit().await;
        installation.assert_intact().await;
        let kept = fs::read_to_string(installation.file("master.key")).unwrap();
        assert_eq!(kept.trim(), new.to_text().expose_secret());
    }

    #[tokio::test]
    async fn cut_after_the_rename() {
        let installation = Installation::new().await;
        let new = installation.rotate_until_commit().await;
        finish(&installation.source(), new).unwrap();
        installation.assert_intact().await;
    }

    #[tokio::test]
    async fn a_running_process_follows_the_rotation_of_another() {
        let installation = Installation::new().await;
        let (server, command) = (
            open(&installation.folder).await.unwrap(),
            open(&installation.folder).await.unwrap(),
        );
        command
            .rotate_master_key(MasterKey::generate().unwrap())
            .await
            .unwrap();
        server.reload().await.unwrap();
        server
            .set_credential("nasa", "second", SecretString::from("sealed-anew"))
            .await
            .unwrap();
        command.reload().await.unwrap();
        assert_eq!(command.credentials().len(), 2);
        server
            .rotate_master_key(MasterKey::generate().unwrap())
            .await
            .unwrap();
        installation.assert_intact().await;
    }

    #[tokio::test]
    async fn two_rotations_at_once_both_succeed_one_after_the_other() {
        let installation = Installation::new().await;
        let (one, two) = (
            open(&installation.folder).await.unwrap(),
            open(&installation.folder).await.unwrap(),
        );
        let (first, second) = tokio::join!(
            one.rotate_master_key(MasterKey::generate().unwrap()),
            two.rotate_master_key(MasterKey::generate().unwrap()),
        );
        first.unwrap();
        second.unwrap();
        installation.assert_intact().await;
        assert_eq!(
            installation
                .database()
                .await
                .vault()
                .await
                .unwrap()
                .unwrap()
                .key_version,
            3
        );
    }

    #[tokio::test]
    async fn a_key_that_was_given_is_exchanged_in_the_database_alone() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("guichet.db"))
            .await
            .unwrap();
        let (old, new) = (
            MasterKey::generate().unwrap(),
            MasterKey::generate().unwrap(),
        );
        let access = Access::open(database.clone(), MasterKeySource::Given(old.clone()))
            .await
            .unwrap();
        let key = access.first_key().await.unwrap().unwrap().text;
        access.rotate_master_key(new.clone()).await.unwrap();
        access.rotate_master_key(new.clone()).await.unwrap();
        let refused = Access::open(database.clone(), MasterKeySource::Given(old)).await;
        assert!(matches!(refused, Err(AccessError::WrongMasterKey { .. })));
        let reopened = Access::open(database, MasterKeySource::Given(new))
            .await
            .unwrap();
        assert!(reopened.authenticate(key.expose_secret()).is_ok());
        assert!(!folder.path().join("master.key").exists());
    }
}
