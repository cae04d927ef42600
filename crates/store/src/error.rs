//! What can go wrong with durable state.

use std::io;
use std::path::PathBuf;

/// A failure of the store. The message names the thing and the way out.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database could not be opened; nothing in it was changed.
    #[error("cannot open the database {}: {problem}", path.display())]
    Open {
        /// The file that was to be opened.
        path: PathBuf,
        /// Why not.
        problem: OpenProblem,
    },
    /// Another process held the database or its folder for too long.
    #[error(
        "the database is busy: another process has held it for too long; try again, or stop that process"
    )]
    Busy,
    /// No room left.
    #[error("the disk that holds the database is full: free some space and try again")]
    Full,
    /// The file is no longer a sound database.
    #[error("the database file is damaged: stop the server and restore the file from a backup")]
    Damaged,
    /// A row holds what this version cannot read.
    #[error(
        "table `{table}` holds a row that cannot be read ({reason}): restore the database from a backup"
    )]
    Record {
        /// The table.
        table: &'static str,
        /// What is wrong, without the row's content.
        reason: String,
    },
    /// Anything else that the database engine said.
    #[error("the database failed: {0}")]
    Query(#[source] sqlx::Error),
}

/// Why a database was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenProblem {
    /// The folder or the file cannot be made or read.
    #[error("{0}; check the path and its permissions")]
    File(#[from] io::Error),
    /// Not a database, or a damaged one.
    #[error(
        "the file is damaged or not a database; restore it from a backup, or move it aside to start empty"
    )]
    Damaged,
    /// A database, but of another program.
    #[error("the file belongs to another program; name another path")]
    Foreign,
    /// Written by a later version.
    #[error(
        "it was written by a newer Guichet (schema {found}, this one knows {known}); run that version"
    )]
    Newer {
        /// The schema version in the file.
        found: i64,
        /// The latest schema version that this binary knows.
        known: i64,
    },
    /// The schema could not be brought up to date.
    #[error("its schema could not be brought up to date: {0}")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// Anything else that the database engine said.
    #[error("{0}")]
    Engine(#[source] Box<StoreError>),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if matches!(error, sqlx::Error::PoolTimedOut) {
            return Self::Busy;
        }
        match primary_code(&error) {
            Some(SQLITE_BUSY | SQLITE_LOCKED) => Self::Busy,
            Some(SQLITE_FULL) => Self::Full,
            Some(SQLITE_CORRUPT | SQLITE_NOTADB) => Self::Damaged,
            _ => Self::Query(error),
        }
    }
}

impl From<StoreError> for OpenProblem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Damaged => Self::Damaged,
            StoreError::Open { problem, .. } => problem,
            other => Self::Engine(Box::new(other)),
        }
    }
}

impl From<sqlx::Error> for OpenProblem {
    fn from(error: sqlx::Error) -> Self {
        StoreError::from(error).into()
    }
}

impl From<StoreError> for guichet_engine::store::StoreError {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

// https://www.sqlite.org/rescode.html
const SQLITE_BUSY: u32 = 5;
const SQLITE_LOCKED: u32 = 6;
const SQLITE_CORRUPT: u32 = 11;
const SQLITE_FULL: u32 = 13;
const SQLITE_NOTADB: u32 = 26;

/// `SQLite`'s primary result code; the extended one carries it in its low byte.
fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let code = error.as_database_error()?.code()?;
    code.parse::<u32>().ok().map(|extended| extended & 0xff)
}
