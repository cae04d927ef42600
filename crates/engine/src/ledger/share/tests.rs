use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::ledger::Ledger;
use crate::ledger::testing::{day, quota};

const DAY: Duration = Duration::from_hours(24);

fn sharing(shares: &[(&str, Share)]) -> Arc<Ledger> {
    let members = shares
        .iter()
        .map(|(project, share)| (ProjectId::new(*project), *share))
        .collect();
    let shares = Shares(BTreeMap::from([("p".to_owned(), members)]));
    Arc::new(Ledger::sharing(shares))
}

fn halves() -> Arc<Ledger> {
    sharing(&[("a", Share::Part(0.5)), ("b", Share::Part(0.5))])
}

fn midnight() -> Timestamp {
    "2026-11-22T00:00:00Z".parse().unwrap()
}

fn after(hours: i64) -> Timestamp {
    midnight() + SignedDuration::from_hours(hours)
}

/// Asks for one unit.
fn asks(ledger: &Arc<Ledger>, project: &str, quota: &Arc<Quota>, now: Timestamp) -> bool {
    let claims = vec![ledger.claim("p", quota, 1.0)];
    ledger
        .reserve_for(Some(&ProjectId::new(project)), claims, now)
        .map(|mut reservation| reservation.sent())
        .is_ok()
}

/// How many of so many a project gets.
fn gets(ledger: &Arc<Ledger>, project: &str, quota: &Arc<Quota>, of: u32, now: Timestamp) -> u32 {
    (0..of)
        .map(|_| u32::from(asks(ledger, project, quota, now)))
        .sum()
}

#[test]
fn who_floods_a_bucket_leaves_the_others_part_alone() {
    let (ledger, bucket) = (halves(), Arc::new(quota(100.0, Window::Bucket(DAY))));
    assert_eq!(gets(&ledger, "a", &bucket, 1_000, midnight()), 50);
    assert_eq!(gets(&ledger, "b", &bucket, 1_000, midnight()), 50);
}

#[test]
fn an_idle_part_of_a_bucket_is_lent_as_it_refills_and_taken_back_at_once() {
    let (ledger, bucket) = (halves(), Arc::new(quota(240.0, Window::Bucket(DAY))));
    assert_eq!(gets(&ledger, "a", &bucket, 1_000, midnight()), 120);
    // Ten an hour refill: five of them for the idle one, which is full and lends them.
    assert_eq!(gets(&ledger, "a", &bucket, 1_000, after(6)), 60);
    assert_eq!(
        gets(&ledger, "b", &bucket, 1_000, after(6)),
        120,
        "all of its part is there"
    );
    assert_eq!(
        gets(&ledger, "a", &bucket, 1_000, after(7)),
        5,
        "nothing is lent any more"
    );
    assert_eq!(gets(&ledger, "b", &bucket, 1_000, after(7)), 5);
}

#[test]
fn an_idle_part_of_a_day_is_lent_as_the_day_passes() {
    let (ledger, daily) = (halves(), Arc::new(quota(200.0, day())));
    assert_eq!(gets(&ledger, "a", &daily, 1_000, midnight()), 100);
    assert_eq!(gets(&ledger, "a", &daily, 1_000, after(12)), 50);
    assert_eq!(
        gets(&ledger, "b", &daily, 1_000, after(12)),
        50,
        "half of the day, half of the part"
    );
    assert_eq!(gets(&ledger, "b", &daily, 1, after(13)), 0);
    assert_eq!(
        gets(&ledger, "b", &daily, 1_000, after(24)),
        100,
        "a new day"
    );
}

#[test]
fn at_the_end_of_a_day_nothing_is_left_over() {
    let (ledger, daily) = (halves(), Arc::new(quota(200.0, day())));
    let used: u32 = (0..24)
        .map(|hour| gets(&ledger, "a", &daily, 1_000, after(hour)))
        .sum();
    assert!((195..=200).contains(&used), "{used}");
}

#[test]
fn who_has_no_part_gets_what_is_kept_for_nobody() {
    let (ledger, bucket) = (
        sharing(&[("a", Share::Part(0.7))]),
        Arc::new(quota(100.0, Window::Bucket(DAY))),
    );
    assert_eq!(gets(&ledger, "stranger", &bucket, 1_000, midnight()), 30);
    assert_eq!(gets(&ledger, "a", &bucket, 1_000, midnight()), 70);
}

#[test]
fn an_idle_part_of_a_rolling_window_comes_back_within_its_length() {
    let (ledger, rolling) = (
        halves(),
        Arc::new(quota(100.0, Window::Rolling(Duration::from_hours(1)))),
    );
    asks(&ledger, "b", &rolling, midnight());
    assert_eq!(
        gets(&ledger, "a", &rolling, 1_000, after(2)),
        100,
        "b has rested for long"
    );
    assert!(!asks(&ledger, "b", &rolling, after(2)));
    let later = after(3) + SignedDuration::from_mins(2);
    assert_eq!(gets(&ledger, "b", &rolling, 1_000, later), 100);
}

#[test]
fn what_was_paid_beforehand_is_spent_once() {
    let prepaid = Share::Prepaid {
        units: 30.0,
        dimension: Dimension::Requests,
    };
    let (ledger, daily) = (sharing(&[("a", prepaid)]), Arc::new(quota(20.0, day())));
    assert_eq!(
        gets(&ledger, "a", &daily, 1_000, midnight()),
        20,
        "the window holds for all"
    );
    assert_eq!(gets(&ledger, "a", &daily, 1_000, after(24)), 10);
    assert_eq!(gets(&ledger, "a", &daily, 1_000, after(48)), 0);
    assert_eq!(gets(&ledger, "other", &daily, 1_000, after(72)), 20);
}

#[test]
fn what_is_given_back_is_given_back_to_the_part_too() {
    let (ledger, bucket) = (halves(), Arc::new(quota(2.0, Window::Bucket(DAY))));
    let claims = vec![ledger.claim("p", &bucket, 1.0)];
    let project = ProjectId::new("a");
    drop(
        ledger
            .reserve_for(Some(&project), claims, midnight())
            .unwrap(),
    );
    assert_eq!(gets(&ledger, "a", &bucket, 5, midnight()), 1);
    assert_eq!(gets(&ledger, "b", &bucket, 5, midnight()), 1);
}

#[derive(Debug, Clone)]
enum Step {
    Pause(u16),
    Ask(bool, u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (1_u16..7_200).prop_map(Step::Pause),
        (any::<bool>(), 1_u8..20).prop_map(|(first, times)| Step::Ask(first, times)),
    ];
    prop::collection::vec(step, 1..120)
}

proptest! {
    /// Whatever the other does, who asks at its own pace is always served.
    #[test]
    fn a_project_that_keeps_its_pace_never_waits(
        steps in steps(),
        calendar in any::<bool>(),
        part in 0.1_f64..0.9,
    ) {
        let ledger = sharing(&[("steady", Share::Part(part)), ("other", Share::Part(1.0 - part))]);
        let window = if calendar { day() } else { Window::Bucket(DAY) };
        let quota = Arc::new(quota(480.0, window));
        // One unit each time that its part earns one, as often as a day has room for.
        let pace = 86_400.0 / (480.0 * part);
        let a_day = (480.0 * part).floor();
        let (mut now, mut day_of, mut taken) = (0.0_f64, 0.0_f64, 0.0_f64);
        for step in steps {
            match step {
                Step::Ask(_, times) => {
                    let at = midnight() + SignedDuration::from_secs_f64(now);
                    gets(&ledger, "other", &quota, u32::from(times) * 10, at);
                }
                Step::Pause(seconds) => {
                    now += f64::from(seconds);
                    loop {
                        if taken >= a_day {
                            (day_of, taken) = (day_of + 86_400.0, 0.0);
                        }
                        let due = day_of + taken * pace;
                        if due > now {
                            break;
                        }
                        let at = midnight() + SignedDuration::from_secs_f64(due);
                        prop_assert!(asks(&ledger, "steady", &quota, at), "refused at {at}");
                        taken += 1.0;
                    }
                }
            }
        }
    }

    #[test]
    fn together_they_never_get_more_than_there_is(steps in steps(), part in 0.1_f64..0.9) {
        let ledger = sharing(&[("a", Share::Part(part)), ("b", Share::Part(1.0 - part))]);
        let quota = Arc::new(quota(60.0, Window::Bucket(DAY)));
        let (mut now, mut served) = (midnight(), 0);
        for step in steps {
            match step {
                Step::Pause(seconds) => now += SignedDuration::from_secs(seconds.into()),
                Step::Ask(first, times) => {
                    let project = if first { "a" } else { "b" };
                    served += gets(&ledger, project, &quota, times.into(), now);
                }
            }
        }
        let refilled = now.duration_since(midnight()).as_secs_f64() / 86_400.0 * 60.0;
        prop_assert!(f64::from(served) <= 60.0 + refilled + 1e-3);
    }
}
