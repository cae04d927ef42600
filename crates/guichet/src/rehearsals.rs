//! The file of failures that are rehearsed: `guichet rehearse` writes it, the server follows it.
//!
//! It is in the data folder, so that only who may do everything on this machine may make providers fail, and so that no
//! request from outside can.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use guichet_engine::Engine;
use guichet_engine::rehearsal::Rehearsal;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

const FILE: &str = "rehearsals.json";
/// How often a server looks.
const EVERY: Duration = Duration::from_millis(500);

/// The rehearsals of a data folder.
#[derive(Debug, Clone)]
pub(crate) struct Rehearsals(PathBuf);

impl Rehearsals {
    /// Those of this data folder.
    pub(crate) fn of(data_dir: &Path) -> Self {
        Self(data_dir.join(FILE))
    }

    /// All that were written down, also those that are over.
    pub(crate) fn read(&self) -> anyhow::Result<Vec<Rehearsal>> {
        let shown = || self.0.display();
        match std::fs::read(&self.0) {
            Ok(text) => serde_json::from_slice(&text)
                .with_context(|| format!("{} cannot be read; remove it", shown())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error).with_context(|| format!("{} cannot be read", shown())),
        }
    }

    /// Writes these in the place of all others, at once.
    pub(crate) fn write(&self, rehearsals: &[Rehearsal]) -> anyhow::Result<()> {
        let shown = || format!("{} cannot be written", self.0.display());
        let beside = self.0.with_extension("new");
        std::fs::write(&beside, serde_json::to_vec_pretty(rehearsals)?).with_context(shown)?;
        std::fs::rename(&beside, &self.0).with_context(shown)
    }

    /// Has the engine fail as the file says, until the server stops.
    pub(crate) async fn follow(self, engine: Engine, stop: CancellationToken) {
        let mut last: Vec<Rehearsal> = Vec::new();
        let mut ticks = tokio::time::interval(EVERY);
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            let file = self.clone();
            let read = tokio::task::spawn_blocking(move || file.read()).await;
            let written = match read {
                Ok(Ok(written)) => written,
                Ok(Err(error)) => {
                    tracing::warn!(error = format!("{error:#}"), "no failure is rehearsed");
                    Vec::new()
                }
                Err(_) => continue,
            };
            let now = engine.now();
            // What ended while nobody ran is taken over too, so that its suspensions are lifted.
            if written == last && !last.iter().any(|one| one.until <= now) {
                continue;
            }
            engine.rehearse(written.clone());
            let all = written.len();
            last = running(written, now);
            engine.rehearse(last.clone());
            tell(&last);
            if last.len() == all {
                continue;
            }
            let (file, left) = (self.clone(), last.clone());
            let written = tokio::task::spawn_blocking(move || file.write(&left)).await;
            if let Ok(Err(error)) = written {
                tracing::warn!(error = format!("{error:#}"), "the end of a rehearsal");
            }
        }
    }
}

fn tell(rehearsals: &[Rehearsal]) {
    for Rehearsal {
        provider,
        fault,
        until,
    } in rehearsals
    {
        tracing::warn!(%provider, %fault, %until, "a failure is rehearsed");
    }
    if rehearsals.is_empty() {
        tracing::warn!("no failure is rehearsed any more");
    }
}

/// Those that are not over.
pub(crate) fn running(all: Vec<Rehearsal>, now: Timestamp) -> Vec<Rehearsal> {
    all.into_iter().filter(|one| now < one.until).collect()
}
