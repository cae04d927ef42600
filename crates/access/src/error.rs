//! What can go wrong with keys, credentials and the vault.

use std::io;
use std::path::PathBuf;

use guichet_engine::identity::{CredentialId, KeyId, OrganizationId, ProjectId};
use guichet_store::StoreError;

use crate::limit::LimitError;
use crate::placeholder::Placeholder;

/// A failure of this crate. The message names the thing and the way out, and never holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes: {0}")]
    Randomness(#[from] getrandom::Error),
    /// A master key given as text is none.
    #[error(
        "the master key is not 32 bytes in base64 or hexadecimal: give what `openssl rand -base64 32` prints, \
         or unset GUICHET_MASTER_KEY to use the key file"
    )]
    MasterKeyText,
    /// The key file cannot be read or written.
    #[error("the master key file {}: {source}; check the folder and its permissions", path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The key file can be read by others.
    #[error(
        "the master key file {path} has mode {mode:03o}, so others can read it: run `chmod 600 {path}`",
        path = path.display()
    )]
    KeyFileExposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key file does not hold a key.
    #[error("the master key file {} does not hold a master key: restore it from a backup", path.display())]
    KeyFileInvalid {
        /// The file.
        path: PathBuf,
    },
    /// There are sealed rows, and no key to open them.
    #[error(
        "the database holds sealed secrets, but the master key file {} is missing: restore it from a backup, \
         or give the key in GUICHET_MASTER_KEY", path.display()
    )]
    MasterKeyMissing {
        /// Where the file should be.
        path: PathBuf,
    },
    /// The key opens nothing.
    #[error(
        "the master key {origin} does not open this database: it belongs to another one, or the key was rotated; \
         give the key that was in use last"
    )]
    WrongMasterKey {
        /// Where the key came from: `in <path>` or `that was given`.
        origin: String,
    },
    /// A sealed secret was altered or moved.
    #[error(
        "the sealed {what} is damaged: restore the database from a backup, or remove what is damaged"
    )]
    DamagedSecret {
        /// What cannot be opened.
        what: String,
    },
    /// Other processes kept changing what was being changed here.
    #[error("another process keeps changing the same records: try again")]
    Contended,
    /// A name is empty, too long or holds strange characters.
    #[error("the {what} {problem}")]
    Name {
        /// Which name.
        what: &'static str,
        /// What is wrong with it, and what is allowed.
        problem: &'static str,
    },
    /// There is such a project already.
    #[error("there is a project `{0}` already")]
    ProjectExists(ProjectId),
    /// No such project.
    #[error("there is no project `{0}`; `guichet project list` shows all")]
    UnknownProject(ProjectId),
    /// No such organization.
    #[error("there is no organization `{0}`")]
    UnknownOrganization(OrganizationId),
    /// What was set as a limit is none.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// No such limit.
    #[error("there is no limit `{0}` there; `guichet limit list` shows all")]
    UnknownLimit(String),
    /// What was set as a policy is none.
    #[error(transparent)]
    Policy(#[from] guichet_engine::policy::UnknownPolicy),
    /// No policy was set there.
    #[error("no policy is set there; `guichet policy list` shows all")]
    NoPolicy,
    /// What was set as an opt-in is none.
    #[error(transparent)]
    OptIn(#[from] crate::UnknownOptIn),
    /// This opt-in was not set there.
    #[error("`{0}` is not set there; `guichet opt-in list` shows all")]
    NoOptIn(crate::OptIn),
    /// No such key.
    #[error("there is no key `{0}`; `guichet key list` shows all")]
    UnknownKey(KeyId),
    /// The key opens no more and cannot be rotated.
    #[error(
        "key `{0}` has expired, was revoked or has a successor already: create a new key instead"
    )]
    KeyNotRotatable(KeyId),
    /// The key would be born dead.
    #[error("the key would already have expired: give a time in the future")]
    ExpiryInPast,
    /// No such credential.
    #[error("there is no credential `{0}`; `guichet credential list` shows all")]
    UnknownCredential(CredentialId),
    /// The same secret is there already.
    #[error("this secret is already stored as `{0}`; counting its quota twice would exceed it")]
    DuplicateCredential(CredentialId),
    /// What was given is not a secret.
    #[error("the credential for `{provider}` is refused: {reason}")]
    Refused {
        /// The provider that it was meant for.
        provider: String,
        /// Why.
        reason: Placeholder,
    },
}
