//! A statement with its values, and how it becomes a query of either driver.

use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Postgres, SqlSafeStr, SqlStr, Sqlite};

use super::Value;

/// One statement, ready to run.
#[derive(Debug)]
pub(crate) struct Statement {
    text: SqlStr,
    /// Whether it is worth being remembered by the connection in its prepared form.
    prepared: bool,
    values: Vec<Value>,
}

/// A statement that is written in the code.
pub(crate) fn sql(text: &'static str) -> Statement {
    Statement {
        text: SqlStr::from_static(text),
        prepared: true,
        values: Vec::new(),
    }
}

/// A statement that was put together from texts in the code.
pub(crate) fn sql_of(text: String) -> Statement {
    Statement {
        text: AssertSqlSafe(text).into_sql_str(),
        prepared: false,
        values: Vec::new(),
    }
}

impl Statement {
    /// An insertion of several rows of so many columns: `text` ends in `VALUES` and `after` follows the rows.
    pub(crate) fn of_rows(text: &str, columns: usize, rows: Vec<Vec<Value>>, after: &str) -> Self {
        let mut all = String::from(text);
        for row in 0..rows.len() {
            all.push_str(if row == 0 { " (" } else { ", (" });
            for column in 1..=columns {
                let comma = if column == 1 { "" } else { "," };
                all.push_str(&format!("{comma}${}", row * columns + column));
            }
            all.push(')');
        }
        all.push(' ');
        all.push_str(after);
        Self {
            // Single rows are frequent; of the other numbers each would be remembered by itself.
            prepared: rows.len() == 1,
            values: rows.into_iter().flatten().collect(),
            ..sql_of(all)
        }
    }

    /// The next value.
    pub(crate) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    pub(super) fn sqlite(self) -> Query<'static, Sqlite, SqliteArguments> {
        let query = sqlx::query(self.text).persistent(self.prepared);
        self.values
            .into_iter()
            .fold(query, |query, value| match value {
                Value::Integer(number) => query.bind(number),
                Value::Real(number) => query.bind(number),
                Value::Text(text) => query.bind(text),
                Value::Bytes(bytes) => query.bind(bytes),
            })
    }

    pub(super) fn postgres(self) -> Query<'static, Postgres, PgArguments> {
        let query = sqlx::query(self.text).persistent(self.prepared);
        self.values
            .into_iter()
            .fold(query, |query, value| match value {
                Value::Integer(number) => query.bind(number),
                Value::Real(number) => query.bind(number),
                Value::Text(text) => query.bind(text),
                Value::Bytes(bytes) => query.bind(bytes),
            })
    }
}
