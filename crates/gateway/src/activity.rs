//! What happens on a connection, and when it has been waiting too long.
//!
//! | the connection | waits for | at most |
//! | --- | --- | --- |
//! | is new, or has sent a part of a request's head | the rest of the head | `head_timeout` |
//! | rests between requests, or does not read its answer | anything | `idle_timeout` |
//! | has a request or a stream under way | – | the call's own deadline |
//! | has streams under way, and takes none of them | the client | `idle_timeout` |

use std::sync::Arc;
use std::time::Duration;

use http::Version;
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::settings::Settings;

/// The state of one connection, as its limits see it.
pub(crate) struct Activity {
    head_timeout: Duration,
    idle_timeout: Duration,
    now: Mutex<State>,
}

struct State {
    under_way: usize,
    /// How many of those have something to send that nobody takes yet.
    untaken: usize,
    /// When the first byte came after a rest; the head must be whole soon after.
    head_since: Option<Instant>,
    /// When something last moved outward; none until somebody wants to know, after a request ended.
    rests_since: Option<Instant>,
    /// HTTP/2 sends more than heads, so that bytes do not tell that one has begun.
    is_multiplexed: bool,
}

/// A request under way, until it is dropped.
pub(crate) struct UnderWay {
    activity: Arc<Activity>,
    is_untaken: bool,
}

impl Activity {
    /// Of a new connection, whose first head is awaited from now on.
    pub(crate) fn new(settings: &Settings) -> Self {
        let now = Instant::now();
        let state = State {
            under_way: 0,
            untaken: 0,
            head_since: Some(now),
            rests_since: Some(now),
            is_multiplexed: false,
        };
        Self {
            head_timeout: settings.head_timeout,
            idle_timeout: settings.idle_timeout,
            now: Mutex::new(state),
        }
    }

    /// A request's head is whole.
    pub(crate) fn begin(self: &Arc<Self>, version: Version) -> UnderWay {
        let mut state = self.now.lock();
        state.under_way += 1;
        state.head_since = None;
        state.is_multiplexed = version == Version::HTTP_2;
        UnderWay {
            activity: Arc::clone(self),
            is_untaken: false,
        }
    }

    /// Ends when the connection has waited too long; tells for what.
    pub(crate) async fn overdue(&self) -> &'static str {
        loop {
            let (deadline, limit) = self.deadline();
            if deadline <= Instant::now() {
                return limit;
            }
            tokio::time::sleep_until(deadline).await;
        }
    }

    /// The next moment worth looking at the connection again.
    fn deadline(&self) -> (Instant, &'static str) {
        let mut state = self.now.lock();
        match (state.under_way, state.head_since) {
            (0, Some(since)) => (since + self.head_timeout, "head"),
            (0, None) => {
                let since = *state.rests_since.get_or_insert_with(Instant::now);
                (since + self.idle_timeout, "idle")
            }
            _ if state.under_way == state.untaken => {
                let since = *state.rests_since.get_or_insert_with(Instant::now);
                (since + self.idle_timeout, "reading")
            }
            // A head may be due at the earliest one head's time from now.
            _ => (
                Instant::now() + self.head_timeout.min(self.idle_timeout),
                "under way",
            ),
        }
    }

    /// Bytes came in.
    pub(crate) fn has_read(&self) {
        let mut state = self.now.lock();
        if state.under_way == 0 && state.head_since.is_none() && !state.is_multiplexed {
            state.head_since = Some(Instant::now());
        }
    }

    /// Bytes went out.
    pub(crate) fn has_written(&self) {
        self.now.lock().rests_since = Some(Instant::now());
    }
}

impl UnderWay {
    /// A piece of a stream was handed over: until [`Self::is_taken`], it is the client who is waited for.
    pub(crate) fn hands_over(&mut self) {
        if !self.is_untaken {
            self.is_untaken = true;
            let mut state = self.activity.now.lock();
            state.untaken += 1;
            state.rests_since = Some(Instant::now());
        }
    }

    /// What was handed over has been taken, and there is nothing more yet.
    pub(crate) fn is_taken(&mut self) {
        if self.is_untaken {
            self.is_untaken = false;
            self.activity.now.lock().untaken -= 1;
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.is_taken();
        let mut state = self.activity.now.lock();
        state.under_way -= 1;
        // The answer is on its way out, which tells the time; where it is not read, the next look at it does.
        state.rests_since = None;
    }
}
