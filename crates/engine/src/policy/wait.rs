//! Whether waiting helps: nobody can be asked now, and a quota window opens soon enough.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::answer::{SkipReason, Skipped};
use crate::outcome::{Attempt, Class};

/// The shortest wait: windows are counted in milliseconds, and a loop without a pause is none.
const LEAST: Duration = Duration::from_millis(10);

/// How long a call may wait for windows, all its waits together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    until: Instant,
    /// How often anyone is asked at most: waiting is no licence to ask the same ones again and again.
    attempts: usize,
}

impl Patience {
    /// `deadline` is when the call must be answered, whatever it waits for.
    pub(crate) fn new(max_wait: Duration, deadline: Instant, candidates: usize) -> Self {
        Self {
            until: deadline.min(Instant::now() + max_wait),
            attempts: candidates,
        }
    }

    /// How long to sleep before everybody is looked at again; none where that would not help, or not in time.
    pub(crate) fn pause(
        &self,
        attempts: &[Attempt],
        skipped: &[Skipped],
        now: Timestamp,
    ) -> Option<Duration> {
        let only_windows = attempts.iter().all(|attempt| is_window(attempt.class));
        if !only_windows || attempts.len() >= self.attempts {
            return None;
        }
        let refused = attempts.iter().map(|attempt| attempt.retry_at);
        let full = skipped.iter().filter(|skipped| waits_for_window(skipped));
        let opens = refused
            .chain(full.map(|skipped| skipped.retry_at))
            .flatten()
            .filter(|opens| *opens > now)
            .min()?;
        let pause = Duration::try_from(opens.duration_since(now))
            .ok()?
            .max(LEAST);
        (Instant::now() + pause < self.until).then_some(pause)
    }
}

fn waits_for_window(skipped: &Skipped) -> bool {
    match skipped.reason {
        SkipReason::Quota => true,
        SkipReason::Suspended => skipped.class.is_some_and(is_window),
        _ => false,
    }
}

fn is_window(class: Class) -> bool {
    matches!(class, Class::RateLimited | Class::QuotaExhausted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-22T10:00:00Z";

    fn now() -> Timestamp {
        NOW.parse().unwrap()
    }

    fn after(seconds: u64) -> Option<Timestamp> {
        now().checked_add(Duration::from_secs(seconds)).ok()
    }

    fn skipped(reason: SkipReason, opens: u64, class: Option<Class>) -> Skipped {
        Skipped {
            provider: "p".into(),
            reason,
            retry_at: after(opens),
            class,
        }
    }

    fn attempt(class: Class, opens: u64) -> Attempt {
        Attempt {
            provider: "p".into(),
            class,
            status: Some(429),
            took: Duration::ZERO,
            retry_at: after(opens),
        }
    }

    fn pause(attempts: &[Attempt], skipped: &[Skipped]) -> Option<u64> {
        let far = Instant::now() + Duration::from_mins(10);
        let patience = Patience::new(Duration::from_secs(30), far, 2);
        let pause = patience.pause(attempts, skipped, now());
        pause.map(|pause| pause.as_secs())
    }

    #[test]
    fn the_window_that_opens_first_is_waited_for() {
        let full = |opens| skipped(SkipReason::Quota, opens, None);
        assert_eq!(pause(&[], &[full(20), full(5), full(90)]), Some(5));
        assert_eq!(
            pause(&[attempt(Class::RateLimited, 3)], &[full(5)]),
            Some(3)
        );
    }

    #[test]
    fn what_opens_too_late_is_not_waited_for() {
        assert_eq!(pause(&[], &[skipped(SkipReason::Quota, 31, None)]), None);
    }

    #[test]
    fn who_failed_otherwise_is_not_waited_for() {
        let upstream = Some(Class::Upstream);
        assert_eq!(
            pause(&[], &[skipped(SkipReason::Suspended, 5, upstream)]),
            None
        );
        let limited = Some(Class::RateLimited);
        let full = skipped(SkipReason::Suspended, 5, limited);
        assert_eq!(pause(&[], std::slice::from_ref(&full)), Some(5));
        assert_eq!(pause(&[attempt(Class::Upstream, 5)], &[full]), None);
    }

    #[test]
    fn nobody_is_asked_more_often_than_there_are_candidates() {
        let refused = || attempt(Class::RateLimited, 1);
        assert_eq!(pause(&[refused()], &[]), Some(1));
        assert_eq!(pause(&[refused(), refused()], &[]), None);
    }
}
