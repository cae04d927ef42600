//! What the engine remembers over a restart: quota windows, suspensions, kept answers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use guichet_engine::store::{
    BeliefRecord, Level, Store, StoreError as EngineError, SuspensionRecord, WindowRecord,
};
use jiff::Timestamp;

use crate::instant::{from_millis, from_optional_millis, to_millis};
use crate::sql::{Row, Statement, Value, sql};
use crate::{Database, StoreError, write_ahead};

/// Answers past their time are deleted with the first write after this many milliseconds.
const SWEEP_EVERY_MILLIS: i64 = 60_000;
/// No more answers than this are kept; those that end first go first.
const MOST_ANSWERS: i64 = 20_000;

impl Store for Database {
    fn windows(&self) -> BoxFuture<'_, Result<Vec<WindowRecord>, EngineError>> {
        self.read_windows().map(outward).boxed()
    }

    fn save_windows(&self, windows: Vec<WindowRecord>) -> BoxFuture<'_, Result<(), EngineError>> {
        self.write_windows(windows).map(outward).boxed()
    }

    fn write_ahead(&self, levels: &[Level]) -> Option<Result<(), EngineError>> {
        Some(self.ahead()?.append(levels))
    }

    fn checkpoint(&self) -> BoxFuture<'_, Result<(), EngineError>> {
        let moved = async {
            match self.ahead() {
                Some(ahead) => ahead.checkpoint(self).await,
                None => Ok(()),
            }
        };
        moved.map(outward).boxed()
    }

    fn beliefs(&self) -> BoxFuture<'_, Result<Vec<BeliefRecord>, EngineError>> {
        self.read_beliefs().map(outward).boxed()
    }

    fn save_beliefs(&self, beliefs: Vec<BeliefRecord>) -> BoxFuture<'_, Result<(), EngineError>> {
        self.write_beliefs(beliefs).map(outward).boxed()
    }

    fn suspensions(&self) -> BoxFuture<'_, Result<Vec<SuspensionRecord>, EngineError>> {
        self.read_suspensions().map(outward).boxed()
    }

    fn save_suspensions(
        &self,
        suspended: Vec<SuspensionRecord>,
        lifted: Vec<String>,
    ) -> BoxFuture<'_, Result<(), EngineError>> {
        self.write_suspensions(suspended, lifted)
            .map(outward)
            .boxed()
    }

    fn kept_answer(&self, key: String) -> BoxFuture<'_, Result<Option<Bytes>, EngineError>> {
        self.read_answer(key).map(outward).boxed()
    }

    fn keep_answer(
        &self,
        key: String,
        answer: Bytes,
        expires: Timestamp,
    ) -> BoxFuture<'_, Result<(), EngineError>> {
        self.write_answer(key, answer, expires).map(outward).boxed()
    }
}

/// When the kept answers were last swept.
#[derive(Debug, Default)]
pub(crate) struct Sweep {
    last_millis: AtomicI64,
}

impl Sweep {
    /// True for one caller per interval. A clock set back only delays the next sweep by one interval.
    fn is_due(&self, now_millis: i64) -> bool {
        let last = self.last_millis.load(Ordering::Relaxed);
        (now_millis - last).abs() >= SWEEP_EVERY_MILLIS
            && self
                .last_millis
                .compare_exchange(last, now_millis, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }
}

impl Database {
    /// The table, and what was written ahead of it.
    async fn read_windows(&self) -> Result<Vec<WindowRecord>, StoreError> {
        let ahead = write_ahead::take_over(self, self.path()).await?;
        let mut windows = self.table_of_windows().await?;
        let is_newer = |window: &WindowRecord| {
            ahead.contains_key(&(window.budget.clone(), window.window.clone()))
        };
        if !ahead.is_empty() {
            windows.retain(|window| !is_newer(window));
            windows.extend(write_ahead::records(ahead));
        }
        Ok(windows)
    }

    async fn table_of_windows(&self) -> Result<Vec<WindowRecord>, StoreError> {
        self.rows(sql("SELECT budget, window_name, opened_at, used FROM quota_window ORDER BY budget, window_name")).await?
            .iter()
            .map(window)
            .collect()
    }

    pub(crate) async fn write_windows(&self, windows: Vec<WindowRecord>) -> Result<(), StoreError> {
        // By key, so that none comes twice, and two processes that write many at once do so in the same order.
        let rows: BTreeMap<(String, String), Vec<Value>> = windows
            .into_iter()
            .map(|window| {
                let values = vec![
                    window.budget.as_str().into(),
                    window.window.as_str().into(),
                    to_millis(window.opened_at).into(),
                    window.used.into(),
                ];
                ((window.budget, window.window), values)
            })
            .collect();
        if rows.is_empty() {
            return Ok(());
        }
        let statement = Statement::of_rows(
            "INSERT INTO quota_window (budget, window_name, opened_at, used) VALUES",
            4,
            rows.into_values().collect(),
            "ON CONFLICT (budget, window_name) DO UPDATE SET opened_at = excluded.opened_at, used = excluded.used",
        );
        self.run(statement).await.map(drop)
    }

    async fn read_suspensions(&self) -> Result<Vec<SuspensionRecord>, StoreError> {
        self.rows(sql(
            "SELECT candidate, class, until_at, failures FROM suspension ORDER BY candidate",
        ))
        .await?
        .iter()
        .map(suspension)
        .collect()
    }

    async fn write_suspensions(
        &self,
        suspended: Vec<SuspensionRecord>,
        lifted: Vec<String>,
    ) -> Result<(), StoreError> {
        if suspended.is_empty() && lifted.is_empty() {
            return Ok(());
        }
        let mut transaction = self.begin().await?;
        for candidate in lifted {
            transaction
                .run(sql("DELETE FROM suspension WHERE candidate = $1").bind(candidate))
                .await?;
        }
        for record in suspended {
            transaction.run(sql(
                "INSERT INTO suspension (candidate, class, until_at, failures) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (candidate) DO UPDATE \
                 SET class = excluded.class, until_at = excluded.until_at, failures = excluded.failures",
            )
            .bind(record.candidate)
            .bind(record.class)
            .bind(record.until.map(to_millis))
            .bind(i64::from(record.failures))).await?;
        }
        transaction.commit().await
    }

    async fn read_answer(&self, key: String) -> Result<Option<Bytes>, StoreError> {
        let kept = sql("SELECT answer FROM kept_answer WHERE id = $1 AND expires_at > $2")
            .bind(key)
            .bind(to_millis(Timestamp::now()));
        let answer = self.row(kept).await?;
        answer
            .map(|row| Ok(row.get::<Vec<u8>>("answer")?.into()))
            .transpose()
    }

    async fn write_answer(
        &self,
        key: String,
        answer: Bytes,
        expires: Timestamp,
    ) -> Result<(), StoreError> {
        let now = to_millis(Timestamp::now());
        let mut transaction = self.begin().await?;
        transaction.run(sql(
            "INSERT INTO kept_answer (id, answer, expires_at) VALUES ($1, $2, $3) \
             ON CONFLICT (id) DO UPDATE SET answer = excluded.answer, expires_at = excluded.expires_at",
        )
        .bind(key)
        .bind(answer.as_ref())
        .bind(to_millis(expires))).await?;
        transaction.commit().await?;
        if self.sweep().is_due(now) {
            self.sweep_answers(now, MOST_ANSWERS).await
        } else {
            Ok(())
        }
    }

    /// Deletes answers past their time, and those beyond the most that are kept.
    async fn sweep_answers(&self, now_millis: i64, most: i64) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        transaction
            .run(sql("DELETE FROM kept_answer WHERE expires_at <= $1").bind(now_millis))
            .await?;
        // The common dialect wants a limit beside an offset.
        transaction
            .run(
                sql("DELETE FROM kept_answer WHERE id IN \
             (SELECT id FROM kept_answer ORDER BY expires_at DESC, id LIMIT 1000000 OFFSET $1)")
                .bind(most),
            )
            .await?;
        transaction.commit().await
    }
}

fn outward<T>(result: Result<T, StoreError>) -> Result<T, EngineError> {
    result.map_err(EngineError::from)
}

fn window(row: &Row) -> Result<WindowRecord, StoreError> {
    Ok(WindowRecord {
        budget: row.get("budget")?,
        window: row.get("window_name")?,
        opened_at: from_millis("quota_window", row.get("opened_at")?)?,
        used: row.get("used")?,
    })
}

fn suspension(row: &Row) -> Result<SuspensionRecord, StoreError> {
    let failures: i64 = row.get("failures")?;
    Ok(SuspensionRecord {
        candidate: row.get("candidate")?,
        class: row.get("class")?,
        until: from_optional_millis("suspension", row.get("until_at")?)?,
        failures: u32::try_from(failures).map_err(|_| StoreError::Record {
            table: "suspension",
            reason: "failures out of range".into(),
        })?,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn database(folder: &tempfile::TempDir) -> Database {
        Database::open(&folder.path().join("guichet.db"))
            .await
            .unwrap()
    }

    async fn kept(database: &Database) -> Vec<String> {
        let rows = database.rows(sql("SELECT id FROM kept_answer ORDER BY id"));
        let rows = rows.await.unwrap();
        rows.iter().map(|row| row.get("id").unwrap()).collect()
    }

    #[tokio::test]
    async fn a_sweep_deletes_what_has_ended_and_what_is_too_much() {
        let folder = tempfile::tempdir().unwrap();
        let database = database(&folder).await;
        let now = Timestamp::now();
        for (id, seconds) in [("a", -5), ("b", 10), ("c", 30), ("d", 20)] {
            let expires = now + jiff::SignedDuration::from_secs(seconds);
            database
                .keep_answer(id.into(), Bytes::from_static(b"{}"), expires)
                .await
                .unwrap();
        }
        database.sweep_answers(to_millis(now), 2).await.unwrap();
        assert_eq!(kept(&database).await, ["c", "d"]);
    }

    #[tokio::test]
    async fn writing_sweeps_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        let database = database(&folder).await;
        database
            .keep_answer("old".into(), Bytes::new(), Timestamp::UNIX_EPOCH)
            .await
            .unwrap();
        assert_eq!(kept(&database).await, Vec::<String>::new());
    }

    #[tokio::test]
    async fn an_answer_past_its_time_is_not_given() {
        let folder = tempfile::tempdir().unwrap();
        let database = database(&folder).await;
        let soon = Timestamp::now() + jiff::SignedDuration::from_millis(200);
        database
            .keep_answer("id".into(), Bytes::from_static(b"old"), Timestamp::MAX)
            .await
            .unwrap();
        database
            .keep_answer("id".into(), Bytes::from_static(b"new"), soon)
            .await
            .unwrap();
        assert_eq!(
            database.kept_answer("id".into()).await.unwrap().unwrap(),
            "new"
        );
        tokio::time::sleep(Duration::from_millis(250)).await;
        assert_eq!(database.kept_answer("id".into()).await.unwrap(), None);
    }

    #[test]
    fn one_caller_per_interval_sweeps() {
        let sweep = Sweep::default();
        assert!(sweep.is_due(1_000_000));
        assert!(!sweep.is_due(1_000_001));
        assert!(sweep.is_due(1_060_000));
        assert!(sweep.is_due(500_000), "the clock was set back");
    }
}
