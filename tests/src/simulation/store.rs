//! A disk: writes take time, and a write that was under way when the process died may or may not be on it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use guichet_engine::store::{
    BeliefRecord, Level, Store, StoreError, SuspensionRecord, WindowRecord,
};
use jiff::Timestamp;
use parking_lot::Mutex;

use super::dice::Dice;

/// What survives a life of the engine.
#[derive(Debug)]
pub struct Disk(Mutex<State>);

#[derive(Debug)]
struct State {
    windows: BTreeMap<(String, String), WindowRecord>,
    beliefs: BTreeMap<(String, String), BeliefRecord>,
    suspensions: BTreeMap<String, SuspensionRecord>,
    answers: BTreeMap<String, Bytes>,
    dice: Dice,
    /// Whether levels are written ahead, as those of `SQLite` are, or saved like everything else, as a database's elsewhere.
    ahead: bool,
    /// The longest that a write takes, in milliseconds.
    slowest: u64,
}

/// What one write changes.
enum Change {
    Windows(Vec<WindowRecord>),
    Beliefs(Vec<BeliefRecord>),
    Suspensions(Vec<SuspensionRecord>, Vec<String>),
    Answer(String, Bytes),
}

impl Disk {
    /// An empty disk.
    #[must_use]
    pub fn new(mut dice: Dice) -> Self {
        let ahead = dice.percent(50);
        Self(Mutex::new(State {
            windows: BTreeMap::new(),
            beliefs: BTreeMap::new(),
            suspensions: BTreeMap::new(),
            answers: BTreeMap::new(),
            dice,
            ahead,
            slowest: 3,
        }))
    }

    /// From now on a write takes up to this long.
    pub fn slow_down(&self, slowest: Duration) {
        self.0.lock().slowest = u64::try_from(slowest.as_millis()).unwrap_or(u64::MAX);
    }

    /// Whether writes take so long that callers notice.
    #[must_use]
    pub fn is_slow(&self) -> bool {
        self.0.lock().slowest > 10
    }

    /// Units used of a window, as written.
    #[must_use]
    pub fn used(&self, budget: &str, window: &str) -> f64 {
        let key = (budget.to_owned(), window.to_owned());
        self.0
            .lock()
            .windows
            .get(&key)
            .map_or(0.0, |window| window.used)
    }

    /// Everything on it, in order.
    #[must_use]
    pub fn dump(&self) -> String {
        let state = self.0.lock();
        format!(
            "{:?} {:?} {:?}",
            state.windows, state.suspensions, state.answers
        )
    }

    fn wait(&self) -> Duration {
        let mut state = self.0.lock();
        let slowest = state.slowest;
        Duration::from_micros(state.dice.below(slowest * 1_000 + 1))
    }

    fn apply(&self, change: Change) {
        let mut state = self.0.lock();
        match change {
            Change::Windows(windows) => {
                let keyed = windows
                    .into_iter()
                    .map(|window| ((window.budget.clone(), window.window.clone()), window));
                state.windows.extend(keyed);
            }
            Change::Beliefs(beliefs) => {
                let keyed = beliefs
                    .into_iter()
                    .map(|belief| ((belief.budget.clone(), belief.window.clone()), belief));
                state.beliefs.extend(keyed);
            }
            Change::Suspensions(suspended, lifted) => {
                for candidate in &lifted {
                    state.suspensions.remove(candidate);
                }
                let keyed = suspended
                    .into_iter()
                    .map(|record| (record.candidate.clone(), record));
                state.suspensions.extend(keyed);
            }
            Change::Answer(key, answer) => drop(state.answers.insert(key, answer)),
        }
    }

    fn write(&self, change: Change) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let mut write = Write {
                disk: self,
                change: Some(change),
            };
            tokio::time::sleep(self.wait()).await;
            if let Some(change) = write.change.take() {
                self.apply(change);
            }
            Ok(())
        })
    }

    fn read<T: Send + 'static>(
        &self,
        read: impl Fn(&State) -> T + Send + 'static,
    ) -> BoxFuture<'_, Result<T, StoreError>> {
        Box::pin(async move {
            tokio::time::sleep(self.wait()).await;
            Ok(read(&self.0.lock()))
        })
    }
}

/// A write under way. If the process dies, nobody was told that it is done; it may be all the same.
struct Write<'a> {
    disk: &'a Disk,
    change: Option<Change>,
}

impl Drop for Write<'_> {
    fn drop(&mut self) {
        if let Some(change) = self.change.take() {
            let arrived = self.disk.0.lock().dice.percent(50);
            if arrived {
                self.disk.apply(change);
            }
        }
    }
}

impl Store for Disk {
    fn windows(&self) -> BoxFuture<'_, Result<Vec<WindowRecord>, StoreError>> {
        self.read(|state| state.windows.values().cloned().collect())
    }

    fn save_windows(&self, windows: Vec<WindowRecord>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.write(Change::Windows(windows))
    }

    fn write_ahead(&self, levels: &[Level]) -> Option<Result<(), StoreError>> {
        if !self.0.lock().ahead {
            return None;
        }
        let records = levels.iter().map(WindowRecord::from).collect();
        self.apply(Change::Windows(records));
        Some(Ok(()))
    }

    fn beliefs(&self) -> BoxFuture<'_, Result<Vec<BeliefRecord>, StoreError>> {
        self.read(|state| state.beliefs.values().cloned().collect())
    }

    fn save_beliefs(&self, beliefs: Vec<BeliefRecord>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.write(Change::Beliefs(beliefs))
    }

    fn suspensions(&self) -> BoxFuture<'_, Result<Vec<SuspensionRecord>, StoreError>> {
        self.read(|state| state.suspensions.values().cloned().collect())
    }

    fn save_suspensions(
        &self,
        suspended: Vec<SuspensionRecord>,
        lifted: Vec<String>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.write(Change::Suspensions(suspended, lifted))
    }

    fn kept_answer(&self, key: String) -> BoxFuture<'_, Result<Option<Bytes>, StoreError>> {
        self.read(move |state| state.answers.get(&key).cloned())
    }

    fn keep_answer(
        &self,
        key: String,
        answer: Bytes,
        _expires: Timestamp,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.write(Change::Answer(key, answer))
    }
}

/// A shared disk, as an engine wants it.
#[must_use]
pub fn shared(disk: &Arc<Disk>) -> Arc<dyn Store> {
    Arc::clone(disk) as Arc<dyn Store>
}
