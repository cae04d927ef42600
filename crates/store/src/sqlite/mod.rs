//! What belongs to `SQLite` alone: files, connections, schema versions.

mod file;
mod inspect;
mod migrations;
mod pools;

pub(crate) use file::ensure_folder;
pub(crate) use pools::Pools;
