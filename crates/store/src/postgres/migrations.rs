//! The schema's versions, embedded. They have the numbers of the other engine's.

use sqlx::PgPool;

use crate::OpenProblem;
use crate::migrations::{Table, latest, migrator};

/// Number, title, text; in order.
pub(crate) const MIGRATIONS: Table = &[
    (
        1,
        "first",
        include_str!("../../migrations/postgres/0001_first.sql"),
    ),
    (
        2,
        "usage",
        include_str!("../../migrations/postgres/0002_usage.sql"),
    ),
    (
        3,
        "settings",
        include_str!("../../migrations/postgres/0003_settings.sql"),
    ),
    (
        4,
        "beliefs",
        include_str!("../../migrations/postgres/0004_beliefs.sql"),
    ),
    (
        5,
        "usage_index",
        include_str!("../../migrations/postgres/0005_usage_index.sql"),
    ),
];

/// Refuses a schema of a later version, and brings an older one up to date. Of several processes that start at once
/// one does it, and the others wait.
pub(super) async fn bring_up_to_date(pool: &PgPool) -> Result<(), OpenProblem> {
    let known = latest(MIGRATIONS);
    let found = version(pool).await?;
    if found > known {
        return Err(OpenProblem::Newer { found, known });
    }
    migrator(MIGRATIONS)
        .run(pool)
        .await
        .map_err(OpenProblem::Migration)
}

/// The version of the schema; 0 where there is none.
async fn version(pool: &PgPool) -> Result<i64, OpenProblem> {
    let kept: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
        .fetch_one(pool)
        .await?;
    if !kept {
        return Ok(0);
    }
    Ok(
        sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations")
            .fetch_one(pool)
            .await?,
    )
}
