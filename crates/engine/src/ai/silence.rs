//! How long a model is usually silent, so that one that is silent for longer is raced by the next.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// The first token of a stream.
    First,
    /// A whole answer.
    Whole,
}

/// The latest waits for each model of each provider.
#[derive(Debug, Default)]
pub(crate) struct Silence {
    waits: Mutex<HashMap<Box<str>, [Ring; 2]>>,
}

/// The latest waits, the oldest overwritten first.
#[derive(Debug)]
struct Ring {
    /// Milliseconds.
    waits: [u32; Ring::SIZE],
    /// How many were ever written.
    written: usize,
}

/// Bounds of patience: the shortest, the longest, and what holds while nothing is known.
struct Bounds {
    shortest: Duration,
    longest: Duration,
    unknown: Duration,
}

impl Kind {
    fn bounds(self) -> Bounds {
        match self {
            Self::First => Bounds {
                shortest: Duration::from_millis(300),
                longest: Duration::from_secs(4),
                unknown: Duration::from_millis(900),
            },
            Self::Whole => Bounds {
                shortest: Duration::from_secs(2),
                longest: Duration::from_secs(30),
                unknown: Duration::from_secs(10),
            },
        }
    }
}

impl Silence {
    /// Remembers how long it took; `key` names the model at its provider.
    pub(crate) fn record(&self, key: &str, kind: Kind, took: Duration) {
        let mut waits = self.waits.lock();
        if let Some(rings) = waits.get_mut(key) {
            return rings[kind as usize].push(took);
        }
        let rings = waits.entry(key.into()).or_default();
        rings[kind as usize].push(took);
    }

    /// How long it may be silent before that is unusual: longer than 95 of a hundred waits were, within bounds.
    pub(crate) fn patience(&self, key: &str, kind: Kind) -> Duration {
        let bounds = kind.bounds();
        let usual = self
            .waits
            .lock()
            .get(key)
            .and_then(|rings| rings[kind as usize].usual_longest());
        usual.map_or(bounds.unknown, |usual| {
            usual.clamp(bounds.shortest, bounds.longest)
        })
    }
}

impl Default for Ring {
    fn default() -> Self {
        Self {
            waits: [0; Self::SIZE],
            written: 0,
        }
    }
}

impl Ring {
    const SIZE: usize = 64;
    /// Fewer waits than this say nothing of what is usual.
    const ENOUGH: usize = 5;

    fn push(&mut self, took: Duration) {
        let milliseconds = u32::try_from(took.as_millis()).unwrap_or(u32::MAX);
        self.waits[self.written % Self::SIZE] = milliseconds;
        self.written += 1;
    }

    /// The 95th percentile.
    fn usual_longest(&self) -> Option<Duration> {
        let kept = self.written.min(Self::SIZE);
        if kept < Self::ENOUGH {
            return None;
        }
        let mut sorted = self.waits;
        let sorted = &mut sorted[..kept];
        sorted.sort_unstable();
        let rank = (kept * 95).div_ceil(100) - 1;
        Some(Duration::from_millis(u64::from(sorted[rank])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "groq/openai/gpt-oss-120b";

    fn after(waits: impl IntoIterator<Item = u64>, kind: Kind) -> Duration {
        let silence = Silence::default();
        for wait in waits {
            silence.record(KEY, kind, Duration::from_millis(wait));
        }
        silence.patience(KEY, kind)
    }

    #[test]
    fn of_an_unknown_model_the_usual_is_assumed() {
        assert_eq!(after([], Kind::First), Duration::from_millis(900));
        assert_eq!(after([], Kind::Whole), Duration::from_secs(10));
        assert_eq!(
            after([2000, 2000, 2000, 2000], Kind::First),
            Duration::from_millis(900),
            "four waits are no habit"
        );
    }

    #[test]
    fn patience_lasts_as_long_as_nearly_all_waits_did() {
        let waits = (1..=60).map(|number| number * 20);
        assert_eq!(after(waits, Kind::First), Duration::from_millis(57 * 20));
    }

    #[test]
    fn one_wait_in_twenty_does_not_count() {
        let waits = [vec![500; 38], vec![9000; 2]].concat();
        assert_eq!(after(waits, Kind::First), Duration::from_millis(500));
    }

    #[test]
    fn patience_has_bounds() {
        assert_eq!(after([10; 20], Kind::First), Duration::from_millis(300));
        assert_eq!(after([60_000; 20], Kind::First), Duration::from_secs(4));
        assert_eq!(after([10; 20], Kind::Whole), Duration::from_secs(2));
        assert_eq!(after([90_000; 20], Kind::Whole), Duration::from_secs(30));
    }

    #[test]
    fn old_waits_are_forgotten() {
        let waits = [vec![3500; 64], vec![600; 64]].concat();
        assert_eq!(after(waits, Kind::First), Duration::from_millis(600));
    }

    #[test]
    fn first_tokens_and_whole_answers_are_told_apart() {
        let silence = Silence::default();
        for _ in 0..10 {
            silence.record(KEY, Kind::First, Duration::from_millis(400));
            silence.record(KEY, Kind::Whole, Duration::from_secs(5));
        }
        assert_eq!(
            silence.patience(KEY, Kind::First),
            Duration::from_millis(400)
        );
        assert_eq!(silence.patience(KEY, Kind::Whole), Duration::from_secs(5));
        assert_eq!(
            silence.patience("groq/other", Kind::First),
            Duration::from_millis(900)
        );
    }
}
