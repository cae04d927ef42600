//! How soon candidates answered of late: a peak-sensitive moving average. A slow answer counts at once and in full, quick
//! ones win the trust back bit by bit, and what is long ago is forgotten, so that everyone is tried again.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;

/// In this time, what was measured loses two thirds of its weight.
const MEMORY: Duration = Duration::from_mins(2);
/// A failure counts as an answer that took at least this long: who fails quickly is not quick.
const FAILURE: Duration = Duration::from_secs(5);

/// The averages of all candidates.
#[derive(Debug, Default)]
pub(crate) struct Latencies(Mutex<HashMap<Box<str>, Average>>);

#[derive(Debug, Clone, Copy)]
struct Average {
    seconds: f64,
    at: Timestamp,
}

impl Latencies {
    /// Counts an attempt.
    pub(crate) fn record(&self, name: &str, took: Duration, failed: bool, now: Timestamp) {
        let took = if failed { took.max(FAILURE) } else { took }.as_secs_f64();
        let mut averages = self.0.lock();
        match averages.get_mut(name) {
            Some(average) => average.add(took, now),
            None => {
                averages.insert(
                    name.into(),
                    Average {
                        seconds: took,
                        at: now,
                    },
                );
            }
        }
    }

    /// How long an answer is to be expected to take; nothing where nobody knows, so that who is new is tried.
    pub(crate) fn expected(&self, name: &str, now: Timestamp) -> Duration {
        let averages = self.0.lock();
        let average = averages.get(name);
        average.map_or(Duration::ZERO, |average| {
            Duration::from_secs_f64(average.seconds * average.weight(now))
        })
    }
}

impl Average {
    fn add(&mut self, took: f64, now: Timestamp) {
        let weight = self.weight(now);
        self.seconds = if took > self.seconds {
            took
        } else {
            self.seconds * weight + took * (1.0 - weight)
        };
        self.at = self.at.max(now);
    }

    /// What is left of the weight of what was measured.
    fn weight(&self, now: Timestamp) -> f64 {
        let since = now.duration_since(self.at).as_secs_f64().max(0.0);
        (-since / MEMORY.as_secs_f64()).exp()
    }
}
