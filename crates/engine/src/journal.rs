//! Hands what changed to the store.
//!
//! A request leaves only after its reservation is written: what is lost with the process would be asked twice. What
//! is settled, and what is given back, is written with the next reservation, or soon.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use crate::guard::Guard;
use crate::store::{Level, Store, StoreError, SuspensionRecord, WindowRecord};

/// Writes of the engine's state.
#[derive(Clone)]
pub(crate) struct Journal {
    levels: Arc<Levels>,
    entries: mpsc::Sender<Entry>,
}

enum Entry {
    Suspension(String, Option<SuspensionRecord>),
    Flush(oneshot::Sender<()>),
}

/// When a write that failed is tried again.
const AGAIN: Duration = Duration::from_secs(1);
/// Entries that may wait; beyond it writers wait, which is the back-pressure.
const WAITING: usize = 4_096;
/// Entries of one write.
const BATCH: usize = 512;
/// How long a change that nobody waits for may wait.
const COMPANY: Duration = Duration::from_millis(50);
/// How long what was written ahead stays there. Some files and a turn of the database are paid for each time.
const CHECKPOINT: Duration = Duration::from_secs(5);

impl Journal {
    pub(crate) fn start(store: Arc<dyn Store>, guard: Arc<Guard>) -> Self {
        let (entries, inbox) = mpsc::channel(WAITING);
        let levels = Arc::new(Levels {
            ahead: store.write_ahead(&[]).is_some(),
            store,
            guard,
            taken: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        });
        tokio::spawn(Writing::new(Arc::clone(&levels)).run(inbox));
        Self { levels, entries }
    }

    /// Returns when every change of a window that was made before is durable. Whoever else is ready in this turn of the
    /// runtime's loop reserves first, so that one write serves them all.
    pub(crate) async fn windows(&self) {
        tokio::task::yield_now().await;
        self.levels.write().await;
    }

    /// Writes, or removes, a suspension some time.
    pub(crate) fn suspension_later(&self, candidate: String, record: Option<SuspensionRecord>) {
        let entry = Entry::Suspension(candidate, record);
        if let Err(mpsc::error::TrySendError::Full(entry)) = self.entries.try_send(entry) {
            let entries = self.entries.clone();
            tokio::spawn(async move { entries.send(entry).await });
        }
    }

    /// Returns when everything before is written where it stays.
    pub(crate) async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.entries.send(Entry::Flush(done)).await.is_ok() {
            let _ = written.await;
        }
    }
}

/// Levels of windows on their way to the store. Who writes takes all that have changed, and writes them before the next
/// one takes any: so no older level comes after a newer one, and a hundred that wait cost one write.
struct Levels {
    store: Arc<dyn Store>,
    guard: Arc<Guard>,
    /// Whether the store writes ahead.
    ahead: bool,
    /// What is being written ahead; empty in between.
    taken: Mutex<Vec<Level>>,
    /// Whose turn it is to save where nothing is written ahead.
    turn: tokio::sync::Mutex<()>,
}

impl Levels {
    /// Whether everything that has changed is written. A store that fails must not take the answers with it: the
    /// ledger in memory still counts.
    async fn write(&self) -> bool {
        if self.ahead {
            self.write_ahead()
        } else {
            self.save().await
        }
    }

    fn write_ahead(&self) -> bool {
        let mut levels = self.taken.lock();
        self.guard.take_changes(&mut levels);
        if levels.is_empty() {
            return true;
        }
        let written = match self.store.write_ahead(&levels) {
            Some(Err(error)) => self.failed(&levels, &error),
            Some(Ok(())) | None => true,
        };
        levels.clear();
        written
    }

    async fn save(&self) -> bool {
        let _turn = self.turn.lock().await;
        let mut levels = Vec::new();
        self.guard.take_changes(&mut levels);
        if levels.is_empty() {
            return true;
        }
        let records = levels.iter().map(WindowRecord::from).collect();
        let mut taken = Taken {
            guard: &self.guard,
            levels,
        };
        let saved = self.store.save_windows(records).await;
        let levels = std::mem::take(&mut taken.levels);
        match saved {
            Ok(()) => true,
            Err(error) => self.failed(&levels, &error),
        }
    }

    fn failed(&self, levels: &[Level], error: &StoreError) -> bool {
        self.guard.ledger().not_written(levels);
        tracing::error!(%error, "quota windows could not be saved; until they can be, they are counted in memory only");
        false
    }

    /// What is believed changes seldom, and nobody waits for it.
    async fn save_beliefs(&self) {
        let beliefs = self.guard.ledger().take_beliefs();
        if beliefs.is_empty() {
            return;
        }
        if let Err(error) = self.store.save_beliefs(beliefs).await {
            tracing::error!(%error, "what was learnt of quotas could not be saved; it holds until the next restart only");
        }
    }

    async fn checkpoint(&self) {
        if let Err(error) = self.store.checkpoint().await {
            tracing::error!(%error, "quota windows stay in the write-ahead file: the database does not take them");
        }
    }
}

/// Changes that were taken to be written. Whoever writes them may leave before they are: then they are to be written by
/// the next one.
struct Taken<'a> {
    guard: &'a Guard,
    levels: Vec<Level>,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if !self.levels.is_empty() {
            self.guard.ledger().not_written(&self.levels);
        }
    }
}

/// The one that writes what nobody waits for.
struct Writing {
    levels: Arc<Levels>,
    /// When it looks for changes again; none as long as it rests.
    look_at: Option<Instant>,
    checkpoint_at: Instant,
}

impl Writing {
    fn new(levels: Arc<Levels>) -> Self {
        let now = Instant::now();
        Self {
            levels,
            look_at: Some(now),
            checkpoint_at: now,
        }
    }

    async fn run(mut self, mut inbox: mpsc::Receiver<Entry>) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let looking = self.look_at.is_some();
            let look_at = self.look_at.unwrap_or_else(Instant::now);
            tokio::select! {
                // In this order always, so that the same run can be made twice.
                biased;
                entries = inbox.recv_many(&mut batch, BATCH) => {
                    if entries == 0 {
                        self.levels.write().await;
                        return;
                    }
                    self.take(&mut batch).await;
                }
                () = self.levels.guard.ledger().changed(), if !looking => self.soon(),
                () = sleep_until(look_at), if looking => self.look().await,
            }
        }
    }

    fn soon(&mut self) {
        let now = Instant::now();
        self.look_at = Some(now + COMPANY);
        self.checkpoint_at = now + CHECKPOINT;
    }

    /// Writes what has changed, and rests when everything is where it stays.
    async fn look(&mut self) {
        let written = self.levels.write().await;
        let now = Instant::now();
        self.look_at = Some(now + if written { COMPANY } else { AGAIN });
        if now >= self.checkpoint_at {
            self.levels.checkpoint().await;
            self.levels.save_beliefs().await;
            self.checkpoint_at = now + CHECKPOINT;
            if self.levels.guard.ledger().rest() {
                self.look_at = None;
            }
        }
    }

    async fn take(&mut self, batch: &mut Vec<Entry>) {
        let mut suspensions: HashMap<String, Option<SuspensionRecord>> = HashMap::new();
        let mut waiting = Vec::new();
        for entry in batch.drain(..) {
            match entry {
                Entry::Suspension(candidate, record) => drop(suspensions.insert(candidate, record)),
                Entry::Flush(done) => waiting.push(done),
            }
        }
        save(&*self.levels.store, suspensions).await;
        if waiting.is_empty() {
            return;
        }
        self.levels.write().await;
        self.levels.checkpoint().await;
        self.levels.save_beliefs().await;
        for done in waiting {
            let _ = done.send(());
        }
    }
}

async fn save(store: &dyn Store, suspensions: HashMap<String, Option<SuspensionRecord>>) {
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
