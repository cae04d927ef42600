//! The key of all keys, and where it comes from.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::{AccessError, encoding, random};

const VARIABLE: &str = "GUICHET_MASTER_KEY";
const FILE_NAME: &str = "master.key";

/// 32 bytes that wrap the data keys. They neither print nor serialize, and are wiped when dropped.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

/// Where an installation's master key is.
#[derive(Debug, Clone)]
pub enum MasterKeySource {
    /// The operator keeps it and gives it at every start.
    Given(MasterKey),
    /// In this file (mode 0600), made on first start.
    File(PathBuf),
}

impl MasterKey {
    /// A new random key.
    pub fn generate() -> Result<Self, AccessError> {
        random::key_bytes().map(Self)
    }

    /// Reads 32 bytes in hexadecimal or base64; space around them does not matter.
    pub fn from_text(text: &SecretString) -> Result<Self, AccessError> {
        encoding::parse_key(text.expose_secret())
            .map(Self)
            .ok_or(AccessError::MasterKeyText)
    }

    /// The key in hexadecimal, for the operator to keep.
    #[must_use]
    pub fn to_text(&self) -> SecretString {
        SecretString::from(encoding::to_hex(&self.0).as_str())
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl MasterKeySource {
    /// The file `master.key` in the data folder.
    #[must_use]
    pub fn in_folder(data_dir: &Path) -> Self {
        Self::File(data_dir.join(FILE_NAME))
    }

    /// `GUICHET_MASTER_KEY` where it is set and not empty, else the file in the data folder.
    ///
    /// The only place of this crate that reads the environment.
    pub fn from_environment_or_folder(data_dir: &Path) -> Result<Self, AccessError> {
        match env::var(VARIABLE) {
            Ok(text) if !text.trim().is_empty() => {
                MasterKey::from_text(&SecretString::from(text)).map(Self::Given)
            }
            Err(env::VarError::NotUnicode(_)) => Err(AccessError::MasterKeyText),
            Ok(_) | Err(env::VarError::NotPresent) => Ok(Self::in_folder(data_dir)),
        }
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MasterKey([REDACTED])")
    }
}
