use jiff::SignedDuration;

use super::*;
use crate::ledger::testing::{day, quota};

/// A use every so many seconds, from ten o'clock on; the pace and when it ended.
fn used(quota: &Quota, times: i64, every: i64) -> (Pace, Timestamp) {
    let mut now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
    let mut pace = Pace::begun(now);
    for _ in 0..times {
        pace.count(quota, 1.0, now);
        now += SignedDuration::from_secs(every);
    }
    (pace, now)
}

#[test]
fn too_little_says_nothing() {
    let quota = quota(100.0, day());
    let none = outlook(None, &quota, 100.0, 100.0, None, Timestamp::UNIX_EPOCH);
    assert_eq!(none, Outlook::Unknown);
    for (times, every) in [(4, 3_600), (50, 1)] {
        let (pace, now) = used(&quota, times, every);
        let told = outlook(Some(&pace), &quota, 100.0, 50.0, None, now);
        assert_eq!(told, Outlook::Unknown, "{times} in {every} s");
    }
}

#[test]
fn a_day_is_empty_when_its_pace_says_so_or_lasts_until_it_ends() {
    let quota = quota(1_000.0, day());
    // 60 an hour: 120 are left, so it will be empty in two hours.
    let (pace, now) = used(&quota, 60, 60);
    let midnight = Some("2026-11-23T00:00:00Z".parse().unwrap());
    let Outlook::EmptyAt(empty) = outlook(Some(&pace), &quota, 1_000.0, 120.0, midnight, now)
    else {
        panic!("it will be empty before midnight");
    };
    let wait = empty.duration_since(now).as_mins();
    assert!((115..=125).contains(&wait), "{wait} minutes");
    let enough = outlook(Some(&pace), &quota, 1_000.0, 940.0, midnight, now);
    assert_eq!(enough, Outlook::Lasts);
    let empty = outlook(Some(&pace), &quota, 1_000.0, 0.0, midnight, now);
    assert_eq!(empty, Outlook::Empty);
}

#[test]
fn a_bucket_lasts_while_it_refills_faster_than_it_is_used() {
    let quota = quota(1_000.0, Window::Bucket(MEMORY));
    // It refills one in 86.4 seconds.
    let (slow, now) = used(&quota, 100, 100);
    assert_eq!(
        outlook(Some(&slow), &quota, 1_000.0, 10.0, None, now),
        Outlook::Lasts
    );
    let (fast, now) = used(&quota, 100, 43);
    let Outlook::EmptyAt(empty) = outlook(Some(&fast), &quota, 1_000.0, 100.0, None, now) else {
        panic!("it is used twice as fast as it refills");
    };
    let hours = empty.duration_since(now).as_hours();
    assert!((2..=3).contains(&hours), "{hours} hours");
}

#[test]
fn what_was_long_ago_is_no_pace() {
    let quota = quota(1_000.0, day());
    let (mut pace, now) = used(&quota, 100, 60);
    let days_later = now + SignedDuration::from_hours(14 * 24);
    pace.count(&quota, 1.0, days_later);
    let told = outlook(Some(&pace), &quota, 1_000.0, 500.0, None, days_later);
    assert_eq!(told, Outlook::Unknown);
}
