//! Takes over what other processes change: a key revoked on the command line closes in the running server.

use std::time::Duration;

use guichet_store::AccessChanges;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::{Access, AccessError};

/// Four questions a second keep the promise of "under a second" with room for a slow disk.
const EVERY: Duration = Duration::from_millis(250);

/// What the loop remembers between two questions.
#[derive(Default)]
struct Watcher {
    changes: Option<AccessChanges>,
    /// A change was seen and not yet taken over.
    pending: bool,
}

impl Access {
    /// Reloads on every change until cancelled. Failures are logged once and tried again; meanwhile the last good
    /// state stays in force.
    pub async fn watch(&self, cancellation: CancellationToken) {
        let mut watcher = Watcher::default();
        let mut failing = false;
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while cancellation
            .run_until_cancelled(ticks.tick())
            .await
            .is_some()
        {
            match self.follow(&mut watcher).await {
                Ok(()) if failing => tracing::info!("keys and credentials can be read again"),
                Err(error) if !failing => {
                    tracing::warn!(%error, "keys and credentials cannot be read again: the last ones stay in force");
                }
                Ok(()) | Err(_) => {}
            }
            failing = watcher.pending || watcher.changes.is_none();
        }
    }

    async fn follow(&self, watcher: &mut Watcher) -> Result<(), AccessError> {
        let mut changes = match watcher.changes.take() {
            Some(changes) => changes,
            None => self.shared.database.access_changes().await?,
        };
        // A connection that failed is not put back: the next one begins with a yes.
        watcher.pending |= changes.changed().await?;
        watcher.changes = Some(changes);
        if watcher.pending {
            self.reload().await?;
            watcher.pending = false;
        }
        Ok(())
    }
}
