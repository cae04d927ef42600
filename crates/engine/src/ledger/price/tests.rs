use std::sync::Arc;

use jiff::SignedDuration;

use super::*;
use crate::ledger::testing::{at, day, quota};

/// The price of one unit when so many are used.
fn priced(window: Window, limit: f64, used: f64, now: Timestamp) -> Option<f64> {
    let ledger = Arc::new(Ledger::default());
    let quota = Arc::new(quota(limit, window));
    let taken = ledger.reserve(vec![ledger.claim("p", &quota, used)], now);
    taken.unwrap().sent();
    ledger.price(&[ledger.claim("p", &quota, 1.0)], now)
}

fn near(price: Option<f64>, expected: f64) {
    let price = price.unwrap();
    assert!(
        (price - expected).abs() < 1e-6 * expected.max(1.0),
        "{price} is not {expected}"
    );
}

#[test]
fn a_full_bucket_costs_nothing_and_an_empty_one_most() {
    let noon = at("2026-11-22T12:00:00Z");
    let bucket = || Window::Bucket(DAY);
    near(priced(bucket(), 100.0, 0.0, noon), 0.0);
    near(priced(bucket(), 100.0, 50.0, noon), 43_200.0 / 50.0);
    assert_eq!(priced(bucket(), 100.0, 100.0, noon), Some(f64::INFINITY));
}

#[test]
fn a_day_costs_less_the_nearer_its_end_is() {
    near(priced(day(), 100.0, 0.0, at("2026-11-22T00:00:00Z")), 864.0);
    near(
        priced(day(), 100.0, 50.0, at("2026-11-22T12:00:00Z")),
        864.0,
    );
    near(priced(day(), 100.0, 50.0, at("2026-11-22T23:00:00Z")), 72.0);
}

#[test]
fn a_credit_that_never_comes_back_is_dearest_and_one_that_expires_is_not() {
    let now = at("2026-11-22T12:00:00Z");
    let never = priced(Window::Credit(None), 1_000.0, 0.0, now).unwrap();
    let month = priced(Window::Credit(Some(30 * DAY)), 1_000.0, 0.0, now).unwrap();
    let last = priced(day(), 1_000.0, 990.0, now).unwrap();
    assert!(never > month && never > last, "{never} {month} {last}");
}

#[test]
fn of_several_windows_the_dearest_counts_and_those_of_minutes_do_not() {
    let ledger = Arc::new(Ledger::default());
    let now = at("2026-11-22T00:00:00Z");
    let claim =
        |name: &str, limit, window| ledger.claim(name, &Arc::new(quota(limit, window)), 1.0);
    let minute = claim("minute", 5.0, Window::Bucket(Duration::from_mins(1)));
    assert_eq!(ledger.price(std::slice::from_ref(&minute), now), None);
    let few = claim("few", 10.0, day());
    let many = claim("many", 1_000.0, day());
    near(ledger.price(&[minute, many, few], now), 8_640.0);
}

#[test]
fn what_is_used_at_an_even_pace_keeps_its_price() {
    let (ledger, quota) = (Arc::new(Ledger::default()), Arc::new(quota(24.0, day())));
    let mut now = at("2026-11-22T00:00:00Z");
    for _ in 0..23 {
        let claim = ledger.claim("p", &quota, 1.0);
        near(ledger.price(std::slice::from_ref(&claim), now), 3_600.0);
        ledger.reserve(vec![claim], now).unwrap().sent();
        now += SignedDuration::from_hours(1);
    }
}
