//! Who may come in, how much they may ask, and with which secrets we go out: organizations, projects, callers' keys and
//! their limits, providers' credentials and the vault that seals them.
//!
//! [`Access`] is the door. [`Access::authenticate`] decides from memory; everything else goes through the store and is
//! effective in every process that works on the same database in under a second.
//!
//! **Invariant:** secrets leave this crate only as [`secrecy::SecretString`], and a caller's key only once, when it is
//! made. No type here prints or serializes one.

mod access;
mod credentials;
mod encoding;
mod environment;
mod error;
mod familiar;
mod first_start;
mod instant;
mod key_file;
mod key_text;
mod keyring;
mod keys;
mod limit;
mod limits;
mod master_key;
mod names;
mod opt_ins;
mod placeholder;
mod policies;
mod projects;
mod random;
mod rotation;
mod sealing;
mod unlock;
mod watch;

pub use access::Access;
pub use credentials::CredentialInfo;
pub use environment::credentials_from_environment;
pub use error::AccessError;
pub use familiar::Familiar;
pub use first_start::{default_organization, default_project};
pub use key_text::{KeyText, KeyTextError};
pub use keyring::{Principal, Refusal};
pub use keys::{KeyInfo, KeyState, NewKey};
pub use limit::{Limit, LimitError};
pub use limits::{LimitClaims, LimitInForce, LimitInfo, Limits};
pub use master_key::{MasterKey, MasterKeySource};
pub use opt_ins::{OptIn, OptInInfo, OptIns, UnknownOptIn};
pub use placeholder::Placeholder;
pub use policies::PolicyInfo;
pub use projects::ProjectInfo;

pub use guichet_store::Holder;
