//! What came of it: a tally while it runs, one JSON line at the end.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use crate::process::Usage;

/// Collects the outcomes of requests that were due after counting began.
#[derive(Default)]
pub(crate) struct Tally {
    counted_from: Cell<Option<Instant>>,
    latencies: RefCell<Vec<Duration>>,
    first_events: RefCell<Vec<Duration>>,
    /// Events of all streams that came while it counted, whenever their streams began.
    events: Cell<u64>,
    errors: RefCell<BTreeMap<String, u64>>,
}

/// The line that is printed.
#[derive(Serialize)]
pub(crate) struct Report {
    /// Answers with a status of 2xx.
    requests: usize,
    /// Length of the counted window.
    seconds: f64,
    /// `requests` per second.
    rps: f64,
    /// CPU time of the server's process tree per request, user and system.
    cpu_us_per_request: Option<f64>,
    /// The same per event of a stream.
    cpu_us_per_event: Option<f64>,
    /// Until the answer was complete.
    latency_ms: Option<Latency>,
    /// Until the first event of a stream.
    first_event_ms: Option<Latency>,
    /// Events of streams.
    events: u64,
    rss_kib: Option<Resident>,
    /// By status, or by what happened where there was none.
    errors: BTreeMap<String, u64>,
    /// Every request made, warm-up included.
    sent: u64,
}

#[derive(Serialize)]
struct Latency {
    p50: f64,
    p90: f64,
    p99: f64,
    max: f64,
}

#[derive(Serialize)]
struct Resident {
    before: u64,
    after: u64,
}

impl Tally {
    /// Ends the warm-up.
    pub(crate) fn start_counting(&self) -> Instant {
        let now = Instant::now();
        self.counted_from.set(Some(now));
        now
    }

    /// Notes an answer's status, or why there was none, for a request that was due at `due`.
    pub(crate) fn note(&self, due: Instant, outcome: Result<u16, String>) {
        if self.counted_from.get().is_none_or(|from| due < from) {
            return;
        }
        match outcome {
            Ok(200..=299) => self.latencies.borrow_mut().push(due.elapsed()),
            Ok(status) => self.count_error(status.to_string(), 1),
            Err(reason) => self.count_error(reason, 1),
        }
    }

    /// Notes events of a stream that have come.
    pub(crate) fn note_events(&self, count: u64) {
        if self.counted_from.get().is_some() {
            self.events.set(self.events.get() + count);
        }
    }

    /// Notes that the stream which was due at `due` begins.
    pub(crate) fn note_first_event(&self, due: Instant) {
        if self.counted_from.get().is_some_and(|from| due >= from) {
            self.first_events.borrow_mut().push(due.elapsed());
        }
    }

    /// Notes requests that were due and that no connection was free for before the end.
    pub(crate) fn count_unsent(&self, count: u64) {
        if count > 0 {
            self.count_error("unsent".to_owned(), count);
        }
    }

    fn count_error(&self, name: String, count: u64) {
        *self.errors.borrow_mut().entry(name).or_default() += count;
    }

    pub(crate) fn report(&self, seconds: f64, usage: Option<(Usage, Usage)>, sent: u64) -> Report {
        let sorted = |times: &RefCell<Vec<Duration>>| {
            let mut times = times.take();
            times.sort_unstable();
            times
        };
        let latencies = sorted(&self.latencies);
        let requests = latencies.len();
        let events = self.events.get();
        let used = usage.map(|(before, after)| after.cpu_us.saturating_sub(before.cpu_us));
        let per = |count: u64| {
            used.filter(|_| count > 0)
                .map(|us| float(us) / float(count))
        };
        Report {
            requests,
            seconds,
            rps: float(requests as u64) / seconds,
            cpu_us_per_request: per(requests as u64),
            cpu_us_per_event: per(events),
            latency_ms: Latency::of(&latencies),
            first_event_ms: Latency::of(&sorted(&self.first_events)),
            events,
            rss_kib: usage.map(|(before, after)| Resident {
                before: before.rss_kib,
                after: after.rss_kib,
            }),
            errors: self.errors.take(),
            sent,
        }
    }
}

impl Latency {
    /// `None` when there is nothing to rank.
    fn of(sorted: &[Duration]) -> Option<Self> {
        let last = sorted.len().checked_sub(1)?;
        let at = |percent: usize| {
            let nearest_rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
            sorted[nearest_rank.min(last)].as_secs_f64() * 1e3
        };
        Some(Self {
            p50: at(50),
            p90: at(90),
            p99: at(99),
            max: at(100),
        })
    }
}

/// A count as a float; exact up to 2^53, which no run comes near.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_take_the_nearest_rank() {
        let sorted: Vec<_> = (1..=200).map(Duration::from_millis).collect();
        let latency = Latency::of(&sorted).unwrap();
        let all = [latency.p50, latency.p90, latency.p99, latency.max];
        assert_eq!(format!("{all:.0?}"), "[100, 180, 198, 200]");
        assert!(Latency::of(&[]).is_none());
    }

    #[test]
    fn the_warm_up_is_not_counted_and_errors_go_by_status() {
        let tally = Tally::default();
        tally.note(Instant::now(), Ok(200));
        tally.note_events(5);
        let begin = tally.start_counting();
        tally.note_events(2);
        tally.note_first_event(begin);
        tally.note(begin, Ok(204));
        tally.note(begin, Ok(503));
        tally.note(begin, Err("timeout".to_owned()));
        tally.count_unsent(2);
        let report = tally.report(1.0, None, 4);
        assert_eq!((report.requests, report.events), (1, 2));
        assert!(report.first_event_ms.is_some());
        let errors: Vec<_> = report.errors.into_iter().collect();
        let expected = [("503", 1), ("timeout", 1), ("unsent", 2)];
        assert_eq!(
            errors,
            expected.map(|(name, count)| (name.to_owned(), count))
        );
    }
}
