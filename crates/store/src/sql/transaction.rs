//! Changes that are made all or none, and single reads.

use std::sync::Arc;

use sqlx::{Postgres, Sqlite};

use super::{Row, Statement, sql};
use crate::database::Engine;
use crate::postgres::Server;
use crate::{Database, StoreError};

/// A write transaction; dropped, it rolls back.
pub(crate) enum Transaction {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>, Arc<Server>),
}

/// "guic", and a number of ours: what transactions about keys and credentials wait for each other by.
const ALONE: &str = "SELECT 1 FROM pg_advisory_xact_lock(1735747939, 1)";

impl Database {
    /// A transaction that no other of this kind comes between, in whatever process: what it reads cannot change before
    /// it writes.
    pub(crate) async fn begin_alone(&self) -> Result<Transaction, StoreError> {
        let mut transaction = self.begin().await?;
        // SQLite has one writer at a time anyway.
        if matches!(transaction, Transaction::Postgres(..)) {
            transaction.rows(sql(ALONE)).await?;
        }
        Ok(transaction)
    }

    /// A transaction of statements that need nothing but to be made together.
    pub(crate) async fn begin(&self) -> Result<Transaction, StoreError> {
        Ok(match self.engine() {
            // It holds the write lock from its first moment.
            Engine::Sqlite(pools) => {
                Transaction::Sqlite(pools.writer.begin_with("BEGIN IMMEDIATE").await?)
            }
            Engine::Postgres(server) => {
                let pool = server.pool()?;
                Transaction::Postgres(server.within(pool.begin()).await?, Arc::clone(server))
            }
        })
    }

    /// Runs a statement that is a transaction by itself; says how many rows it changed.
    pub(crate) async fn run(&self, statement: Statement) -> Result<u64, StoreError> {
        Ok(match self.engine() {
            Engine::Sqlite(pools) => {
                let done = statement.sqlite().execute(&pools.writer).await?;
                done.rows_affected()
            }
            Engine::Postgres(server) => {
                let pool = server.pool()?;
                let running = statement.postgres().execute(&pool);
                server.within(running).await?.rows_affected()
            }
        })
    }

    /// Every row of a read. It sees every commit that came before it.
    pub(crate) async fn rows(&self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        Ok(match self.engine() {
            Engine::Sqlite(pools) => {
                let rows = statement.sqlite().fetch_all(&pools.readers).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Engine::Postgres(server) => {
                let pool = server.pool()?;
                let rows = server.within(statement.postgres().fetch_all(&pool)).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// The first row of a read.
    pub(crate) async fn row(&self, statement: Statement) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(statement).await?.into_iter().next())
    }
}

impl Transaction {
    /// Runs a statement; says how many rows it changed.
    pub(crate) async fn run(&mut self, statement: Statement) -> Result<u64, StoreError> {
        Ok(match self {
            Self::Sqlite(own) => {
                let done = statement.sqlite().execute(&mut **own).await?;
                done.rows_affected()
            }
            Self::Postgres(own, server) => {
                let running = statement.postgres().execute(&mut **own);
                server.within(running).await?.rows_affected()
            }
        })
    }

    /// Every row of a read within the transaction.
    pub(crate) async fn rows(&mut self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        Ok(match self {
            Self::Sqlite(own) => {
                let rows = statement.sqlite().fetch_all(&mut **own).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(own, server) => {
                let reading = statement.postgres().fetch_all(&mut **own);
                let rows = server.within(reading).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// Makes it last. After an error on the way to a server nobody knows whether it did.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(own) => Ok(own.commit().await?),
            Self::Postgres(own, server) => server.within(own.commit()).await,
        }
    }
}
