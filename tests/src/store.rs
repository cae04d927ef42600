//! A store in memory, which can also be one that fails.

use std::collections::HashMap;

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt, ready};
use guichet_engine::store::{BeliefRecord, Store, StoreError, SuspensionRecord, WindowRecord};
use jiff::Timestamp;
use parking_lot::Mutex;

/// What an engine remembers, readable by tests and handed on to the next engine.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    windows: HashMap<(String, String), WindowRecord>,
    beliefs: HashMap<(String, String), BeliefRecord>,
    suspensions: HashMap<String, SuspensionRecord>,
    answers: HashMap<String, Bytes>,
    broken: bool,
}

impl MemoryStore {
    /// From now on every call fails, or none does.
    pub fn set_broken(&self, broken: bool) {
        self.state.lock().broken = broken;
    }

    /// The windows as last saved, by budget and window.
    #[must_use]
    pub fn saved_windows(&self) -> Vec<WindowRecord> {
        let mut windows: Vec<_> = self.state.lock().windows.values().cloned().collect();
        windows.sort_by(|a, b| (&a.budget, &a.window).cmp(&(&b.budget, &b.window)));
        windows
    }

    /// Units used of one window as last saved; zero where nothing was saved.
    #[must_use]
    pub fn used(&self, budget: &str, window: &str) -> f64 {
        let key = (budget.to_owned(), window.to_owned());
        self.state
            .lock()
            .windows
            .get(&key)
            .map_or(0.0, |record| record.used)
    }

    /// Kept answers as they were written, with their keys.
    #[must_use]
    pub fn kept(&self) -> Vec<(String, String)> {
        let state = self.state.lock();
        let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
        let answers = state.answers.iter();
        answers
            .map(|(key, answer)| (key.clone(), text(answer)))
            .collect()
    }

    /// Changes kept answers, as an older version might have written them.
    pub fn rewrite_kept(&self, change: impl Fn(&str) -> String) {
        for answer in self.state.lock().answers.values_mut() {
            *answer = change(&String::from_utf8_lossy(answer)).into();
        }
    }

    /// Everything that was written, as text.
    #[must_use]
    pub fn dump(&self) -> String {
        let kept = self.kept();
        format!("{:?} {kept:?}", self.state.lock())
    }

    fn with<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut State) -> T,
    ) -> BoxFuture<'_, Result<T, StoreError>> {
        let mut state = self.state.lock();
        let result = if state.broken {
            Err(StoreError("no space left".into()))
        } else {
            Ok(act(&mut state))
        };
        ready(result).boxed()
    }
}

impl Store for MemoryStore {
    fn windows(&self) -> BoxFuture<'_, Result<Vec<WindowRecord>, StoreError>> {
        self.with(|state| state.windows.values().cloned().collect())
    }

    fn save_windows(&self, windows: Vec<WindowRecord>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.with(|state| {
            let keyed = windows
                .into_iter()
                .map(|window| ((window.budget.clone(), window.window.clone()), window));
            state.windows.extend(keyed);
        })
    }

    fn beliefs(&self) -> BoxFuture<'_, Result<Vec<BeliefRecord>, StoreError>> {
        self.with(|state| state.beliefs.values().cloned().collect())
    }

    fn save_beliefs(&self, beliefs: Vec<BeliefRecord>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.with(|state| {
            let keyed = beliefs
                .into_iter()
                .map(|belief| ((belief.budget.clone(), belief.window.clone()), belief));
            state.beliefs.extend(keyed);
        })
    }

    fn suspensions(&self) -> BoxFuture<'_, Result<Vec<SuspensionRecord>, StoreError>> {
        self.with(|state| state.suspensions.values().cloned().collect())
    }

    fn save_suspensions(
        &self,
        suspended: Vec<SuspensionRecord>,
        lifted: Vec<String>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.with(|state| {
            for candidate in &lifted {
                state.suspensions.remove(candidate);
            }
            state.suspensions.extend(
                suspended
                    .into_iter()
                    .map(|record| (record.candidate.clone(), record)),
            );
        })
    }

    fn kept_answer(&self, key: String) -> BoxFuture<'_, Result<Option<Bytes>, StoreError>> {
        self.with(move |state| state.answers.get(&key).cloned())
    }

    fn keep_answer(
        &self,
        key: String,
        answer: Bytes,
        _expires: Timestamp,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.with(move |state| drop(state.answers.insert(key, answer)))
    }
}
