//! Rows of usage in as few statements and values as can be: each statement is a turn of the database's thread, which must
//! be woken for it, and most calls have most of their row in common.

use std::sync::LazyLock;

use guichet_engine::ai::UsageRecord;
use guichet_engine::answer::Served;
use sqlx::{Sqlite, Transaction};

use super::Pools;
use crate::StoreError;
use crate::instant::to_millis;
use crate::usage::{micros, milliseconds, tokens};

/// Rows of one statement, the most first.
const ROWS: [usize; 3] = [64, 8, 1];

/// For each of [`ROWS`], the statement that adds so many calls which have the first ten values in common. `SQLite` looks
/// numbered places up one by one, so these have no numbers.
static STATEMENTS: LazyLock<[String; 3]> = LazyLock::new(|| ROWS.map(statement));

fn statement(rows: usize) -> String {
    let places = |number: usize| vec!["?"; number].join(", ");
    let row = format!("({})", places(10));
    format!(
        "INSERT INTO usage (organization_id, project_id, key_id, task, provider, model, outcome, served, counted, stream, \
         ended_at, request_id, input_tokens, output_tokens, cached_tokens, reasoning_tokens, cost_micros, first_token_ms, \
         took_ms, attempts) \
         SELECT {}, own.* FROM (VALUES {}) AS own",
        places(10),
        vec![row; rows].join(", ")
    )
}

/// Adds a row for each of these calls, or none at all.
pub(crate) async fn insert_usage(pools: &Pools, records: &[UsageRecord]) -> Result<(), StoreError> {
    let mut transaction = pools.writer.begin_with("BEGIN IMMEDIATE").await?;
    for alike in alike(records) {
        let mut rest = alike.as_slice();
        for (rows, statement) in ROWS.iter().zip(&*STATEMENTS) {
            while let Some((these, others)) = rest.split_at_checked(*rows) {
                insert(&mut transaction, statement, these).await?;
                rest = others;
            }
        }
    }
    Ok(transaction.commit().await?)
}

/// Records by what many have in common.
fn alike(records: &[UsageRecord]) -> Vec<Vec<&UsageRecord>> {
    let mut groups: Vec<Vec<&UsageRecord>> = Vec::new();
    for record in records {
        let group = groups.iter_mut().find(|group| are_alike(group[0], record));
        match group {
            Some(group) => group.push(record),
            None => groups.push(vec![record]),
        }
    }
    groups
}

fn are_alike(one: &UsageRecord, other: &UsageRecord) -> bool {
    let same = |record: &UsageRecord| (record.task, record.served, record.counted, record.stream);
    one.key == other.key
        && one.project == other.project
        && one.organization == other.organization
        && one.provider == other.provider
        && one.model == other.model
        && one.outcome == other.outcome
        && same(one) == same(other)
}

/// Adds calls that are alike; as many as the statement has rows.
async fn insert(
    transaction: &mut Transaction<'_, Sqlite>,
    statement: &'static str,
    alike: &[&UsageRecord],
) -> Result<(), StoreError> {
    let Some(common) = alike.first() else {
        return Ok(());
    };
    let mut query = sqlx::query(statement)
        .bind(common.organization.as_str())
        .bind(common.project.as_str())
        .bind(common.key.as_str())
        .bind(common.task.as_str())
        .bind(common.provider.as_deref())
        .bind(common.model.as_deref())
        .bind(common.outcome.as_str())
        .bind(common.served.map(Served::as_str))
        .bind(i64::from(common.counted))
        .bind(i64::from(common.stream));
    for record in alike {
        let usage = &record.usage;
        query = query
            .bind(to_millis(record.at))
            .bind(&*record.request_id)
            .bind(tokens(usage.input))
            .bind(tokens(usage.output))
            .bind(tokens(usage.cached.unwrap_or(0)))
            .bind(tokens(usage.reasoning.unwrap_or(0)))
            .bind(record.cost.map(micros))
            .bind(record.first_token.map(milliseconds))
            .bind(milliseconds(record.took))
            .bind(i64::from(record.attempts));
    }
    query.execute(&mut **transaction).await?;
    Ok(())
}
