//! Who calls when, for what: a rhythm of days and weeks with bursts in it, drawn from a seed.

/// A kind of call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    /// For people.
    pub(crate) name: &'static str,
    /// Whether there is a picture in it.
    pub(crate) vision: bool,
    /// Of a hundred calls.
    pub(crate) share: f64,
    /// Tokens of input in the middle.
    pub(crate) input: f64,
    /// Tokens of output in the middle.
    pub(crate) output: f64,
}

/// The kinds of calls.
pub(crate) const KINDS: [Kind; 5] = [
    Kind {
        name: "small",
        vision: false,
        share: 48.0,
        input: 400.0,
        output: 150.0,
    },
    Kind {
        name: "medium",
        vision: false,
        share: 30.0,
        input: 1_400.0,
        output: 400.0,
    },
    Kind {
        name: "large",
        vision: false,
        share: 12.0,
        input: 4_000.0,
        output: 800.0,
    },
    Kind {
        name: "long",
        vision: false,
        share: 3.0,
        input: 40_000.0,
        output: 800.0,
    },
    Kind {
        name: "vision",
        vision: true,
        share: 7.0,
        input: 1_300.0,
        output: 250.0,
    },
];

/// One call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    /// Seconds from the beginning.
    pub(crate) at: f64,
    /// Which of [`KINDS`].
    pub(crate) kind: usize,
    /// Tokens of input.
    pub(crate) input: f64,
    /// Tokens that the answer will have.
    pub(crate) output: f64,
}

/// Of a day's calls, how many fall into bursts.
const IN_BURSTS: f64 = 0.25;
const DAY: f64 = 86_400.0;

/// The calls of some days, `per_day` of them on average, in order.
#[must_use]
pub(crate) fn arrivals(seed: u64, days: u32, per_day: f64) -> Vec<Arrival> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut all = Vec::new();
    for day in 0..days {
        let begin = f64::from(day) * DAY;
        let expected = per_day * weekday(day) * between(&mut random, 0.8, 1.2);
        let steady = expected * (1.0 - IN_BURSTS);
        // Thinned from a stream at twice the rate, which is as often as it ever gets.
        let mut at = begin;
        loop {
            at += wait(&mut random, 2.0 * steady / DAY);
            if at >= begin + DAY {
                break;
            }
            if random.f64() < rhythm((at - begin) / DAY) / 2.0 {
                all.push(call(&mut random, at));
            }
        }
        let bursts = random.usize(3..9);
        for _ in 0..bursts {
            let lasts = between(&mut random, 300.0, 2_400.0);
            let first = begin + between(&mut random, 0.0, DAY - lasts);
            let rate = expected * IN_BURSTS / f64::from(u32::try_from(bursts).unwrap_or(1)) / lasts;
            let mut at = first + wait(&mut random, rate);
            while at < first + lasts {
                all.push(call(&mut random, at));
                at += wait(&mut random, rate);
            }
        }
    }
    all.sort_by(|one, other| one.at.total_cmp(&other.at));
    all
}

/// Quiet at night, busiest in the afternoon; one on average.
fn rhythm(of_day: f64) -> f64 {
    1.0 - 0.85 * (std::f64::consts::TAU * (of_day - 0.1)).cos()
}

/// Less on two days of seven; one on average.
fn weekday(day: u32) -> f64 {
    if day % 7 >= 5 { 0.65 } else { 1.14 }
}

fn call(random: &mut fastrand::Rng, at: f64) -> Arrival {
    let mut lot = random.f64() * KINDS.iter().map(|kind| kind.share).sum::<f64>();
    let kind = KINDS
        .iter()
        .position(|kind| {
            lot -= kind.share;
            lot < 0.0
        })
        .unwrap_or(0);
    Arrival {
        at,
        kind,
        input: (KINDS[kind].input * between(random, 0.6, 1.4)).round(),
        output: (KINDS[kind].output * between(random, 0.5, 1.5)).round(),
    }
}

fn between(random: &mut fastrand::Rng, least: f64, most: f64) -> f64 {
    least + random.f64() * (most - least)
}

/// Until the next of events that come at this rate, each for itself.
fn wait(random: &mut fastrand::Rng, rate: f64) -> f64 {
    -(1.0 - random.f64()).ln() / rate.max(1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "some thousand")]
    fn as_many_calls_come_as_were_asked_for_and_a_seed_gives_the_same_ones() {
        let calls = arrivals(7, 28, 1_000.0);
        let per_day = calls.len() as f64 / 28.0;
        assert!((930.0..1_070.0).contains(&per_day), "{per_day}");
        let again = arrivals(7, 28, 1_000.0);
        assert!(
            calls
                .iter()
                .zip(&again)
                .all(|(one, other)| one.at.to_bits() == other.at.to_bits())
        );
        assert!(calls.is_sorted_by(|one, other| one.at <= other.at));
    }
}
