//! Durable state: who exists, which keys and sealed credentials there are, what the engine remembers, and what calls to
//! models took.
//!
//! [`Database`] is the door. It speaks in records and ids; no SQL and no driver type leaves this crate, so that
//! `SQLite` and `PostgreSQL` stand beside each other without a caller noticing. The SQL text is the common dialect
//! (`sql/`); only what is in `sqlite/`, `postgres/` and the folders of those names in `migrations/` belongs to one engine.
//!
//! **Invariant:** this crate stores secrets only as hashes or sealed bytes and cannot open them. A call that
//! returned `Ok` survives `kill -9` of the process.

mod beliefs;
mod changes;
mod credentials;
mod database;
mod engine_state;
mod error;
mod folder_lock;
mod instant;
mod keys;
mod migrations;
mod organizations;
mod postgres;
mod settings;
mod sql;
mod sqlite;
mod usage;
mod vault;
mod write_ahead;

pub use changes::AccessChanges;
pub use credentials::{CredentialRecord, PutCredential};
pub use database::Database;
pub use error::{OpenProblem, StoreError};
pub use folder_lock::FolderLock;
pub use keys::{KeyDraft, KeyRecord};
pub use organizations::ProjectRecord;
pub use postgres::DatabaseUrl;
pub use settings::{Holder, SettingRecord};
pub use usage::{SPOOL, UsageGroup, UsageTotal, UsageWriter, keep_usage_for};
pub use vault::{Rewrap, VaultRecord};
