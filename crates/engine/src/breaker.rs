//! When a candidate is left alone, and for how long. Pure: a state, outcomes and times.
//!
//! It opens on consecutive failures of a class, takes its suspension from the class and from what the provider said,
//! lets one probe through when the suspension is over, and believes a rate of failures only where there are enough
//! calls to speak of a rate.

use std::time::Duration;

use jiff::Timestamp;

use crate::outcome::Class;

/// The state of one candidate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Breaker {
    /// The class of the latest failures, and how many came in a row.
    streak: Option<(Class, u32)>,
    /// Suspensions in a row, each longer than the one before.
    round: u32,
    suspended: Option<Suspension>,
    probing: bool,
    rate: Rate,
}

/// Why and until when a candidate is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suspension {
    /// The class of failure.
    pub class: Class,
    /// Until when; none = until the credential or the catalogue changes.
    pub until: Option<Timestamp>,
}

/// What a breaker says to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Go ahead.
    Open,
    /// Go ahead, alone: the outcome decides for everyone.
    Probe,
    /// Not now.
    Refused(Suspension),
}

/// Failures among the calls of a minute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Rate {
    since: Option<Timestamp>,
    calls: u32,
    failures: u32,
}

/// How a class of failure is treated.
struct Rule {
    /// Failures in a row that open the breaker.
    after: u32,
    /// The first suspension; none = until something changes.
    first: Option<Duration>,
    /// The longest.
    longest: Duration,
}

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// One table for all classes; none for those that are no failure of the candidate.
fn rule(class: Class) -> Option<Rule> {
    let rule = |after, first, longest| {
        Some(Rule {
            after,
            first: Some(first),
            longest,
        })
    };
    match class {
        Class::Ok | Class::Empty | Class::BadRequest => None,
        Class::Auth | Class::Gone => Some(Rule {
            after: 1,
            first: None,
            longest: DAY,
        }),
        Class::Plan => rule(1, DAY, DAY),
        Class::RateLimited => rule(1, MINUTE, 15 * MINUTE),
        Class::QuotaExhausted => rule(1, HOUR, DAY),
        Class::Blocked => rule(1, HOUR, DAY),
        Class::Upstream => rule(3, Duration::from_secs(5), 2 * MINUTE),
        Class::BadPayload => rule(3, 10 * MINUTE, HOUR),
    }
}

impl Breaker {
    /// What it would say, without letting a probe through.
    #[must_use]
    pub fn peek(&self, now: Timestamp) -> Admission {
        match self.suspended {
            None => Admission::Open,
            Some(suspension) if suspension.until.is_none_or(|until| now < until) => {
                Admission::Refused(suspension)
            }
            Some(suspension) if self.probing => Admission::Refused(suspension),
            Some(_) => Admission::Probe,
        }
    }

    /// Asks for a call. Whoever gets [`Admission::Probe`] must end it with `record` or `abandon`.
    pub fn admit(&mut self, now: Timestamp) -> Admission {
        let admission = self.peek(now);
        self.probing |= admission == Admission::Probe;
        admission
    }

    /// The probe ended without an outcome: the next call is one.
    pub fn abandon(&mut self, admission: Admission) {
        if admission == Admission::Probe {
            self.probing = false;
        }
    }

    /// Records what came of a call that was let through so. While the breaker is open only the probe's outcome counts:
    /// a call that left before it opened says nothing new.
    pub fn record(
        &mut self,
        admission: Admission,
        class: Class,
        retry_at: Option<Timestamp>,
        now: Timestamp,
    ) {
        let probed = admission == Admission::Probe;
        if self.suspended.is_some() && !probed {
            return;
        }
        self.probing = false;
        let Some(rule) = rule(class) else {
            return self.succeeded(now);
        };
        let in_a_row = match self.streak {
            Some((last, count)) if last == class => count + 1,
            _ => 1,
        };
        self.streak = Some((class, in_a_row));
        let too_many = self.rate.record(true, now);
        if probed || in_a_row >= rule.after || too_many {
            self.suspend(class, &rule, retry_at, now);
        }
    }

    fn succeeded(&mut self, now: Timestamp) {
        let rate = self.rate;
        *self = Self {
            rate,
            ..Self::default()
        };
        self.rate.record(false, now);
    }

    fn suspend(&mut self, class: Class, rule: &Rule, retry_at: Option<Timestamp>, now: Timestamp) {
        let grown = rule.first.map(|first| {
            first
                .saturating_mul(1 << self.round.min(16))
                .min(rule.longest)
        });
        let own = grown.and_then(|wait| now.checked_add(wait).ok());
        // The provider knows best; but a class that waits for a change waits for it all the same.
        let until = match (own, retry_at) {
            (Some(_), Some(said)) => Some(said.max(now)),
            (Some(own), None) => Some(own),
            (None, said) => said,
        };
        self.suspended = Some(Suspension { class, until });
        self.round += 1;
        self.rate = Rate::default();
    }

    /// What is to be remembered over a restart.
    #[must_use]
    pub fn suspension(&self) -> Option<(Suspension, u32)> {
        self.suspended.map(|suspension| (suspension, self.round))
    }

    /// Takes over what was remembered.
    #[must_use]
    pub fn restored(suspension: Suspension, round: u32) -> Self {
        Self {
            suspended: Some(suspension),
            round,
            ..Self::default()
        }
    }

    /// Whether only a change of the credential or the catalogue lifts it.
    #[must_use]
    pub fn waits_for_change(&self) -> bool {
        self.suspended
            .is_some_and(|suspension| suspension.until.is_none())
    }
}

impl Rate {
    /// Below this many calls a minute there is no rate to speak of.
    const ENOUGH: u32 = 20;

    /// Counts a call; true when at least half of a minute's calls failed.
    fn record(&mut self, failed: bool, now: Timestamp) -> bool {
        let old = |since: Timestamp| {
            let age: Duration = now.duration_since(since).try_into().unwrap_or_default();
            age >= MINUTE
        };
        if self.since.is_none_or(old) {
            *self = Self {
                since: Some(now),
                ..Self::default()
            };
        }
        self.calls += 1;
        self.failures += u32::from(failed);
        failed && self.calls > Self::ENOUGH && self.failures * 2 >= self.calls
    }
}

#[cfg(test)]
mod tests;
