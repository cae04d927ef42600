//! What can go wrong with durable state.

use std::io;
use std::path::PathBuf;

use sqlx::postgres::PgDatabaseError;

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
    /// The database on a server could not be opened.
    #[error("cannot open the database {database}: {problem}")]
    Connect {
        /// Where it is, without the password.
        database: String,
        /// Why not.
        problem: OpenProblem,
    },
    /// The server of the database cannot be reached, now.
    #[error("the database {database} cannot be reached ({reason}): is its server running?")]
    Away {
        /// Where it is, without the password.
        database: String,
        /// What happened.
        reason: String,
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
    /// Nobody answers there.
    #[error("it cannot be reached ({0}); is its server running, and is the address right?")]
    Unreachable(String),
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
        let Some(said) = error.as_database_error() else {
            return Self::Query(error);
        };
        let postgres = said.try_downcast_ref::<PgDatabaseError>().is_some();
        let kind = match said.code() {
            Some(code) if postgres => postgres_kind(&code),
            Some(code) => sqlite_kind(&code),
            None => None,
        };
        match kind {
            Some(Kind::Busy) => Self::Busy,
            Some(Kind::Full) => Self::Full,
            Some(Kind::Damaged) => Self::Damaged,
            None => Self::Query(error),
        }
    }
}

impl From<StoreError> for OpenProblem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Damaged => Self::Damaged,
            StoreError::Open { problem, .. } | StoreError::Connect { problem, .. } => problem,
            StoreError::Away { reason, .. } => Self::Unreachable(reason),
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

/// What an engine's code says that a caller can act on.
enum Kind {
    Busy,
    Full,
    Damaged,
}

/// <https://www.sqlite.org/rescode.html>; the low byte of an extended code is the primary one.
fn sqlite_kind(code: &str) -> Option<Kind> {
    const BUSY: u32 = 5;
    const LOCKED: u32 = 6;
    const CORRUPT: u32 = 11;
    const FULL: u32 = 13;
    const NOTADB: u32 = 26;
    match code.parse::<u32>().ok()? & 0xff {
        BUSY | LOCKED => Some(Kind::Busy),
        FULL => Some(Kind::Full),
        CORRUPT | NOTADB => Some(Kind::Damaged),
        _ => None,
    }
}

/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
fn postgres_kind(code: &str) -> Option<Kind> {
    match code {
        // A serialization failure, a deadlock, a lock that was not to be had.
        "40001" | "40P01" | "55P03" => Some(Kind::Busy),
        "53100" => Some(Kind::Full),
        "XX001" | "XX002" => Some(Kind::Damaged),
        _ => None,
    }
}
