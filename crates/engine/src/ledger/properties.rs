//! What must hold for every kind of window, however it is used: never more than the limit in any window, whatever is
//! given back, whenever, across nights on which clocks change and ends of months.

use std::sync::Arc;
use std::time::Duration;

use guichet_catalogue::model::{CalendarUnit, Dimension, Quota, Scope, Window};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;

use super::{Claim, Ledger, Reservation};

/// What happens after some time.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A request is sent, and ends at once.
    Send,
    /// One is sent that is still under way later.
    Hold,
    /// One is reserved that will not be sent.
    Keep,
    /// One is reserved and given back at once.
    Pass,
    /// One of those that are under way or kept ends.
    End(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Send),
        2 => Just(Step::Hold),
        2 => Just(Step::Keep),
        1 => Just(Step::Pass),
        3 => (0_usize..8).prop_map(Step::End),
    ]
}

fn steps(longest: i64) -> impl Strategy<Value = Vec<(i64, Step)>> {
    prop::collection::vec((0..longest, step()), 1..150)
}

/// When requests were sent, and how many were under way at most.
struct Sent {
    times: Vec<Timestamp>,
    most: usize,
}

fn quota(limit: u32, window: Window) -> Arc<Quota> {
    Arc::new(Quota {
        limit: f64::from(limit),
        window,
        scope: Scope::Key,
        group: None,
        dimension: Dimension::Requests,
        cost: None,
        each_model: false,
        models: Vec::new(),
        guessed: false,
        cap: false,
    })
}

fn play(limit: u32, window: Window, begin: &str, steps: &[(i64, Step)]) -> Sent {
    let ledger = Arc::new(Ledger::default());
    let claim: Claim = ledger.claim("p", &quota(limit, window), 1.0);
    let mut now: Timestamp = begin.parse().unwrap();
    let mut sent = Sent {
        times: Vec::new(),
        most: 0,
    };
    let mut under_way: Vec<Reservation> = Vec::new();
    for (wait, step) in steps {
        now += SignedDuration::from_secs(*wait);
        if let Step::End(which) = step {
            if !under_way.is_empty() {
                drop(under_way.swap_remove(which % under_way.len()));
            }
            continue;
        }
        let Ok(mut reservation) = ledger.reserve(vec![claim.clone()], now) else {
            continue;
        };
        if matches!(step, Step::Send | Step::Hold) {
            reservation.sent();
            sent.times.push(now);
        }
        sent.most = sent.most.max(under_way.len() + 1);
        if matches!(step, Step::Hold | Step::Keep) {
            under_way.push(reservation);
        }
    }
    sent
}

/// Each of these spans, one for each use, holds no more than the limit.
fn holds(sent: &Sent, limit: u32, ends: impl Fn(Timestamp) -> Timestamp) -> bool {
    sent.times.iter().all(|begin| {
        let end = ends(*begin);
        let within = |time: &&Timestamp| *begin <= **time && **time < end;
        sent.times.iter().filter(within).count() <= limit as usize
    })
}

/// Windows that a provider opens with the first use after the last one has ended.
fn opened(sent: &Sent, period: Duration) -> Vec<(Timestamp, usize)> {
    let mut windows: Vec<(Timestamp, usize)> = Vec::new();
    for time in &sent.times {
        match windows.last_mut() {
            Some((begin, count)) if *time < *begin + period => *count += 1,
            _ => windows.push((*time, 1)),
        }
    }
    windows
}

/// Around a night on which clocks change, in a zone that does; and ends of months.
const NIGHTS: [(&str, &str); 4] = [
    ("America/Los_Angeles", "2026-10-31T20:00:00Z"),
    ("America/Los_Angeles", "2026-03-07T20:00:00Z"),
    ("Europe/Berlin", "2026-10-24T20:00:00Z"),
    ("Asia/Shanghai", "2027-02-27T20:00:00Z"),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_day_of_a_zone_holds_more_than_its_limit(limit in 1_u32..6, steps in steps(10_000), night in 0_usize..4) {
        let (zone, begin) = NIGHTS[night];
        let zone = TimeZone::get(zone).unwrap();
        let window = Window::Calendar { unit: CalendarUnit::Day, zone: zone.clone() };
        let sent = play(limit, window, begin, &steps);
        let ends = |time: Timestamp| {
            let tomorrow = time.to_zoned(zone.clone()).tomorrow().unwrap();
            tomorrow.start_of_day().unwrap().timestamp()
        };
        prop_assert!(holds(&sent, limit, ends));
    }

    #[test]
    fn no_week_and_no_month_holds_more_than_its_limit(limit in 1_u32..6, steps in steps(200_000), night in 0_usize..4) {
        let (zone, begin) = NIGHTS[night];
        let zone = TimeZone::get(zone).unwrap();
        let week = Window::Calendar { unit: CalendarUnit::Week, zone: zone.clone() };
        let weeks = |time: Timestamp| {
            let date = time.to_zoned(zone.clone()).date();
            let since_monday = i32::from(date.weekday().to_monday_zero_offset());
            let monday = date.checked_add((7 - since_monday).days()).unwrap();
            monday.to_zoned(zone.clone()).unwrap().timestamp()
        };
        prop_assert!(holds(&play(limit, week, begin, &steps), limit, weeks));
        let month = Window::Calendar { unit: CalendarUnit::Month, zone: zone.clone() };
        let months = |time: Timestamp| {
            let first = time.to_zoned(zone.clone()).date().first_of_month();
            let next = first.checked_add(1.month()).unwrap();
            next.to_zoned(zone.clone()).unwrap().timestamp()
        };
        prop_assert!(holds(&play(limit, month, begin, &steps), limit, months));
    }

    #[test]
    fn no_month_from_a_day_on_holds_more_than_its_limit(
        limit in 1_u32..4,
        day in 1_i8..32,
        steps in steps(400_000),
    ) {
        let sent = play(limit, Window::Anniversary(day), "2027-12-27T20:00:00Z", &steps);
        let ends = |time: Timestamp| {
            let mut date = time.to_zoned(TimeZone::UTC).date().tomorrow().unwrap();
            while date.day() != day.min(date.days_in_month()) {
                date = date.tomorrow().unwrap();
            }
            date.to_zoned(TimeZone::UTC).unwrap().timestamp()
        };
        prop_assert!(holds(&sent, limit, ends));
    }

    #[test]
    fn no_window_from_a_first_use_holds_more_than_its_limit(limit in 1_u32..6, steps in steps(30)) {
        let period = Duration::from_mins(1);
        // Who opens a window and never sends must be gone before another opens: the ledger cannot know when its provider
        // was first asked.
        let at_once = |(wait, step): &(i64, Step)| match step {
            Step::Keep => (*wait, Step::Pass),
            other => (*wait, *other),
        };
        let steps: Vec<_> = steps.iter().map(at_once).collect();
        let sent = play(limit, Window::Fixed(period), "2026-11-22T10:00:00Z", &steps);
        let windows = opened(&sent, period);
        prop_assert!(windows.iter().all(|(_, count)| *count <= limit as usize), "{windows:?}");
    }

    #[test]
    fn no_span_of_a_rolling_window_holds_more_than_its_limit(limit in 1_u32..6, steps in steps(30)) {
        let period = Duration::from_mins(1);
        let sent = play(limit, Window::Rolling(period), "2026-11-22T10:00:00Z", &steps);
        prop_assert!(holds(&sent, limit, |time| time + period));
    }

    #[test]
    fn a_bucket_gives_no_more_than_it_holds_and_refills_between_any_two_uses(
        limit in 1_u32..6,
        steps in steps(30),
    ) {
        let period = Duration::from_mins(1);
        let sent = play(limit, Window::Bucket(period), "2026-11-22T10:00:00Z", &steps);
        for (place, first) in sent.times.iter().enumerate() {
            for (more, last) in sent.times[place..].iter().enumerate() {
                let refilled = last.duration_since(*first).as_secs_f64() / 60.0 * f64::from(limit);
                let count = f64::from(u32::try_from(more).unwrap()) + 1.0;
                prop_assert!(count <= f64::from(limit) + refilled + 1e-3);
            }
        }
    }

    #[test]
    fn no_more_are_under_way_than_are_allowed(limit in 1_u32..6, steps in steps(30)) {
        let sent = play(limit, Window::Concurrency, "2026-11-22T10:00:00Z", &steps);
        prop_assert!(sent.most <= limit as usize);
    }

    #[test]
    fn a_credit_is_never_spent_twice_nor_after_its_time(limit in 1_u32..20, steps in steps(5_000)) {
        let lasts = Duration::from_hours(24);
        let begin = "2026-11-22T10:00:00Z";
        let sent = play(limit, Window::Credit(Some(lasts)), begin, &steps);
        prop_assert!(sent.times.len() <= limit as usize);
        let span = sent.times.first().zip(sent.times.last());
        prop_assert!(span.is_none_or(|(first, last)| last.duration_since(*first) < lasts.try_into().unwrap()));
    }

    #[test]
    fn a_clock_that_is_put_back_gives_nothing_back(
        limit in 2_u32..9,
        spent in 1_u32..9,
        back in 1_i64..200_000,
    ) {
        let zone = TimeZone::get("America/Los_Angeles").unwrap();
        for window in [
            Window::Bucket(Duration::from_mins(1)),
            Window::Fixed(Duration::from_mins(1)),
            Window::Rolling(Duration::from_mins(1)),
            Window::Calendar { unit: CalendarUnit::Day, zone: zone.clone() },
            Window::Calendar { unit: CalendarUnit::Week, zone: zone.clone() },
            Window::Calendar { unit: CalendarUnit::Month, zone: zone.clone() },
            Window::Anniversary(15),
            Window::Credit(None),
        ] {
            let ledger = Arc::new(Ledger::default());
            let claim = ledger.claim("p", &quota(limit, window.clone()), 1.0);
            let now: Timestamp = "2026-11-01T08:30:00Z".parse().unwrap();
            for _ in 0..spent {
                if let Ok(mut reservation) = ledger.reserve(vec![claim.clone()], now) {
                    reservation.sent();
                }
            }
            let before = ledger.used(&claim, now);
            let after = ledger.used(&claim, now - SignedDuration::from_secs(back));
            prop_assert!(after >= before, "{window}: {before} became {after}");
        }
    }
}
