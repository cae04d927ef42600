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

/// The folder is watched while this lives.
pub(super) struct Watched {
    _watcher: RecommendedWatcher,
}

/// Reloads whenever something in the folder has changed.
pub(super) fn watch(
    folder: &Path,
    reloader: Reloader,
    stop: CancellationToken,
) -> anyhow::Result<Watched> {
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
        .with_context(|| format!("{} cannot be watched", folder.display()))?;
    tokio::spawn(async move {
        stop.run_until_cancelled(follow(changes, reloader)).await;
    });
    Ok(Watched { _watcher: watcher })
}

async fn follow(mut changes: Receiver<()>, reloader: Reloader) {
    while changes.recv().await.is_some() {
        while let Ok(Some(())) = tokio::time::timeout(SILENCE, changes.recv()).await {}
        reloader.reload().await;
    }
}
