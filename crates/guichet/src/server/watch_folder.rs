//! Watches the operator's catalogue folder.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc::{Receiver, channel};
use tokio_util::sync::CancellationToken;

use super::reload::Reloader;

/// Editors write a file in several steps; this much silence says that they are done.
const SILENCE: Duration = Duration::from_millis(200);

/// The folder is watched while this lives. Changes wait until they are followed: none is missed that comes after the
/// folder was read first.
pub(super) struct Watched {
    _watcher: RecommendedWatcher,
    changes: Receiver<()>,
}

impl Watched {
    /// Begins to watch a folder and everything in it.
    pub(super) fn begin(folder: &Path) -> anyhow::Result<Self> {
        // One place is enough: a change that is waiting to be seen stands for all others.
        let (signal, changes) = channel(1);
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.is_ok_and(|event| event.kind.is_access()) {
                return;
            }
            // Full: one is waiting already. Closed: the server stops.
            let _waiting = signal.try_send(());
        })
        .context("the system cannot watch folders")?;
        watcher
            .watch(folder, RecursiveMode::Recursive)
            .with_context(|| format!("the folder {} cannot be watched", folder.display()))?;
        Ok(Self {
            _watcher: watcher,
            changes,
        })
    }

    /// Reloads whenever something has changed, until the server stops.
    pub(super) async fn follow(mut self, reloader: Reloader, stop: CancellationToken) {
        stop.run_until_cancelled(follow(&mut self.changes, &reloader))
            .await;
    }
}

async fn follow(changes: &mut Receiver<()>, reloader: &Reloader) {
    while changes.recv().await.is_some() {
        while let Ok(Some(())) = tokio::time::timeout(SILENCE, changes.recv()).await {}
        reloader.reload().await;
    }
}
