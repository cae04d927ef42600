use jiff::SignedDuration;

use super::*;
use crate::ledger::testing::{at, quota};

const DAY: Duration = Duration::from_hours(24);
const MINUTE: Duration = Duration::from_mins(1);

fn units(belief: &Belief, quota: &Quota, now: Timestamp) -> f64 {
    belief.limit(quota, now).units
}

#[test]
fn what_is_told_goes_before_the_file_until_it_is_old() {
    let quota = quota(50.0, Window::Fixed(DAY));
    let mut belief = Belief::default();
    let now = at("2026-11-22T10:00:00Z");
    assert_eq!(belief.limit(&quota, now).source, Source::Catalogue);
    assert!(belief.told(1_000.0, Source::Header, now));
    assert!(!belief.told(1_000.0, Source::Header, now), "no news");
    assert!((units(&belief, &quota, now) - 1_000.0).abs() < 1e-9);
    let later = now + SignedDuration::from_hours(30 * 24);
    assert!((units(&belief, &quota, later) - 50.0).abs() < 1e-9);
}

#[test]
fn a_cap_is_lowered_by_what_is_told_and_never_raised() {
    let quota = Quota {
        cap: true,
        ..quota(50.0, Window::Fixed(DAY))
    };
    let mut belief = Belief::default();
    let now = at("2026-11-22T10:00:00Z");
    belief.told(1_000.0, Source::Header, now);
    assert!((units(&belief, &quota, now) - 50.0).abs() < 1e-9);
    belief.told(20.0, Source::Header, now);
    assert!((units(&belief, &quota, now) - 20.0).abs() < 1e-9);
}

#[test]
fn a_refusal_halves_the_ceiling_but_not_below_what_has_passed() {
    let now = at("2026-11-22T10:00:00Z");
    for (passed, left) in [(3.0, 20.0), (26.0, 26.0), (40.0, 40.0)] {
        let quota = quota(40.0, Window::Fixed(DAY));
        let mut belief = Belief::default();
        belief.refused(&quota, passed, now);
        assert!(
            (units(&belief, &quota, now) - left).abs() < 1e-9,
            "{passed}"
        );
    }
    let bucket = quota(40.0, Window::Bucket(MINUTE));
    let mut belief = Belief::default();
    belief.refused(&bucket, 40.0, now);
    assert!(
        (units(&belief, &bucket, now) - 20.0).abs() < 1e-9,
        "a full bucket, and as much again that refilled"
    );
    belief.refused(&bucket, 20.0, now);
    assert!((units(&belief, &bucket, now) - 18.0).abs() < 1e-9);
    for _ in 0..100 {
        belief.refused(&bucket, 0.0, now);
    }
    assert!(
        units(&belief, &bucket, now) >= 1.0,
        "one request is always tried"
    );
}

#[test]
fn what_was_under_way_when_the_ceiling_fell_does_not_let_it_fall_again() {
    let quota = quota(40.0, Window::Bucket(MINUTE));
    let mut belief = Belief::default();
    let now = at("2026-11-22T10:00:00Z");
    assert!(!belief.knew(now));
    belief.refused(&quota, 0.0, now);
    assert!(belief.knew(now - SignedDuration::from_secs(1)));
    assert!(!belief.knew(now + SignedDuration::from_secs(1)));
}

/// Fills the window and goes on as long as it is allowed to; gives how many passed and how many were refused.
fn fill(belief: &mut Belief, quota: &Quota, truth: f64, now: Timestamp) -> (f64, u32) {
    let (mut used, mut refused) = (0.0, 0);
    loop {
        let fits = used + 1.0 <= units(belief, quota, now);
        if !fits && !belief.may_try(quota, used + 1.0, now) {
            return (used, refused);
        }
        if !fits {
            belief.tries(now);
        }
        if used + 1.0 <= truth {
            used += 1.0;
            belief.passed(quota, used, now);
        } else {
            belief.refused(quota, used, now);
            refused += 1;
        }
        if belief.next_try.is_some_and(|next| now < next) && used >= units(belief, quota, now) {
            return (used, refused);
        }
    }
}

#[test]
fn a_guessed_limit_rises_to_the_truth_with_few_refusals() {
    let quota = Quota {
        guessed: true,
        ..quota(20.0, Window::Fixed(DAY))
    };
    let mut belief = Belief::default();
    let mut now = at("2026-11-01T00:00:00Z");
    let (mut served, mut wasted) = (0.0, 0);
    for _ in 0..30 {
        // Some times a day somebody wants as much as there is.
        let mut today = 0.0;
        for hour in 0..24 {
            let (used, refused) = fill(
                &mut belief,
                &quota,
                30.0,
                now + SignedDuration::from_hours(hour),
            );
            today = f64::max(today, used);
            wasted += refused;
        }
        served += today;
        now += SignedDuration::from_hours(24);
    }
    assert!((units(&belief, &quota, now) - 30.0).abs() < 1.0);
    assert!(served >= 0.97 * 30.0 * 30.0, "{served} of 900");
    assert!(wasted <= 4, "{wasted} refusals");
}

#[test]
fn a_limit_that_is_published_is_never_tried_beyond() {
    let quota = quota(20.0, Window::Fixed(DAY));
    let mut belief = Belief::default();
    let now = at("2026-11-22T10:00:00Z");
    assert!(!belief.may_try(&quota, 21.0, now));
    belief.refused(&quota, 4.0, now);
    assert!(!belief.may_try(&quota, 11.0, now), "not at once");
    let later = now + SignedDuration::from_hours(49);
    assert!(belief.may_try(&quota, 11.0, later));
    belief.tries(later);
    assert!(!belief.may_try(&quota, 11.0, later), "one at a time");
    for _ in 0..100 {
        belief.tries(later);
        belief.passed(&quota, 11.0, later);
    }
    assert!((units(&belief, &quota, later) - 20.0).abs() < 1e-9);
    assert!(!belief.may_try(&quota, 21.0, later + SignedDuration::from_hours(1)));
}

#[test]
fn who_is_refused_again_and_again_asks_ever_more_seldom() {
    let quota = Quota {
        guessed: true,
        ..quota(40.0, Window::Bucket(MINUTE))
    };
    let mut belief = Belief::default();
    let mut now = at("2026-11-22T10:00:00Z");
    let mut rests = Vec::new();
    for _ in 0..20 {
        belief.tries(now);
        belief.refused(&quota, 40.0, now);
        let next = belief.next_try.unwrap();
        rests.push(next.duration_since(now).as_mins());
        now = next;
    }
    assert_eq!(rests[..4], [10, 20, 40, 80]);
    assert_eq!(rests[19], 16 * 24 * 60);
}
