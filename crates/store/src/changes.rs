//! Tells when keys, projects or credentials were changed, by this process or another.

use sqlx::{Connection, SqliteConnection};

use crate::database::Engine;
use crate::sql::sql;
use crate::{Database, StoreError};

/// Counts a change of keys, projects, credentials or the vault; part of every transaction that makes one.
pub(crate) const TOUCH_ACCESS: &str =
    "UPDATE revision SET number = number + 1 WHERE topic = 'access'";
const REVISION: &str = "SELECT number FROM revision WHERE topic = 'access'";

/// Watches for changes; cheap enough to ask several times a second.
#[derive(Debug)]
pub struct AccessChanges {
    database: Database,
    /// A file tells a connection of its own how often others have committed, without being read.
    connection: Option<SqliteConnection>,
    commits: Option<i64>,
    revision: Option<i64>,
}

impl Database {
    /// Starts watching. The first question always answers yes.
    pub async fn access_changes(&self) -> Result<AccessChanges, StoreError> {
        let connection = match self.engine() {
            Engine::Sqlite(pools) => Some(pools.connect().await?),
            Engine::Postgres(_) => None,
        };
        Ok(AccessChanges {
            database: self.clone(),
            connection,
            commits: None,
            revision: None,
        })
    }
}

impl AccessChanges {
    /// Whether anything changed since the last call that answered yes. A change is never missed; whoever reads the
    /// tables after a yes sees it.
    pub async fn changed(&mut self) -> Result<bool, StoreError> {
        let mut commits = None;
        if let Some(connection) = &mut self.connection {
            // `data_version` costs no disk access and moves with every commit of any other connection. Most of those
            // are the ledger's, which the revision tells apart.
            let version = sqlx::query_scalar("PRAGMA data_version");
            commits = Some(version.fetch_one(connection).await?);
            if commits == self.commits {
                return Ok(false);
            }
        }
        let rows = self.database.rows(sql(REVISION)).await?;
        let revision = rows.first().map(|row| row.get("number")).transpose()?;
        self.commits = commits;
        Ok(std::mem::replace(&mut self.revision, revision) != revision)
    }

    /// Closes the connection.
    pub async fn close(self) -> Result<(), StoreError> {
        match self.connection {
            Some(connection) => Ok(connection.close().await?),
            None => Ok(()),
        }
    }
}
