//! What belongs to `SQLite` alone: files, connections, schema versions.

mod file;
mod inspect;
mod migrations;
mod pools;
mod usage;

pub(crate) use file::ensure_folder;
#[cfg(test)]
pub(crate) use migrations::MIGRATIONS;
pub(crate) use pools::Pools;
pub(crate) use usage::insert_usage;
