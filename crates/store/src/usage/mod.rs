//! What calls to models took: a row for each, and their sums.

mod aside;
mod retention;
mod spool;
mod totals;
mod writer;

use std::time::Duration;

use guichet_engine::ai::UsageRecord;

use crate::database::Engine;
use crate::instant::to_millis;
use crate::sql::{Statement, Value};
use crate::{Database, StoreError, sqlite};

pub use retention::keep_usage_for;
pub use totals::{UsageGroup, UsageTotal};
pub use writer::{SPOOL, UsageWriter};

const MICROS_PER_DOLLAR: f64 = 1_000_000.0;

impl Database {
    /// Adds a row for each of these calls, or none at all.
    pub async fn record_usage(&self, records: &[UsageRecord]) -> Result<(), StoreError> {
        if records.is_empty() {
            return Ok(());
        }
        match self.engine() {
            Engine::Sqlite(pools) => sqlite::insert_usage(pools, records).await,
            Engine::Postgres(_) => self.add_usage(rows(records)).await,
        }
    }

    /// Adds these rows, or none at all. In three steps: a server that stops answering before the last has added none, so
    /// that they can be added again; only an answer to the last that is lost leaves it open.
    async fn add_usage(&self, rows: Vec<Vec<Value>>) -> Result<(), StoreError> {
        let statement = Statement::of_rows(INSERT, COLUMN_TYPES.len(), rows, "");
        let mut transaction = self.begin().await?;
        transaction.run(statement).await?;
        transaction.commit().await
    }
}

fn rows(records: &[UsageRecord]) -> Vec<Vec<Value>> {
    records.iter().map(row).collect()
}

const INSERT: &str = "INSERT INTO usage (ended_at, request_id, organization_id, project_id, key_id, task, provider, model, \
     outcome, served, input_tokens, output_tokens, cached_tokens, reasoning_tokens, counted, cost_micros, \
     first_token_ms, took_ms, stream, attempts) VALUES";
/// Of each column of [`INSERT`], whether it is a text; the others are whole numbers.
const COLUMN_TYPES: [bool; 20] = {
    let mut is_text = [false; 20];
    let mut column = 1;
    while column < 10 {
        is_text[column] = true;
        column += 1;
    }
    is_text
};

/// In the order of [`INSERT`].
fn row(record: &UsageRecord) -> Vec<Value> {
    let usage = &record.usage;
    let served = record.served.map(guichet_engine::answer::Served::as_str);
    vec![
        to_millis(record.at).into(),
        (&*record.request_id).into(),
        record.organization.as_str().into(),
        record.project.as_str().into(),
        record.key.as_str().into(),
        record.task.as_str().into(),
        record.provider.as_deref().into(),
        record.model.as_deref().into(),
        record.outcome.as_str().into(),
        served.into(),
        tokens(usage.input).into(),
        tokens(usage.output).into(),
        tokens(usage.cached.unwrap_or(0)).into(),
        tokens(usage.reasoning.unwrap_or(0)).into(),
        i64::from(record.counted).into(),
        record.cost.map(micros).into(),
        record.first_token.map(milliseconds).into(),
        milliseconds(record.took).into(),
        i64::from(record.stream).into(),
        i64::from(record.attempts).into(),
    ]
}

pub(crate) fn tokens(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// Rounded to the nearest millionth.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast of what is too large gives the largest, and of what is no number 0"
)]
pub(crate) fn micros(dollars: f64) -> i64 {
    (dollars * MICROS_PER_DOLLAR).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_become_whole_millionths() {
        let given = [0.0, 0.000_000_4, 0.000_000_6, 1.25, f64::NAN, 1e300];
        assert_eq!(given.map(micros), [0, 0, 1, 1_250_000, 0, i64::MAX]);
    }
}
