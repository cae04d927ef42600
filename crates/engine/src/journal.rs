//! Hands what changed to the store: one writer, in batches, so that a hundred requests at once cost one write.
//!
//! A request leaves only after its reservation is written: what is lost with the process would be asked twice.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::guard::Guard;
use crate::ledger::Claim;
use crate::store::{Store, SuspensionRecord, WindowRecord};

/// Writes of the engine's state.
#[derive(Debug, Clone)]
pub(crate) struct Journal {
    entries: mpsc::Sender<Entry>,
}

/// Windows are named, not copied: what is written is their level at the time of writing, so that no older one can
/// come after it.
enum Entry {
    Windows(Vec<Claim>, Option<oneshot::Sender<()>>),
    Suspension(String, Option<SuspensionRecord>),
    Flush(oneshot::Sender<()>),
}

/// Entries that may wait; beyond it writers wait, which is the back-pressure.
const WAITING: usize = 4_096;
/// How long an entry that nobody waits for may wait.
const COMPANY: std::time::Duration = std::time::Duration::from_millis(50);
/// Entries of one write.
const BATCH: usize = 512;

impl Entry {
    /// Whether somebody goes on only when it is written.
    fn is_awaited(&self) -> bool {
        match self {
            Self::Windows(_, done) => done.is_some(),
            Self::Suspension(..) => false,
            Self::Flush(_) => true,
        }
    }
}

impl Journal {
    pub(crate) fn start(store: Arc<dyn Store>, guard: Arc<Guard>) -> Self {
        let (entries, inbox) = mpsc::channel(WAITING);
        tokio::spawn(write(store, guard, inbox));
        Self { entries }
    }

    /// Writes the windows of these claims; returns when they are durable.
    pub(crate) async fn windows(&self, claims: &[Claim]) {
        if claims.is_empty() {
            return;
        }
        let (done, written) = oneshot::channel();
        if self
            .entries
            .send(Entry::Windows(claims.to_vec(), Some(done)))
            .await
            .is_ok()
        {
            let _ = written.await;
        }
    }

    /// Writes the windows of these claims some time.
    pub(crate) fn windows_later(&self, claims: Vec<Claim>) {
        if !claims.is_empty() {
            self.later(Entry::Windows(claims, None));
        }
    }

    /// Writes, or removes, a suspension some time.
    pub(crate) fn suspension_later(&self, candidate: String, record: Option<SuspensionRecord>) {
        self.later(Entry::Suspension(candidate, record));
    }

    /// Returns when everything before is written.
    pub(crate) async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.entries.send(Entry::Flush(done)).await.is_ok() {
            let _ = written.await;
        }
    }

    fn later(&self, entry: Entry) {
        if let Err(mpsc::error::TrySendError::Full(entry)) = self.entries.try_send(entry) {
            let entries = self.entries.clone();
            tokio::spawn(async move { entries.send(entry).await });
        }
    }
}

async fn write(store: Arc<dyn Store>, guard: Arc<Guard>, mut inbox: mpsc::Receiver<Entry>) {
    let mut batch = Vec::with_capacity(BATCH);
    while inbox.recv_many(&mut batch, BATCH).await > 0 {
        gather(&mut batch, &mut inbox).await;
        let mut windows: HashMap<(Arc<str>, String), Claim> = HashMap::new();
        let mut suspensions: HashMap<String, Option<SuspensionRecord>> = HashMap::new();
        let mut waiting = Vec::new();
        for entry in batch.drain(..) {
            match entry {
                Entry::Windows(claims, done) => {
                    let keyed = claims
                        .into_iter()
                        .map(|claim| ((Arc::clone(&claim.budget), claim.quota.id()), claim));
                    windows.extend(keyed);
                    waiting.extend(done);
                }
                Entry::Suspension(candidate, record) => {
                    suspensions.insert(candidate, record);
                }
                Entry::Flush(done) => waiting.push(done),
            }
        }
        let claims: Vec<Claim> = windows.into_values().collect();
        save(&*store, guard.window_records(&claims), suspensions).await;
        for done in waiting {
            let _ = done.send(());
        }
    }
}

/// Lets entries that nobody waits for wait for company: what settles a request is written with what reserves the next.
async fn gather(batch: &mut Vec<Entry>, inbox: &mut mpsc::Receiver<Entry>) {
    let until = tokio::time::Instant::now() + COMPANY;
    while batch.len() < BATCH && !batch.iter().any(Entry::is_awaited) {
        let room = BATCH - batch.len();
        match tokio::time::timeout_at(until, inbox.recv_many(batch, room)).await {
            Ok(more) if more > 0 => {}
            Ok(_) | Err(_) => return,
        }
    }
}

/// A store that fails must not take the answers with it: the ledger in memory still counts.
async fn save(
    store: &dyn Store,
    windows: Vec<WindowRecord>,
    suspensions: HashMap<String, Option<SuspensionRecord>>,
) {
    if !windows.is_empty()
        && let Err(error) = store.save_windows(windows).await
    {
        tracing::error!(%error, "quota windows could not be saved; they are counted in memory only");
    }
    if suspensions.is_empty() {
        return;
    }
    let (mut suspended, mut lifted) = (Vec::new(), Vec::new());
    for (candidate, record) in suspensions {
        match record {
            Some(record) => suspended.push(record),
            None => lifted.push(candidate),
        }
    }
    if let Err(error) = store.save_suspensions(suspended, lifted).await {
        tracing::error!(%error, "suspensions could not be saved; they hold until the next restart only");
    }
}
