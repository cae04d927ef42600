//! Sums over calls to models.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::instant::{from_millis, to_millis};
use crate::sql::{Row, sql_of};
use crate::{Database, StoreError};

/// What calls are summed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsageGroup {
    /// Who answered.
    Provider,
    /// The model that answered, as `provider/model`.
    Model,
    /// The project of the key.
    Project,
    /// The key.
    Key,
    /// The day on which the call ended, UTC.
    Day,
}

/// What the calls of one group took together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageTotal {
    /// Which group; none = calls that nobody answered.
    pub name: Option<String>,
    /// How many there were.
    pub calls: i64,
    /// Of these, how many ended badly.
    pub failed: i64,
    /// Tokens that were read, cached or not.
    pub input_tokens: i64,
    /// Of these, what came from a provider's cache.
    pub cached_tokens: i64,
    /// Tokens that were written, thoughts included.
    pub output_tokens: i64,
    /// Of these, what was thought.
    pub reasoning_tokens: i64,
    /// Millionths of a US dollar, of the calls whose price is known.
    pub cost_micros: i64,
    /// How many calls were answered at a price that is not known.
    pub unpriced: i64,
    /// How many calls have tokens that are estimated.
    pub estimated: i64,
    /// Milliseconds to the first token, on average; none where none was measured.
    pub first_token_ms: Option<i64>,
    /// Milliseconds to the end, on average.
    pub took_ms: i64,
}

impl UsageGroup {
    /// The column or expression that is grouped by. A day is a whole number of days since 1970.
    fn expression(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Model => "provider || '/' || model",
            Self::Project => "project_id",
            Self::Key => "key_id",
            Self::Day => "ended_at / 86400000",
        }
    }

    /// Days are read from the past to the present, everything else by weight.
    fn order(self) -> &'static str {
        match self {
            Self::Day => "name",
            // Engines differ in where nothing comes.
            _ => "calls DESC, name NULLS FIRST",
        }
    }
}

impl Database {
    /// The sums of all calls that ended since then, by group.
    pub async fn usage_totals(
        &self,
        by: UsageGroup,
        since: Option<Timestamp>,
    ) -> Result<Vec<UsageTotal>, StoreError> {
        let (name, order) = (by.expression(), by.order());
        // Cast, because engines differ in what a sum or a quotient of whole numbers is.
        let text = format!(
            "SELECT {name} AS name, count(*) AS calls, \
             CAST(sum(CASE WHEN outcome <> 'ok' THEN 1 ELSE 0 END) AS BIGINT) AS failed, \
             CAST(sum(input_tokens) AS BIGINT) AS input_tokens, \
             CAST(sum(cached_tokens) AS BIGINT) AS cached_tokens, \
             CAST(sum(output_tokens) AS BIGINT) AS output_tokens, \
             CAST(sum(reasoning_tokens) AS BIGINT) AS reasoning_tokens, \
             CAST(coalesce(sum(cost_micros), 0) AS BIGINT) AS cost_micros, \
             CAST(sum(CASE WHEN provider IS NOT NULL AND cost_micros IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS unpriced, \
             CAST(sum(1 - counted) AS BIGINT) AS estimated, \
             CAST(sum(first_token_ms) AS BIGINT) / count(first_token_ms) AS first_token_ms, \
             CAST(sum(took_ms) AS BIGINT) / count(took_ms) AS took_ms \
             FROM usage WHERE ended_at >= $1 GROUP BY {name} ORDER BY {order}"
        );
        let since = since.map_or(i64::MIN, to_millis);
        self.rows(sql_of(text).bind(since))
            .await?
            .iter()
            .map(|row| total(by, row))
            .collect()
    }
}

fn total(by: UsageGroup, row: &Row) -> Result<UsageTotal, StoreError> {
    let name = match by {
        UsageGroup::Day => Some(day(row.get("name")?)?.to_string()),
        _ => row.get("name")?,
    };
    Ok(UsageTotal {
        name,
        calls: row.get("calls")?,
        failed: row.get("failed")?,
        input_tokens: row.get("input_tokens")?,
        cached_tokens: row.get("cached_tokens")?,
        output_tokens: row.get("output_tokens")?,
        reasoning_tokens: row.get("reasoning_tokens")?,
        cost_micros: row.get("cost_micros")?,
        unpriced: row.get("unpriced")?,
        estimated: row.get("estimated")?,
        first_token_ms: row.get("first_token_ms")?,
        took_ms: row.get("took_ms")?,
    })
}

fn day(number: i64) -> Result<Date, StoreError> {
    const MILLISECONDS: i64 = 86_400_000;
    let midnight = from_millis("usage", number.saturating_mul(MILLISECONDS))?;
    Ok(midnight.to_zoned(jiff::tz::TimeZone::UTC).date())
}
