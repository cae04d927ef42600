use std::sync::Arc;
use std::time::Duration;

use guichet_catalogue::model::{CalendarUnit, Window};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::testing::{at, quota};
use super::{Claim, Ledger};
use crate::store::WindowRecord;

fn claim(ledger: &Ledger, limit: f64, window: Window, units: f64) -> Claim {
    ledger.claim("p", &Arc::new(quota(limit, window)), units)
}

fn spend(ledger: &Arc<Ledger>, claim: &Claim, now: Timestamp) -> bool {
    ledger
        .reserve(vec![claim.clone()], now)
        .map(|mut reservation| reservation.sent())
        .is_ok()
}

const DAY: Duration = Duration::from_hours(24);

#[test]
fn a_bucket_allows_one_more_after_its_share_of_the_window() {
    let ledger = Arc::new(Ledger::default());
    let one = claim(&ledger, 1_000.0, Window::Bucket(DAY), 1.0);
    let now = at("2026-11-22T10:00:00Z");
    assert!((0..1_000).all(|_| spend(&ledger, &one, now)));
    let refused = ledger.reserve(vec![one.clone()], now).unwrap_err();
    let wait = refused.retry_at.unwrap().duration_since(now);
    assert_eq!(
        wait.as_millis(),
        86_400,
        "Groq states 1m26.4s for 1000 a day"
    );
    assert!(!spend(&ledger, &one, now + SignedDuration::from_secs(86)));
    assert!(spend(&ledger, &one, now + SignedDuration::from_secs(87)));
}

#[test]
fn the_waits_that_providers_state_come_out_to_the_millisecond() {
    for (limit, used, requested, milliseconds) in [
        (100_000.0, 97_050.0, 3_619.0, 578_016),
        (200.0, 200.0, 1.0, 432_000),
        (50.0, 50.0, 1.0, 1_728_000),
    ] {
        let ledger = Arc::new(Ledger::default());
        let now = at("2026-11-22T10:00:00Z");
        assert!(spend(
            &ledger,
            &claim(&ledger, limit, Window::Bucket(DAY), used),
            now
        ));
        let refused = ledger
            .reserve(
                vec![claim(&ledger, limit, Window::Bucket(DAY), requested)],
                now,
            )
            .unwrap_err();
        assert_eq!(
            refused.retry_at.unwrap().duration_since(now).as_millis(),
            milliseconds
        );
    }
}

#[test]
fn a_request_that_never_fits_is_not_to_be_waited_for() {
    let ledger = Arc::new(Ledger::default());
    let refused = ledger.reserve(
        vec![claim(&ledger, 7_000.0, Window::Bucket(DAY), 12_903.0)],
        at("2026-11-22T10:00:00Z"),
    );
    assert_eq!(refused.unwrap_err().retry_at, None);
}

#[test]
fn a_calendar_day_ends_at_its_own_midnight_even_when_clocks_change() {
    let ledger = Arc::new(Ledger::default());
    let zone = TimeZone::get("America/Los_Angeles").unwrap();
    let one = claim(
        &ledger,
        1.0,
        Window::Calendar {
            unit: CalendarUnit::Day,
            zone,
        },
        1.0,
    );
    // The day on which clocks go back has 25 hours: it begins at 07:00 and ends at 08:00 UTC.
    let begin = at("2026-11-01T07:00:00Z");
    assert!(spend(&ledger, &one, begin));
    let refused = ledger.reserve(vec![one.clone()], begin).unwrap_err();
    assert_eq!(refused.retry_at, Some(at("2026-11-02T08:00:00Z")));
    assert!(!spend(&ledger, &one, at("2026-11-02T07:59:59Z")));
    assert!(spend(&ledger, &one, at("2026-11-02T08:00:00Z")));
}

#[test]
fn a_calendar_month_ends_with_the_month() {
    let ledger = Arc::new(Ledger::default());
    let one = claim(
        &ledger,
        1.0,
        Window::Calendar {
            unit: CalendarUnit::Month,
            zone: TimeZone::UTC,
        },
        1.0,
    );
    assert!(spend(&ledger, &one, at("2028-02-03T00:00:00Z")));
    let refused = ledger
        .reserve(vec![one.clone()], at("2028-02-29T23:59:59Z"))
        .unwrap_err();
    assert_eq!(refused.retry_at, Some(at("2028-03-01T00:00:00Z")));
}

#[test]
fn a_fixed_window_opens_with_its_first_use() {
    let ledger = Arc::new(Ledger::default());
    let one = claim(&ledger, 1.0, Window::Fixed(Duration::from_mins(1)), 1.0);
    assert!(spend(&ledger, &one, at("2026-11-22T10:00:30Z")));
    assert!(!spend(&ledger, &one, at("2026-11-22T10:01:29Z")));
    assert!(spend(&ledger, &one, at("2026-11-22T10:01:30Z")));
}

#[test]
fn a_rolling_window_gives_back_what_was_used_a_window_ago_and_not_before() {
    let ledger = Arc::new(Ledger::default());
    let one = claim(&ledger, 2.0, Window::Rolling(Duration::from_hours(1)), 1.0);
    assert!(spend(&ledger, &one, at("2026-11-22T10:00:00Z")));
    assert!(spend(&ledger, &one, at("2026-11-22T10:30:00Z")));
    let refused = ledger.reserve(vec![one.clone()], at("2026-11-22T10:59:59Z"));
    // It counts in sixtieths of its length, and rounds to the safe side.
    assert_eq!(
        refused.unwrap_err().retry_at,
        Some(at("2026-11-22T11:01:00Z"))
    );
    assert!(spend(&ledger, &one, at("2026-11-22T11:01:00Z")));
    assert!(!spend(&ledger, &one, at("2026-11-22T11:30:00Z")));
    assert!(spend(&ledger, &one, at("2026-11-22T11:31:00Z")));
}

#[test]
fn a_month_may_begin_on_another_day_than_the_first() {
    let ledger = Arc::new(Ledger::default());
    let one = claim(&ledger, 1.0, Window::Anniversary(31), 1.0);
    assert!(spend(&ledger, &one, at("2027-01-31T00:00:00Z")));
    let refused = ledger.reserve(vec![one.clone()], at("2027-02-27T12:00:00Z"));
    assert_eq!(
        refused.unwrap_err().retry_at,
        Some(at("2027-02-28T00:00:00Z"))
    );
    assert!(spend(&ledger, &one, at("2027-02-28T00:00:00Z")));
    assert!(!spend(&ledger, &one, at("2027-03-30T23:59:59Z")));
    assert!(spend(&ledger, &one, at("2027-03-31T00:00:00Z")));
}

#[test]
fn a_credit_is_spent_once_and_what_is_left_of_it_is_lost_in_time() {
    let ledger = Arc::new(Ledger::default());
    let month = Duration::from_hours(30 * 24);
    let one = claim(&ledger, 3.0, Window::Credit(Some(month)), 1.0);
    assert!(spend(&ledger, &one, at("2026-11-01T00:00:00Z")));
    assert!(spend(&ledger, &one, at("2026-11-30T23:59:59Z")));
    let refused = ledger.reserve(vec![one], at("2026-12-01T00:00:00Z"));
    assert_eq!(refused.unwrap_err().retry_at, None);
}

#[test]
fn what_is_under_way_counts_until_it_ends() {
    let ledger = Arc::new(Ledger::default());
    let one = claim(&ledger, 2.0, Window::Concurrency, 1.0);
    let now = at("2026-11-22T10:00:00Z");
    let mut first = ledger.reserve(vec![one.clone()], now).unwrap();
    first.sent();
    let _second = ledger.reserve(vec![one.clone()], now).unwrap();
    let refused = ledger.reserve(vec![one.clone()], now).unwrap_err();
    assert!(refused.busy && refused.retry_at.is_none());
    drop(first);
    assert!(ledger.reserve(vec![one], now).is_ok());
}

#[test]
fn a_reservation_dropped_before_it_was_sent_costs_nothing() {
    let ledger = Arc::new(Ledger::default());
    let one = claim(&ledger, 1.0, Window::Bucket(DAY), 1.0);
    let now = at("2026-11-22T10:00:00Z");
    drop(ledger.reserve(vec![one.clone()], now).unwrap());
    let mut again = ledger.reserve(vec![one.clone()], now).unwrap();
    again.sent();
    again.never_sent();
    drop(again);
    assert!(spend(&ledger, &one, now));
    assert!(!spend(&ledger, &one, now));
}

#[test]
fn a_clock_that_is_set_back_keeps_nothing_from_being_given_back() {
    for window in [
        Window::Credit(None),
        Window::Fixed(DAY),
        Window::Anniversary(22),
    ] {
        let ledger = Arc::new(Ledger::default());
        let one = claim(&ledger, 10.0, window, 1.0);
        assert!(spend(&ledger, &one, at("2026-11-22T10:00:00Z")));
        let earlier = at("2026-11-22T08:00:00Z");
        drop(ledger.reserve(vec![one.clone()], earlier).unwrap());
        assert!((ledger.used(&one, earlier) - 1.0).abs() < f64::EPSILON);
    }
}

#[test]
fn what_was_reserved_of_a_window_that_ended_is_not_given_back_to_the_next() {
    let ledger = Arc::new(Ledger::default());
    let one = claim(&ledger, 10.0, Window::Fixed(Duration::from_mins(1)), 1.0);
    let old = ledger
        .reserve(vec![one.clone()], at("2026-11-22T10:00:00Z"))
        .unwrap();
    let later = at("2026-11-22T10:02:00Z");
    assert!(spend(&ledger, &one, later));
    drop(old);
    assert!((ledger.used(&one, later) - 1.0).abs() < f64::EPSILON);
}

#[test]
fn one_window_without_room_leaves_the_others_untouched() {
    let ledger = Arc::new(Ledger::default());
    let now = at("2026-11-22T10:00:00Z");
    let wide = claim(&ledger, 10.0, Window::Bucket(DAY), 1.0);
    let narrow = claim(&ledger, 1.0, Window::Fixed(Duration::from_mins(1)), 1.0);
    assert!(spend(&ledger, &narrow, now));
    assert!(ledger.reserve(vec![wide.clone(), narrow], now).is_err());
    assert!(ledger.used(&wide, now).abs() < f64::EPSILON);
}

#[test]
fn a_clock_that_goes_backwards_gives_nothing_back() {
    let ledger = Arc::new(Ledger::default());
    let one = claim(&ledger, 1.0, Window::Bucket(Duration::from_mins(1)), 1.0);
    let day = claim(
        &ledger,
        1.0,
        Window::Calendar {
            unit: CalendarUnit::Day,
            zone: TimeZone::UTC,
        },
        1.0,
    );
    for claim in [&one, &day] {
        assert!(spend(&ledger, claim, at("2026-11-22T10:00:00Z")));
        assert!(!spend(&ledger, claim, at("2026-11-21T10:00:00Z")));
    }
}

proptest! {
    #[test]
    fn what_is_used_is_what_was_sent_and_never_more_than_the_limit(
        limit in 1_u32..50,
        steps in prop::collection::vec((0_i64..10, any::<bool>()), 1..200),
    ) {
        let ledger = Arc::new(Ledger::default());
        let zone = TimeZone::UTC;
        let one = claim(&ledger, f64::from(limit), Window::Calendar { unit: CalendarUnit::Minute, zone }, 1.0);
        let mut now = at("2026-11-22T10:00:00Z");
        let (mut minute, mut sent) = (0, 0_u32);
        for (wait, leaves) in steps {
            now += SignedDuration::from_secs(wait);
            let current = now.as_second() / 60;
            if current != minute {
                (minute, sent) = (current, 0);
            }
            if let Ok(mut reservation) = ledger.reserve(vec![one.clone()], now) && leaves {
                reservation.sent();
                sent += 1;
            }
            prop_assert!(sent <= limit);
            prop_assert!((ledger.used(&one, now) - f64::from(sent)).abs() < 1e-9);
        }
    }

    #[test]
    fn a_bucket_never_gives_more_than_its_burst_and_its_refill(
        limit in 1_u32..100,
        waits in prop::collection::vec(0_i64..5_000, 1..300),
    ) {
        let ledger = Arc::new(Ledger::default());
        let one = claim(&ledger, f64::from(limit), Window::Bucket(Duration::from_mins(1)), 1.0);
        let begin = at("2026-11-22T10:00:00Z");
        let (mut now, mut served) = (begin, 0_u32);
        for wait in waits {
            now += SignedDuration::from_millis(wait);
            served += u32::from(spend(&ledger, &one, now));
            let refilled = now.duration_since(begin).as_secs_f64() / 60.0 * f64::from(limit);
            prop_assert!(f64::from(served) <= f64::from(limit) + refilled + 1e-3);
        }
    }

    #[test]
    fn a_rolling_window_never_holds_more_than_its_limit(
        limit in 1_u32..20,
        waits in prop::collection::vec(0_i64..2_000, 1..300),
    ) {
        let ledger = Arc::new(Ledger::default());
        let one = claim(&ledger, f64::from(limit), Window::Rolling(Duration::from_mins(1)), 1.0);
        let mut now = at("2026-11-22T10:00:00Z");
        let mut served: Vec<Timestamp> = Vec::new();
        for wait in waits {
            now += SignedDuration::from_millis(wait);
            if spend(&ledger, &one, now) {
                served.push(now);
            }
            let recent = served.iter().filter(|use_| now.duration_since(**use_).as_secs() < 60);
            prop_assert!(recent.count() <= limit as usize);
        }
    }

    #[test]
    fn what_is_restored_is_what_was_recorded(limit in 1_u32..20, spent in 0_u32..20) {
        let (before, after) = (Arc::new(Ledger::default()), Arc::new(Ledger::default()));
        let one = claim(&before, f64::from(limit), Window::Calendar { unit: CalendarUnit::Day, zone: TimeZone::UTC }, 1.0);
        let now = at("2026-11-22T10:00:00Z");
        let served = (0..spent).filter(|_| spend(&before, &one, now)).count();
        let mut changes = Vec::new();
        before.take_changes(&mut changes);
        after.restore(&changes.iter().map(WindowRecord::from).collect::<Vec<_>>());
        let one = claim(&after, f64::from(limit), Window::Calendar { unit: CalendarUnit::Day, zone: TimeZone::UTC }, 1.0);
        let more = (0..50).filter(|_| spend(&after, &one, now)).count();
        prop_assert_eq!(served + more, limit as usize);
    }
}

/// GCRA as in ITU-T I.371 (virtual scheduling), in whole milliseconds: an independent word on the same question.
struct Textbook {
    theoretical_arrival: i64,
    emission: i64,
    tolerance: i64,
}

impl Textbook {
    fn admits(&mut self, now: i64) -> bool {
        if now < self.theoretical_arrival - self.tolerance {
            return false;
        }
        self.theoretical_arrival = self.theoretical_arrival.max(now) + self.emission;
        true
    }
}

proptest! {
    #[test]
    fn a_bucket_decides_as_the_textbooks_gcra(
        emission in 1_i64..5_000,
        burst in 1_u32..30,
        waits in prop::collection::vec(0_i64..6_000, 1..300),
    ) {
        let ledger = Arc::new(Ledger::default());
        let period = emission.unsigned_abs() * u64::from(burst);
        let window = Window::Bucket(Duration::from_millis(period));
        let one = claim(&ledger, f64::from(burst), window, 1.0);
        let tolerance = emission * i64::from(burst - 1);
        let mut textbook = Textbook { theoretical_arrival: 0, emission, tolerance };
        let begin = at("2026-11-22T10:00:00Z");
        let mut now = 0;
        for wait in waits {
            now += wait;
            let here = begin + SignedDuration::from_millis(now);
            prop_assert_eq!(spend(&ledger, &one, here), textbook.admits(now), "at {} ms", now);
        }
    }

    #[test]
    fn whatever_is_reserved_and_settled_no_more_is_used_than_burst_and_refill(
        limit in 10_u32..1_000,
        calls in prop::collection::vec((0_i64..20_000, 1_u32..500, 0.0_f64..1.0, 0_usize..4), 1..200),
    ) {
        let ledger = Arc::new(Ledger::default());
        let window = Window::Bucket(Duration::from_mins(1));
        let begin = at("2026-11-22T10:00:00Z");
        let (mut now, mut used) = (begin, 0.0);
        let mut open = Vec::new();
        for (wait, estimate, part, keep) in calls {
            now += SignedDuration::from_millis(wait);
            let asked = claim(&ledger, f64::from(limit), window.clone(), f64::from(estimate));
            if let Ok(mut reservation) = ledger.reserve(vec![asked], now) {
                reservation.spend();
                open.push((reservation, f64::from(estimate) * part));
            }
            while open.len() > keep {
                let (mut reservation, really): (super::Reservation, f64) = open.remove(0);
                reservation.settle(|_| Some(really), now);
                used += really;
            }
            let refilled = now.duration_since(begin).as_secs_f64() / 60.0 * f64::from(limit);
            prop_assert!(used <= f64::from(limit) + refilled + 1e-3, "{} used", used);
        }
    }
}
