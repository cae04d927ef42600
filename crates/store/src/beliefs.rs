//! What the ledger knows of quota windows besides their levels: limits that were learnt, ends that were told, paces.

use std::collections::BTreeMap;

use guichet_engine::store::{BeliefRecord, LimitRecord, PaceRecord};
use jiff::Timestamp;

use crate::instant::{from_optional_millis, to_millis};
use crate::sql::{Row, Statement, Value, sql};
use crate::{Database, StoreError};

const TABLE: &str = "quota_belief";

impl Database {
    pub(crate) async fn read_beliefs(&self) -> Result<Vec<BeliefRecord>, StoreError> {
        let all = sql(
            "SELECT budget, window_name, limit_units, limit_source, limit_at, ends_at, corrected_source, corrected_at, \
             doubts, next_try_at, pace_units, pace_at, pace_since, pace_uses \
             FROM quota_belief ORDER BY budget, window_name",
        );
        self.rows(all).await?.iter().map(belief).collect()
    }

    pub(crate) async fn write_beliefs(&self, beliefs: Vec<BeliefRecord>) -> Result<(), StoreError> {
        // By key, as windows are.
        let rows: BTreeMap<(String, String), Vec<Value>> = beliefs
            .into_iter()
            .map(|belief| {
                let values = values(&belief);
                ((belief.budget, belief.window), values)
            })
            .collect();
        if rows.is_empty() {
            return Ok(());
        }
        let statement = Statement::of_rows(
            "INSERT INTO quota_belief (budget, window_name, limit_units, limit_source, limit_at, ends_at, \
             corrected_source, corrected_at, doubts, next_try_at, pace_units, pace_at, pace_since, pace_uses) VALUES",
            14,
            rows.into_values().collect(),
            "ON CONFLICT (budget, window_name) DO UPDATE SET limit_units = excluded.limit_units, \
             limit_source = excluded.limit_source, limit_at = excluded.limit_at, ends_at = excluded.ends_at, \
             corrected_source = excluded.corrected_source, corrected_at = excluded.corrected_at, \
             doubts = excluded.doubts, next_try_at = excluded.next_try_at, pace_units = excluded.pace_units, \
             pace_at = excluded.pace_at, pace_since = excluded.pace_since, pace_uses = excluded.pace_uses",
        );
        self.run(statement).await.map(drop)
    }
}

fn values(belief: &BeliefRecord) -> Vec<Value> {
    let (limit, pace) = (belief.limit.as_ref(), belief.pace.as_ref());
    let corrected = belief.corrected.as_ref();
    vec![
        belief.budget.as_str().into(),
        belief.window.as_str().into(),
        limit.map(|limit| limit.units).into(),
        limit.map(|limit| limit.source.as_str()).into(),
        limit.map(|limit| to_millis(limit.at)).into(),
        belief.ends_at.map(to_millis).into(),
        corrected.map(|(source, _)| source.as_str()).into(),
        corrected.map(|(_, at)| to_millis(*at)).into(),
        i64::from(belief.doubts).into(),
        belief.next_try.map(to_millis).into(),
        pace.map(|pace| pace.units).into(),
        pace.map(|pace| to_millis(pace.at)).into(),
        pace.map(|pace| to_millis(pace.since)).into(),
        pace.map(|pace| i64::from(pace.uses)).into(),
    ]
}

fn belief(row: &Row) -> Result<BeliefRecord, StoreError> {
    let (units, source): (Option<f64>, Option<String>) =
        (row.get("limit_units")?, row.get("limit_source")?);
    let limit = match (units, source, time(row, "limit_at")?) {
        (Some(units), Some(source), Some(at)) => Some(LimitRecord { units, source, at }),
        _ => None,
    };
    let corrected: Option<String> = row.get("corrected_source")?;
    Ok(BeliefRecord {
        budget: row.get("budget")?,
        window: row.get("window_name")?,
        limit,
        ends_at: time(row, "ends_at")?,
        corrected: corrected.zip(time(row, "corrected_at")?),
        doubts: number(row.get("doubts")?, "doubts")?,
        next_try: time(row, "next_try_at")?,
        pace: pace(row)?,
    })
}

fn pace(row: &Row) -> Result<Option<PaceRecord>, StoreError> {
    let units: Option<f64> = row.get("pace_units")?;
    let uses: Option<i64> = row.get("pace_uses")?;
    let (at, since) = (time(row, "pace_at")?, time(row, "pace_since")?);
    let (Some(units), Some(uses), Some(at), Some(since)) = (units, uses, at, since) else {
        return Ok(None);
    };
    let uses = number(uses, "uses")?;
    Ok(Some(PaceRecord {
        units,
        at,
        since,
        uses,
    }))
}

fn time(row: &Row, column: &str) -> Result<Option<Timestamp>, StoreError> {
    from_optional_millis(TABLE, row.get(column)?)
}

fn number<T: TryFrom<i64>>(number: i64, what: &str) -> Result<T, StoreError> {
    T::try_from(number).map_err(|_| StoreError::Record {
        table: TABLE,
        reason: format!("{what} out of range"),
    })
}
