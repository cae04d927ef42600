//! How long a model is usually silent, so that one that is silent for longer is raced by the next.

use std::collections::HashMap;
use std::sync::Arc;
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
    waits: Mutex<HashMap<Box<str>, Arc<Waits>>>,
}

/// The latest waits for one model of one provider.
#[derive(Debug, Default)]
pub(crate) struct Waits([Mutex<Ring>; 2]);

/// The latest waits, the oldest overwritten first.
#[derive(Debug)]
struct Ring {
    /// Milliseconds.
    waits: [u32; Ring::SIZE],
    /// The same, the shortest first.
    sorted: [u32; Ring::SIZE],
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
    /// What is known of a model at its provider, which `key` names.
    pub(crate) fn of(&self, key: &str) -> Arc<Waits> {
        let mut waits = self.waits.lock();
        if let Some(known) = waits.get(key) {
            return Arc::clone(known);
        }
        Arc::clone(waits.entry(key.into()).or_default())
    }
}

impl Waits {
    /// Remembers how long it took.
    pub(crate) fn record(&self, kind: Kind, took: Duration) {
        self.0[kind as usize].lock().push(took);
    }

    /// How long it may be silent before that is unusual: longer than 95 of a hundred waits were, within bounds.
    pub(crate) fn patience(&self, kind: Kind) -> Duration {
        let bounds = kind.bounds();
        let usual = self.0[kind as usize].lock().usual_longest();
        usual.map_or(bounds.unknown, |usual| {
            usual.clamp(bounds.shortest, bounds.longest)
        })
    }
}

impl Default for Ring {
    fn default() -> Self {
        Self {
            waits: [0; Self::SIZE],
            sorted: [0; Self::SIZE],
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
        let kept = self.kept();
        let place = self.written % Self::SIZE;
        // Where the oldest goes, or behind all while there is room.
        let gap = if kept == Self::SIZE {
            self.sorted
                .partition_point(|wait| *wait < self.waits[place])
        } else {
            kept
        };
        let rank = self.sorted[..kept].partition_point(|wait| *wait < milliseconds);
        let rank = if rank > gap {
            self.sorted.copy_within(gap + 1..rank, gap);
            rank - 1
        } else {
            self.sorted.copy_within(rank..gap, rank + 1);
            rank
        };
        self.sorted[rank] = milliseconds;
        self.waits[place] = milliseconds;
        self.written += 1;
    }

    fn kept(&self) -> usize {
        self.written.min(Self::SIZE)
    }

    /// The 95th percentile.
    fn usual_longest(&self) -> Option<Duration> {
        let kept = self.kept();
        if kept < Self::ENOUGH {
            return None;
        }
        let rank = (kept * 95).div_ceil(100) - 1;
        Some(Duration::from_millis(u64::from(self.sorted[rank])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "groq/openai/gpt-oss-120b";

    fn after(waits: impl IntoIterator<Item = u64>, kind: Kind) -> Duration {
        let silence = Silence::default();
        for wait in waits {
            silence.of(KEY).record(kind, Duration::from_millis(wait));
        }
        silence.of(KEY).patience(kind)
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
            silence
                .of(KEY)
                .record(Kind::First, Duration::from_millis(400));
            silence.of(KEY).record(Kind::Whole, Duration::from_secs(5));
        }
        assert_eq!(
            silence.of(KEY).patience(Kind::First),
            Duration::from_millis(400)
        );
        assert_eq!(
            silence.of(KEY).patience(Kind::Whole),
            Duration::from_secs(5)
        );
        assert_eq!(
            silence.of("groq/other").patience(Kind::First),
            Duration::from_millis(900)
        );
    }

    proptest::proptest! {
        #[test]
        fn the_ring_is_sorted_whatever_comes(waits in proptest::collection::vec(0_u64..50, 0..300)) {
            let mut ring = Ring::default();
            for wait in &waits {
                ring.push(Duration::from_millis(*wait));
                let mut sorted = ring.waits;
                sorted[..ring.kept()].sort_unstable();
                proptest::prop_assert_eq!(sorted[..ring.kept()].to_vec(), ring.sorted[..ring.kept()].to_vec());
            }
        }
    }
}
