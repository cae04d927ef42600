//! Two times: what it really is, and what the machine's clock shows. The machine may sleep, and its clock may be set.

use std::sync::Arc;
use std::time::Duration;

use guichet_engine::clock::Clock;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use tokio::time::Instant;

/// The time of a run, over all lives of the engine.
#[derive(Debug, Clone)]
pub struct Time(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// The true time when the current life began, and every sleep of the machine since.
    base: Timestamp,
    began: Option<Instant>,
    /// How far the machine's clock is ahead.
    ahead: SignedDuration,
    /// The farthest that it ever was from the truth.
    farthest: Duration,
}

impl Time {
    /// A run that begins at this time.
    #[must_use]
    pub fn at(begin: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(State {
            base: begin,
            began: None,
            ahead: SignedDuration::ZERO,
            farthest: Duration::ZERO,
        })))
    }

    /// A life begins, on a runtime whose time stands still.
    pub fn begin_life(&self) {
        self.0.lock().began = Some(Instant::now());
    }

    /// A life ends; the next one begins after this.
    pub fn end_life(&self, downtime: Duration) {
        let now = self.truth();
        let mut state = self.0.lock();
        state.base = now + downtime;
        state.began = None;
    }

    /// The machine sleeps: time passes, and nothing that waits notices.
    pub fn sleep_through(&self, time: Duration) {
        let mut state = self.0.lock();
        state.base += time;
    }

    /// Somebody sets the machine's clock, forward or back.
    pub fn set_clock(&self, by: SignedDuration) {
        let mut state = self.0.lock();
        state.ahead += by;
        state.farthest = state.farthest.max(state.ahead.unsigned_abs());
    }

    /// What it really is.
    #[must_use]
    pub fn truth(&self) -> Timestamp {
        let state = self.0.lock();
        let elapsed = state.began.map_or(Duration::ZERO, |began| began.elapsed());
        state.base + elapsed
    }

    /// How far the clock was from the truth at most.
    #[must_use]
    pub fn farthest(&self) -> Duration {
        self.0.lock().farthest
    }
}

impl Clock for Time {
    fn now(&self) -> Timestamp {
        let ahead = self.0.lock().ahead;
        self.truth() + ahead
    }
}
