//! What the ledger knows of quota windows besides their levels: limits that were learnt, ends that were told, paces.

use guichet_engine::store::{BeliefRecord, LimitRecord, PaceRecord};
use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::instant::{from_optional_millis, to_millis};
use crate::{Database, StoreError};

const TABLE: &str = "quota_belief";

impl Database {
    pub(crate) async fn read_beliefs(&self) -> Result<Vec<BeliefRecord>, StoreError> {
        sqlx::query(
            "SELECT budget, window_name, limit_units, limit_source, limit_at, ends_at, corrected_source, corrected_at, \
             doubts, next_try_at, pace_units, pace_at, pace_since, pace_uses \
             FROM quota_belief ORDER BY budget, window_name",
        )
        .fetch_all(self.reader())
        .await?
        .iter()
        .map(belief)
        .collect()
    }

    pub(crate) async fn write_beliefs(&self, beliefs: Vec<BeliefRecord>) -> Result<(), StoreError> {
        if beliefs.is_empty() {
            return Ok(());
        }
        let mut transaction = self.begin().await?;
        for belief in beliefs {
            let (limit, pace) = (belief.limit, belief.pace);
            let (corrected_source, corrected_at) = belief.corrected.unzip();
            sqlx::query(
                "INSERT INTO quota_belief (budget, window_name, limit_units, limit_source, limit_at, ends_at, \
                 corrected_source, corrected_at, doubts, next_try_at, pace_units, pace_at, pace_since, pace_uses) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
                 ON CONFLICT (budget, window_name) DO UPDATE SET limit_units = excluded.limit_units, \
                 limit_source = excluded.limit_source, limit_at = excluded.limit_at, ends_at = excluded.ends_at, \
                 corrected_source = excluded.corrected_source, corrected_at = excluded.corrected_at, \
                 doubts = excluded.doubts, next_try_at = excluded.next_try_at, pace_units = excluded.pace_units, \
                 pace_at = excluded.pace_at, pace_since = excluded.pace_since, pace_uses = excluded.pace_uses",
            )
            .bind(belief.budget)
            .bind(belief.window)
            .bind(limit.as_ref().map(|limit| limit.units))
            .bind(limit.as_ref().map(|limit| limit.source.clone()))
            .bind(limit.as_ref().map(|limit| to_millis(limit.at)))
            .bind(belief.ends_at.map(to_millis))
            .bind(corrected_source)
            .bind(corrected_at.map(to_millis))
            .bind(i64::from(belief.doubts))
            .bind(belief.next_try.map(to_millis))
            .bind(pace.as_ref().map(|pace| pace.units))
            .bind(pace.as_ref().map(|pace| to_millis(pace.at)))
            .bind(pace.as_ref().map(|pace| to_millis(pace.since)))
            .bind(pace.as_ref().map(|pace| i64::from(pace.uses)))
            .execute(&mut *transaction)
            .await?;
        }
        Ok(transaction.commit().await?)
    }
}

fn belief(row: &SqliteRow) -> Result<BeliefRecord, StoreError> {
    let (units, source): (Option<f64>, Option<String>) =
        (row.try_get("limit_units")?, row.try_get("limit_source")?);
    let limit = match (units, source, time(row, "limit_at")?) {
        (Some(units), Some(source), Some(at)) => Some(LimitRecord { units, source, at }),
        _ => None,
    };
    let corrected: Option<String> = row.try_get("corrected_source")?;
    Ok(BeliefRecord {
        budget: row.try_get("budget")?,
        window: row.try_get("window_name")?,
        limit,
        ends_at: time(row, "ends_at")?,
        corrected: corrected.zip(time(row, "corrected_at")?),
        doubts: number(row.try_get("doubts")?, "doubts")?,
        next_try: time(row, "next_try_at")?,
        pace: pace(row)?,
    })
}

fn pace(row: &SqliteRow) -> Result<Option<PaceRecord>, StoreError> {
    let units: Option<f64> = row.try_get("pace_units")?;
    let uses: Option<i64> = row.try_get("pace_uses")?;
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

fn time(row: &SqliteRow, column: &str) -> Result<Option<Timestamp>, StoreError> {
    from_optional_millis(TABLE, row.try_get(column)?)
}

fn number<T: TryFrom<i64>>(number: i64, what: &str) -> Result<T, StoreError> {
    T::try_from(number).map_err(|_| StoreError::Record {
        table: TABLE,
        reason: format!("{what} out of range"),
    })
}
