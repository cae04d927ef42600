//! The schema's versions, embedded. The other engine's folder uses the same numbers.

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// Number, title, text; in order.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (
        1,
        "first",
        include_str!("../../migrations/sqlite/0001_first.sql"),
    ),
    (
        2,
        "usage",
        include_str!("../../migrations/sqlite/0002_usage.sql"),
    ),
    (
        3,
        "settings",
        include_str!("../../migrations/sqlite/0003_settings.sql"),
    ),
];

/// The schema version that this binary writes.
pub(super) fn latest() -> i64 {
    MIGRATIONS
        .iter()
        .map(|&(version, ..)| version)
        .max()
        .unwrap_or(0)
}

pub(super) fn migrator() -> Migrator {
    let migrations = MIGRATIONS
        .iter()
        .map(|&(version, title, text)| {
            Migration::new(
                version,
                title.into(),
                MigrationType::Simple,
                text.into_sql_str(),
                false,
            )
        })
        .collect();
    Migrator::with_migrations(migrations)
}
