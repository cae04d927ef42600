//! What answers and refusals teach the ledger.

use std::sync::Arc;
use std::time::Duration;

use guichet_catalogue::model::{CalendarUnit, Dimension, Quota, Scope, Window};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{Claim, Ledger, Refused, Reservation};
use crate::gauge::{Gauge, Source};

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);
const NOW: &str = "2026-11-22T10:00:00Z";

fn quota(limit: f64, dimension: Dimension, window: Window) -> Quota {
    Quota {
        limit,
        window,
        scope: Scope::Key,
        group: None,
        dimension,
        cost: None,
        each_model: false,
        models: Vec::new(),
        guessed: false,
        cap: false,
    }
}

fn daily(limit: f64) -> Quota {
    let zone = TimeZone::UTC;
    let unit = CalendarUnit::Day;
    quota(limit, Dimension::Requests, Window::Calendar { unit, zone })
}

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn send(ledger: &Arc<Ledger>, claim: &Claim, now: Timestamp) -> Option<Reservation> {
    let mut reservation = ledger.reserve(vec![claim.clone()], now).ok()?;
    reservation.sent();
    Some(reservation)
}

fn gauge(dimension: Dimension, period: Duration) -> Gauge {
    Gauge {
        dimension: Some(dimension),
        period: Some(period),
        ..Gauge::blank(Source::Header)
    }
}

#[test]
fn a_level_is_corrected_up_and_down() {
    let ledger = Arc::new(Ledger::default());
    let claim = ledger.claim("p", &Arc::new(daily(100.0)), 1.0);
    let told = |remaining| Gauge {
        limit: Some(100.0),
        remaining: Some(remaining),
        ..gauge(Dimension::Requests, DAY)
    };
    let reservation = send(&ledger, &claim, now()).unwrap();
    reservation.learn(&[told(40.0)], now());
    assert!(
        (ledger.used(&claim, now()) - 60.0).abs() < 1e-9,
        "others use the key too"
    );
    drop(reservation);
    let reservation = send(&ledger, &claim, now()).unwrap();
    reservation.learn(&[told(90.0)], now());
    assert!(
        (ledger.used(&claim, now()) - 10.0).abs() < 1e-9,
        "and it began anew"
    );
}

#[test]
fn what_is_under_way_is_not_forgotten_when_an_answer_does_not_count_it_yet() {
    let ledger = Arc::new(Ledger::default());
    let claim = ledger.claim("p", &Arc::new(daily(100.0)), 1.0);
    let first = send(&ledger, &claim, now()).unwrap();
    let _others: Vec<_> = (0..9)
        .map(|_| send(&ledger, &claim, now()).unwrap())
        .collect();
    let told = |used| Gauge {
        used: Some(used),
        ..gauge(Dimension::Requests, DAY)
    };
    first.learn(&[told(1.0)], now());
    assert!(
        (ledger.used(&claim, now()) - 10.0).abs() < 1e-9,
        "nine are on their way"
    );
    first.learn(&[told(0.0)], now());
    assert!((ledger.used(&claim, now()) - 9.0).abs() < 1e-9);
}

#[test]
fn limits_are_learnt_up_as_well_as_down() {
    for truth in [20.0, 200.0] {
        let ledger = Arc::new(Ledger::default());
        let claim = ledger.claim("p", &Arc::new(daily(50.0)), 1.0);
        let reservation = send(&ledger, &claim, now()).unwrap();
        let told = Gauge {
            limit: Some(truth),
            ..gauge(Dimension::Requests, DAY)
        };
        reservation.learn(&[told], now());
        drop(reservation);
        let more = (0..300)
            .filter(|_| send(&ledger, &claim, now()).is_some())
            .count();
        assert!((f64::from(u32::try_from(more).unwrap()) + 1.0 - truth).abs() < 1e-9);
    }
}

#[test]
fn only_the_window_that_is_meant_learns() {
    let ledger = Arc::new(Ledger::default());
    let requests = ledger.claim("p", &Arc::new(daily(50.0)), 1.0);
    let per_minute = quota(8_000.0, Dimension::Tokens, Window::Bucket(MINUTE));
    let tokens = ledger.claim("p", &Arc::new(per_minute), 500.0);
    let mut reservation = ledger
        .reserve(vec![requests.clone(), tokens.clone()], now())
        .unwrap();
    reservation.sent();
    let told = Gauge {
        limit: Some(6_000.0),
        used: Some(5_000.0),
        ..gauge(Dimension::Tokens, MINUTE)
    };
    reservation.learn(&[told], now());
    assert!((ledger.used(&requests, now()) - 1.0).abs() < 1e-9);
    assert!((ledger.used(&tokens, now()) - 5_000.0).abs() < 1e-9);
}

#[test]
fn a_window_whose_end_is_told_begins_anew_then() {
    let ledger = Arc::new(Ledger::default());
    let claim = ledger.claim("p", &Arc::new(daily(2.0)), 1.0);
    let reservation = send(&ledger, &claim, now()).unwrap();
    let ends_at = now() + SignedDuration::from_hours(2);
    let told = Gauge {
        remaining: Some(0.0),
        limit: Some(2.0),
        ends_at: Some(ends_at),
        ..gauge(Dimension::Requests, DAY)
    };
    reservation.learn(&[told], now());
    drop(reservation);
    let refused = ledger.reserve(vec![claim.clone()], now()).unwrap_err();
    assert_eq!(refused.retry_at, Some(ends_at), "and not at midnight");
    assert!(send(&ledger, &claim, ends_at).is_some());
}

#[test]
fn a_bare_refusal_halves_the_window_that_counts_requests_over_the_shortest_time() {
    let ledger = Arc::new(Ledger::default());
    let minute = quota(40.0, Dimension::Requests, Window::Fixed(MINUTE));
    let minute = ledger.claim("p", &Arc::new(minute), 1.0);
    let day = ledger.claim("p", &Arc::new(daily(1_000.0)), 1.0);
    let claims = vec![minute.clone(), day.clone()];
    let mut last = ledger.reserve(claims.clone(), now()).unwrap();
    last.sent();
    let second = now() + SignedDuration::from_secs(1);
    last.refused(&Refused::default(), second);
    drop(last);
    let next = now() + SignedDuration::from_secs(90);
    let passed = (0..100).filter(|_| {
        ledger.reserve(claims.clone(), next).is_ok_and(|mut one| {
            one.sent();
            true
        })
    });
    assert_eq!(passed.count(), 20);
}

#[test]
fn ten_that_are_refused_together_halve_it_once() {
    let ledger = Arc::new(Ledger::default());
    let minute = quota(40.0, Dimension::Requests, Window::Fixed(MINUTE));
    let claim = ledger.claim("p", &Arc::new(minute), 1.0);
    let together: Vec<_> = (0..10)
        .map(|_| send(&ledger, &claim, now()).unwrap())
        .collect();
    let second = now() + SignedDuration::from_secs(1);
    for one in &together {
        one.refused(&Refused::default(), second);
    }
    drop(together);
    let next = now() + SignedDuration::from_secs(90);
    let passed = (0..100)
        .filter(|_| send(&ledger, &claim, next).is_some())
        .count();
    assert_eq!(passed, 20);
}

#[test]
fn a_window_that_is_nearly_full_explains_a_refusal() {
    let ledger = Arc::new(Ledger::default());
    let minute = quota(40.0, Dimension::Requests, Window::Fixed(MINUTE));
    let claim = ledger.claim("p", &Arc::new(minute), 1.0);
    for _ in 0..38 {
        send(&ledger, &claim, now()).unwrap();
    }
    let last = send(&ledger, &claim, now()).unwrap();
    last.refused(&Refused::default(), now());
    drop(last);
    let next = now() + SignedDuration::from_secs(90);
    let passed = (0..100)
        .filter(|_| send(&ledger, &claim, next).is_some())
        .count();
    assert_eq!(passed, 40, "and holds what it held");
}

#[test]
fn a_spent_day_without_a_number_shows_how_much_a_day_holds() {
    let ledger = Arc::new(Ledger::default());
    let claim = ledger.claim("p", &Arc::new(daily(50.0)), 1.0);
    for _ in 0..30 {
        send(&ledger, &claim, now()).unwrap();
    }
    let last = send(&ledger, &claim, now()).unwrap();
    let spent = Refused {
        window: Some(DAY),
        long: true,
        ..Refused::default()
    };
    last.refused(&spent, now() + SignedDuration::from_secs(1));
    drop(last);
    assert!(send(&ledger, &claim, now()).is_none());
    let tomorrow = now() + SignedDuration::from_hours(20);
    let passed = (0..100)
        .filter(|_| send(&ledger, &claim, tomorrow).is_some())
        .count();
    assert_eq!(passed, 30);
}

#[test]
fn what_a_refusal_states_in_numbers_is_taken_over_as_it_is() {
    let ledger = Arc::new(Ledger::default());
    let tokens = quota(200_000.0, Dimension::Tokens, Window::Bucket(DAY));
    let claim = ledger.claim("p", &Arc::new(tokens), 3_619.0);
    let refused = send(&ledger, &claim, now()).unwrap();
    let stated = Gauge {
        limit: Some(100_000.0),
        used: Some(97_050.0),
        source: Source::Refusal,
        ..gauge(Dimension::Tokens, DAY)
    };
    let refusal = Refused {
        gauges: vec![stated],
        window: Some(DAY),
        long: true,
        ..Refused::default()
    };
    refused.refused(&refusal, now());
    // The refused request itself was not counted by the provider, and is given back with the answer.
    let used = ledger.used(&claim, now());
    assert!((97_050.0..=97_050.0 + 3_619.0).contains(&used), "{used}");
    let full = ledger.reserve(vec![claim], now()).unwrap_err();
    let wait = full.retry_at.unwrap().duration_since(now()).as_secs();
    assert!((578..=578 + 3_130).contains(&wait), "{wait}");
}

#[test]
fn what_was_learnt_outlasts_a_restart() {
    let (before, after) = (Arc::new(Ledger::default()), Arc::new(Ledger::default()));
    let quota = Arc::new(daily(50.0));
    let claim = before.claim("p", &quota, 1.0);
    let reservation = send(&before, &claim, now()).unwrap();
    let told = Gauge {
        limit: Some(20.0),
        used: Some(7.0),
        ..gauge(Dimension::Requests, DAY)
    };
    reservation.learn(&[told], now());
    drop(reservation);
    let mut levels = Vec::new();
    before.take_changes(&mut levels);
    let records: Vec<_> = levels.iter().map(Into::into).collect();
    after.restore(&records);
    after.restore_beliefs(&before.take_beliefs(), now());
    assert!(before.take_beliefs().is_empty(), "written once");
    let claim = after.claim("p", &quota, 1.0);
    let passed = (0..100)
        .filter(|_| send(&after, &claim, now()).is_some())
        .count();
    assert_eq!(passed, 13);
}
