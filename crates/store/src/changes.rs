//! Tells when keys, projects or credentials were changed, by this process or another.

use sqlx::{Connection, SqliteConnection};

use crate::{Database, StoreError};

/// Counts a change of keys, projects, credentials or the vault; part of every transaction that makes one.
pub(crate) const TOUCH_ACCESS: &str =
    "UPDATE revision SET number = number + 1 WHERE topic = 'access'";

/// Watches for changes on a connection of its own; cheap enough to ask several times a second.
#[derive(Debug)]
pub struct AccessChanges {
    connection: SqliteConnection,
    commits: Option<i64>,
    revision: Option<i64>,
}

impl Database {
    /// Starts watching. The first question always answers yes.
    pub async fn access_changes(&self) -> Result<AccessChanges, StoreError> {
        let connection = self.pools().connect().await?;
        Ok(AccessChanges {
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
        // `data_version` costs no disk access and moves with every commit of any other connection. Most of those
        // are the ledger's, which the revision tells apart.
        let commits: i64 = sqlx::query_scalar("PRAGMA data_version")
            .fetch_one(&mut self.connection)
            .await?;
        if self.commits == Some(commits) {
            return Ok(false);
        }
        let revision: i64 =
            sqlx::query_scalar("SELECT number FROM revision WHERE topic = 'access'")
                .fetch_one(&mut self.connection)
                .await?;
        self.commits = Some(commits);
        Ok(self.revision.replace(revision) != Some(revision))
    }

    /// Closes the connection.
    pub async fn close(self) -> Result<(), StoreError> {
        Ok(self.connection.close().await?)
    }
}
