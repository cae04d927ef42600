//! How a table of numbered texts becomes what the driver runs. Each engine has a table of its own.

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// Number, title, text; in order.
pub(crate) type Table = &'static [(i64, &'static str, &'static str)];

/// The schema version that this binary writes.
pub(crate) fn latest(table: Table) -> i64 {
    let numbers = table.iter().map(|&(version, ..)| version);
    numbers.max().unwrap_or(0)
}

pub(crate) fn migrator(table: Table) -> Migrator {
    let migrations = table
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_engines_have_the_same_versions() {
        let names = |table: Table| -> Vec<(i64, &str)> {
            table
                .iter()
                .map(|&(number, title, _)| (number, title))
                .collect()
        };
        let (sqlite, postgres) = (crate::sqlite::MIGRATIONS, crate::postgres::MIGRATIONS);
        assert_eq!(names(sqlite), names(postgres));
    }
}
