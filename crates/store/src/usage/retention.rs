//! How long it is remembered what calls to models took.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::sleep;

use crate::instant::to_millis;
use crate::sql::sql;
use crate::{Database, StoreError};

/// What passes between two looks for what is too old.
const EVERY: Duration = Duration::from_hours(1);

impl Database {
    /// Forgets the calls that ended before; returns how many these were.
    pub async fn forget_usage(&self, before: Timestamp) -> Result<u64, StoreError> {
        let forget = sql("DELETE FROM usage WHERE ended_at < $1");
        self.run(forget.bind(to_millis(before))).await
    }
}

/// Forgets every hour what is older than this, beside whatever else the server does. It never returns.
pub async fn keep_usage_for(database: Database, keep: Duration) {
    loop {
        if let Ok(before) = Timestamp::now().checked_sub(keep) {
            match database.forget_usage(before).await {
                Ok(0) => {}
                Ok(calls) => {
                    tracing::info!(calls, "usage that was older than usage.keep is forgotten");
                }
                Err(error) => tracing::warn!(%error, "old usage could not be forgotten"),
            }
        }
        sleep(EVERY).await;
    }
}
