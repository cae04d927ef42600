//! Finds the master key that opens this installation's vault, or makes both on the very first start.
//!
//! A rotation writes `master.key.next`, then commits, then renames. Wherever it was cut, one of the two files opens.

use guichet_store::{Database, FolderLock, VaultRecord};

use crate::key_file::KeyFile;
use crate::keyring::Pepper;
use crate::sealing::{Master, Place};
use crate::{AccessError, MasterKey, MasterKeySource, random};

pub(crate) const PEPPER: Place<'static> = Place {
    table: "vault",
    row: "1",
    column: "pepper",
};
const FIRST_VERSION: i64 = 1;

/// An opened vault.
pub(crate) struct Unlocked {
    pub(crate) master: Master,
    pub(crate) pepper: Pepper,
}

/// Holds the folder of a key file; nothing to hold for a key that was given.
pub(crate) async fn hold(source: &MasterKeySource) -> Result<Option<FolderLock>, AccessError> {
    match source {
        MasterKeySource::Given(_) => Ok(None),
        MasterKeySource::File(path) => Ok(Some(
            FolderLock::acquire(KeyFile::new(path).folder()).await?,
        )),
    }
}

/// Opens the vault. The caller holds the source.
pub(crate) async fn unlock(
    database: &Database,
    source: &MasterKeySource,
) -> Result<Unlocked, AccessError> {
    let vault = match database.vault().await? {
        Some(vault) => vault,
        None => first_vault(database, source).await?,
    };
    match source {
        MasterKeySource::Given(key) => {
            open(&vault, key).ok_or_else(|| AccessError::WrongMasterKey {
                origin: "that was given".into(),
            })
        }
        MasterKeySource::File(path) => open_with_file(&vault, &KeyFile::new(path)),
    }
}

fn open_with_file(vault: &VaultRecord, file: &KeyFile) -> Result<Unlocked, AccessError> {
    let current = file.read()?;
    if let Some(unlocked) = current.as_ref().and_then(|key| open(vault, key)) {
        // A rotation that was cut before its commit.
        file.discard_next()?;
        return Ok(unlocked);
    }
    if let Some(unlocked) = file.read_next()?.and_then(|key| open(vault, &key)) {
        // A rotation that was cut after its commit.
        file.promote_next()?;
        return Ok(unlocked);
    }
    let path = file.path();
    Err(match current {
        None => AccessError::MasterKeyMissing {
            path: path.to_owned(),
        },
        Some(_) => AccessError::WrongMasterKey {
            origin: format!("in {}", path.display()),
        },
    })
}

/// Only a database without a vault gets a new master key.
async fn first_vault(
    database: &Database,
    source: &MasterKeySource,
) -> Result<VaultRecord, AccessError> {
    let key = match source {
        MasterKeySource::Given(key) => key.clone(),
        MasterKeySource::File(path) => first_key_file(&KeyFile::new(path))?,
    };
    let envelope = Master {
        key,
        version: FIRST_VERSION,
    }
    .seal(PEPPER, random::key_bytes()?.as_slice())?;
    let vault = VaultRecord {
        key_version: FIRST_VERSION,
        data_key: envelope.data_key,
        pepper: envelope.secret,
    };
    if database.create_vault(&vault).await? {
        return Ok(vault);
    }
    // Another process was faster: its vault counts.
    database.vault().await?.ok_or(AccessError::Contended)
}

/// A process that died between the file and the vault left a key that seals nothing yet: it is as good as a new one.
fn first_key_file(file: &KeyFile) -> Result<MasterKey, AccessError> {
    if let Some(key) = file.read()? {
        return Ok(key);
    }
    let key = MasterKey::generate()?;
    file.write(&key)?;
    Ok(key)
}

fn open(vault: &VaultRecord, key: &MasterKey) -> Option<Unlocked> {
    let master = Master {
        key: key.clone(),
        version: vault.key_version,
    };
    let pepper = master.open(PEPPER, &vault.data_key, &vault.pepper)?;
    let pepper = zeroize::Zeroizing::new(<[u8; 32]>::try_from(pepper.as_slice()).ok()?);
    Some(Unlocked {
        master,
        pepper: Pepper::new(pepper),
    })
}
