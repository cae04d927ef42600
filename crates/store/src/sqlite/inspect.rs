//! Looks at a file before anything is written to it: is it ours, and do we know its schema?

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use super::migrations;
use crate::OpenProblem;

/// "guic", set by the first migration.
const APPLICATION_ID: i64 = 1_735_747_939;

/// Refuses what must not be opened. An empty file, or one whose first migration never committed, is ours.
pub(super) async fn inspect(options: &SqliteConnectOptions) -> Result<(), OpenProblem> {
    let mut connection = options.connect().await?;
    let verdict = judge(&mut connection).await;
    connection.close().await?;
    verdict
}

async fn judge(connection: &mut SqliteConnection) -> Result<(), OpenProblem> {
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE type = 'table'")
        .fetch_one(&mut *connection)
        .await?;
    let application: i64 = sqlx::query_scalar("PRAGMA application_id")
        .fetch_one(&mut *connection)
        .await?;
    if application != APPLICATION_ID {
        return if application == 0 && only_bookkeeping(connection, tables).await? {
            Ok(())
        } else {
            Err(OpenProblem::Foreign)
        };
    }
    let found: i64 = sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations")
        .fetch_one(&mut *connection)
        .await?;
    let known = migrations::latest();
    if found > known {
        Err(OpenProblem::Newer { found, known })
    } else {
        Ok(())
    }
}

/// The migrator makes its own, empty table before the first migration: a process killed there leaves just that.
async fn only_bookkeeping(
    connection: &mut SqliteConnection,
    tables: i64,
) -> Result<bool, OpenProblem> {
    if tables == 0 {
        return Ok(true);
    }
    let ours: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations'",
    )
    .fetch_one(&mut *connection)
    .await?;
    if tables != 1 || ours != 1 {
        return Ok(false);
    }
    let applied: i64 = sqlx::query_scalar("SELECT count(*) FROM _sqlx_migrations")
        .fetch_one(connection)
        .await?;
    Ok(applied == 0)
}
