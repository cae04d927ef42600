//! What most gateways do: a fixed order, no ledger; a 429 benches the provider, for a minute or to midnight UTC.

use std::sync::Arc;

use guichet_engine::clock::Clock;
use jiff::{SignedDuration, Timestamp};

use crate::demand::Arrival;
use crate::outcome::Outcome;
use crate::tiers::Tier;
use crate::upstream::Upstreams;

const DAY: i64 = 86_400;

/// Never asked: what is replayed here gives the time with each call.
struct NoClock;

impl Clock for NoClock {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

/// Lets the calls come and asks one tier after another.
#[must_use]
pub(crate) fn replay(tiers: &[Tier], calls: &[Arrival], begin: Timestamp) -> Outcome {
    let upstreams = Upstreams::new(tiers.to_vec(), Vec::new(), Arc::new(NoClock));
    let mut benched: Vec<Timestamp> = vec![begin; tiers.len()];
    let mut outcome = Outcome::new(calls.len());
    for (number, call) in calls.iter().enumerate() {
        let now = begin
            .checked_add(SignedDuration::from_secs_f64(call.at))
            .unwrap_or(begin);
        for (index, tier) in tiers.iter().enumerate() {
            if benched[index] > now || !tier.takes(call) {
                continue;
            }
            match upstreams.ask(index, call, now) {
                Ok(_) => {
                    outcome.served(number, 0.0);
                    break;
                }
                Err(full) => {
                    let long = full.iter().any(|reading| reading.window.per >= 86_400.0);
                    benched[index] = if long { midnight(now) } else { minute(now) };
                }
            }
        }
    }
    outcome.wasted(upstreams.tally());
    outcome
}

fn minute(now: Timestamp) -> Timestamp {
    now.checked_add(SignedDuration::from_secs(60))
        .unwrap_or(now)
}

fn midnight(now: Timestamp) -> Timestamp {
    let next = (now.as_second().div_euclid(DAY) + 1) * DAY;
    Timestamp::from_second(next).unwrap_or(now)
}
