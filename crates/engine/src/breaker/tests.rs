use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{Admission, Breaker, Suspension};
use crate::outcome::Class;

const REFUSED: Admission = Admission::Refused(Suspension {
    class: Class::Auth,
    until: None,
});

fn begin() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

fn after(seconds: i64) -> Timestamp {
    begin() + SignedDuration::from_secs(seconds)
}

fn opened(class: Class) -> Breaker {
    let mut breaker = Breaker::default();
    for _ in 0..3 {
        if breaker.admit(begin()) == Admission::Open {
            note(&mut breaker, class, None, begin());
        }
    }
    breaker
}

/// Records as whoever was let through last: the probe, while there is one.
fn note(breaker: &mut Breaker, class: Class, retry_at: Option<Timestamp>, now: Timestamp) {
    let admission = if breaker.probing {
        Admission::Probe
    } else {
        Admission::Open
    };
    breaker.record(admission, class, retry_at, now);
}

fn refused(breaker: &Breaker, at: Timestamp) -> bool {
    matches!(breaker.peek(at), Admission::Refused(_))
}

#[test]
fn a_half_open_breaker_lets_one_probe_through() {
    let mut breaker = opened(Class::Upstream);
    assert!(refused(&breaker, after(4)));
    assert_eq!(breaker.admit(after(5)), Admission::Probe);
    assert!(
        matches!(breaker.admit(after(5)), Admission::Refused(_)),
        "not everyone at once"
    );
    note(&mut breaker, Class::Ok, None, after(6));
    assert_eq!(breaker.admit(after(6)), Admission::Open);
}

#[test]
fn a_probe_that_ends_without_an_outcome_does_not_wedge_the_breaker() {
    let mut breaker = opened(Class::Upstream);
    assert_eq!(breaker.admit(after(5)), Admission::Probe);
    breaker.abandon(Admission::Probe);
    assert_eq!(breaker.admit(after(5)), Admission::Probe);
}

#[test]
fn each_failed_probe_doubles_the_suspension_up_to_the_longest() {
    let mut breaker = opened(Class::Upstream);
    let mut now = begin();
    for wait in [5, 10, 20, 40, 80, 120, 120] {
        assert!(
            refused(&breaker, now + SignedDuration::from_secs(wait - 1)),
            "{wait}"
        );
        now += SignedDuration::from_secs(wait);
        assert_eq!(breaker.admit(now), Admission::Probe, "{wait}");
        note(&mut breaker, Class::Upstream, None, now);
    }
}

#[test]
fn five_calls_a_minute_are_enough_to_open_it() {
    let mut breaker = Breaker::default();
    for call in 0..3 {
        assert_eq!(breaker.admit(after(call * 12)), Admission::Open);
        note(&mut breaker, Class::Upstream, None, after(call * 12));
    }
    assert!(refused(&breaker, after(25)));
}

#[test]
fn a_success_between_failures_keeps_it_closed_until_the_rate_is_too_high() {
    let mut breaker = Breaker::default();
    for call in 0..19 {
        let class = if call % 2 == 0 {
            Class::Upstream
        } else {
            Class::Ok
        };
        note(&mut breaker, class, None, begin());
    }
    assert_eq!(
        breaker.peek(begin()),
        Admission::Open,
        "too few calls for a rate"
    );
    for call in 0..2 {
        let class = if call % 2 == 0 {
            Class::Ok
        } else {
            Class::Upstream
        };
        note(&mut breaker, class, None, begin());
    }
    assert!(refused(&breaker, begin()));
}

#[test]
fn the_class_decides_how_long() {
    for (class, seconds) in [
        (Class::RateLimited, 60),
        (Class::QuotaExhausted, 3_600),
        (Class::Blocked, 3_600),
        (Class::Plan, 86_400),
        (Class::BadPayload, 600),
        (Class::Upstream, 5),
    ] {
        let breaker = opened(class);
        assert!(refused(&breaker, after(seconds - 1)), "{class}");
        assert_eq!(breaker.peek(after(seconds)), Admission::Probe, "{class}");
    }
}

#[test]
fn a_dead_key_waits_for_another_one() {
    let breaker = opened(Class::Auth);
    assert!(breaker.waits_for_change());
    assert!(refused(&breaker, after(86_400 * 365)));
}

#[test]
fn the_provider_knows_best_when_it_may_be_asked_again() {
    let mut breaker = Breaker::default();
    note(&mut breaker, Class::RateLimited, Some(after(7)), begin());
    assert!(refused(&breaker, after(6)));
    assert_eq!(breaker.admit(after(7)), Admission::Probe);
    note(
        &mut breaker,
        Class::RateLimited,
        Some(after(5_000)),
        after(7),
    );
    assert!(refused(&breaker, after(4_999)));
}

#[test]
fn no_such_thing_and_bad_input_are_no_failures() {
    for class in [Class::Ok, Class::Empty, Class::BadRequest] {
        let mut breaker = Breaker::default();
        (0..50).for_each(|_| note(&mut breaker, class, None, begin()));
        assert_eq!(breaker.peek(begin()), Admission::Open);
    }
}

#[test]
fn a_late_answer_from_before_the_suspension_changes_nothing() {
    let mut breaker = opened(Class::Blocked);
    let before = breaker.suspension();
    note(&mut breaker, Class::Upstream, None, after(1));
    assert_eq!(breaker.suspension(), before);
}

#[test]
fn a_late_answer_during_a_probe_lets_no_second_one_in() {
    let mut breaker = opened(Class::Upstream);
    assert_eq!(breaker.admit(after(5)), Admission::Probe);
    for class in [Class::Upstream, Class::Ok] {
        breaker.record(Admission::Open, class, None, after(5));
        breaker.abandon(Admission::Open);
        assert!(refused(&breaker, after(5)), "{class}");
    }
    breaker.record(Admission::Probe, Class::Ok, None, after(6));
    assert_eq!(breaker.peek(after(6)), Admission::Open);
}

#[test]
fn a_suspension_survives_a_restart() {
    let breaker = opened(Class::Blocked);
    let (suspension, round) = breaker.suspension().unwrap();
    let mut restored = Breaker::restored(suspension, round);
    assert!(refused(&restored, after(3_599)));
    assert_eq!(restored.admit(after(3_600)), Admission::Probe);
    note(&mut restored, Class::Blocked, None, after(3_600));
    assert!(
        refused(&restored, after(3_600 + 7_199)),
        "the second is twice as long"
    );
}

proptest! {
    #[test]
    fn whatever_happens_there_is_one_probe_at_a_time_and_a_healed_candidate_comes_back(
        events in prop::collection::vec((0_i64..200, 0_usize..Class::ALL.len(), any::<bool>()), 1..200),
    ) {
        let mut breaker = Breaker::default();
        let mut now = begin();
        let mut probes = 0_u32;
        for (wait, class, answers) in events {
            now += SignedDuration::from_secs(wait);
            let class = Class::ALL[class];
            match breaker.admit(now) {
                Admission::Refused(_) => continue,
                Admission::Probe => {
                    probes += 1;
                    prop_assert!(matches!(breaker.peek(now), Admission::Refused(_)));
                }
                Admission::Open => {}
            }
            if answers { note(&mut breaker, class, None, now) } else { breaker.abandon(Admission::Probe) }
        }
        // However it stands: unless only a change can lift it, it is asked again within its suspension.
        if !breaker.waits_for_change() {
            now += SignedDuration::from_hours(25);
            prop_assert_ne!(std::mem::discriminant(&breaker.admit(now)), std::mem::discriminant(&REFUSED));
            note(&mut breaker, Class::Ok, None, now);
            prop_assert_eq!(breaker.peek(now), Admission::Open);
        }
        prop_assert!(probes < 1_000);
    }
}
