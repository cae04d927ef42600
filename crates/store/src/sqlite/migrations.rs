//! The schema's versions, embedded. The other engine's folder uses the same numbers.

use sqlx::migrate::Migrator;

use crate::migrations;

/// Number, title, text; in order.
pub(crate) const MIGRATIONS: migrations::Table = &[
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
    (
        4,
        "beliefs",
        include_str!("../../migrations/sqlite/0004_beliefs.sql"),
    ),
    (
        5,
        "usage_index",
        include_str!("../../migrations/sqlite/0005_usage_index.sql"),
    ),
];

/// The schema version that this binary writes.
pub(super) fn latest() -> i64 {
    migrations::latest(MIGRATIONS)
}

pub(super) fn migrator() -> Migrator {
    migrations::migrator(MIGRATIONS)
}
