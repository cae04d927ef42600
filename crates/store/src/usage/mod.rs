//! What calls to models took: a row for each, and their sums.

mod totals;
mod writer;

use std::time::Duration;

use guichet_engine::ai::UsageRecord;
use sqlx::{Sqlite, Transaction};

use crate::instant::to_millis;
use crate::{Database, StoreError};

pub use totals::{UsageGroup, UsageTotal};
pub use writer::UsageWriter;

const MICROS_PER_DOLLAR: f64 = 1_000_000.0;

impl Database {
    /// Adds a row for each of these calls, or none at all.
    pub async fn record_usage(&self, records: &[UsageRecord]) -> Result<(), StoreError> {
        if records.is_empty() {
            return Ok(());
        }
        let mut transaction = self.begin().await?;
        for record in records {
            insert(&mut transaction, record).await?;
        }
        Ok(transaction.commit().await?)
    }
}

async fn insert(
    transaction: &mut Transaction<'_, Sqlite>,
    record: &UsageRecord,
) -> Result<(), StoreError> {
    let usage = &record.usage;
    sqlx::query(
        "INSERT INTO usage (ended_at, request_id, organization_id, project_id, key_id, task, provider, model, \
         outcome, served, input_tokens, output_tokens, cached_tokens, reasoning_tokens, counted, cost_micros, \
         first_token_ms, took_ms, stream, attempts) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
    )
    .bind(to_millis(record.at))
    .bind(&*record.request_id)
    .bind(record.organization.as_str())
    .bind(record.project.as_str())
    .bind(record.key.as_str())
    .bind(record.task.as_str())
    .bind(record.provider.as_deref())
    .bind(record.model.as_deref())
    .bind(record.outcome.as_str())
    .bind(record.served.map(guichet_engine::answer::Served::as_str))
    .bind(tokens(usage.input))
    .bind(tokens(usage.output))
    .bind(tokens(usage.cached.unwrap_or(0)))
    .bind(tokens(usage.reasoning.unwrap_or(0)))
    .bind(i64::from(record.counted))
    .bind(record.cost.map(micros))
    .bind(record.first_token.map(milliseconds))
    .bind(milliseconds(record.took))
    .bind(i64::from(record.stream))
    .bind(i64::from(record.attempts))
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

fn tokens(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// Rounded to the nearest millionth.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast of what is too large gives the largest, and of what is no number 0"
)]
fn micros(dollars: f64) -> i64 {
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
