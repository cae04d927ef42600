use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;

fn standing(tier: u32, paid: bool, cost: Option<f64>) -> Standing {
    Standing {
        tier: [tier, 0, 0, 0],
        paid,
        cost: cost.map(|cost| [cost, 0.0]),
    }
}

fn arranged(standings: &[Standing]) -> Vec<usize> {
    arrange(0..standings.len(), |index| standings[*index]).collect()
}

fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

#[test]
fn the_cheapest_goes_first_and_equals_keep_their_order() {
    let free = |cost| standing(0, false, Some(cost));
    assert_eq!(
        arranged(&[free(3.0), free(1.0), free(2.0), free(1.0)]),
        [1, 3, 2, 0]
    );
}

#[test]
fn who_has_no_cost_keeps_its_place() {
    let free = |cost| standing(0, false, cost);
    let standings = [free(Some(3.0)), free(None), free(Some(1.0)), free(None)];
    assert_eq!(arranged(&standings), [2, 1, 0, 3]);
}

#[test]
fn no_cost_leads_past_a_tier_and_what_takes_money_is_last_in_its_own() {
    let standings = [
        standing(1, false, Some(0.0)),
        standing(0, true, Some(0.0)),
        standing(0, false, Some(9.0)),
        standing(1, true, Some(0.0)),
    ];
    assert_eq!(arranged(&standings), [2, 1, 0, 3]);
}

#[test]
fn lots_fall_in_proportion_to_weights() {
    let firsts = (0..10_000)
        .filter(|turn| order::lot("a", *turn, 3.0) < order::lot("b", *turn, 1.0))
        .count();
    assert!((7_300..7_700).contains(&firsts), "{firsts} of 10000");
    assert!(order::lot("a", 1, 0.0).is_infinite(), "no weight, no turn");
}

#[test]
fn a_slow_answer_counts_at_once_and_is_forgotten_bit_by_bit() {
    let latencies = Latencies::default();
    let mut at = now();
    latencies.record("a", Duration::from_millis(200), false, at);
    latencies.record("a", Duration::from_secs(3), false, at);
    assert_eq!(latencies.expected("a", at), Duration::from_secs(3));
    let mut last = latencies.expected("a", at);
    for _ in 0..30 {
        at += SignedDuration::from_secs(10);
        latencies.record("a", Duration::from_millis(200), false, at);
        let expected = latencies.expected("a", at);
        assert!(expected < last);
        last = expected;
    }
    assert!(last < Duration::from_millis(600), "{last:?}");
}

#[test]
fn who_fails_quickly_is_not_quick_and_who_is_new_is_tried() {
    let latencies = Latencies::default();
    latencies.record("failing", Duration::from_millis(3), true, now());
    latencies.record("sound", Duration::from_secs(2), false, now());
    let expected = |name| latencies.expected(name, now());
    assert!(expected("failing") > expected("sound"));
    assert_eq!(expected("new"), Duration::ZERO);
}

#[test]
fn the_callers_word_counts_before_the_operators() {
    let policies = Policies {
        default: Policy::Order,
        operations: BTreeMap::from([("weather/current".to_owned(), Policy::Fastest)]),
    };
    let of = |wished, operation: &str| policies.of(wished, None, || operation.to_owned());
    let of_key = policies.of(None, Some(Policy::Cheapest), || "weather/current".into());
    assert!(!of_key.wished && of_key.policy == Policy::Cheapest);
    assert_eq!(of(None, "weather/daily").policy, Policy::Order);
    assert_eq!(of(None, "weather/current").policy, Policy::Fastest);
    let wished = of(Some(Policy::Weighted), "weather/current");
    assert!(wished.wished && wished.policy == Policy::Weighted);
}

#[test]
fn a_policy_is_read_as_it_is_written() {
    for policy in Policy::ALL {
        assert_eq!(policy.as_str().parse(), Ok(policy));
        assert!(UnknownPolicy.to_string().contains(policy.as_str()));
    }
    assert_eq!("best".parse::<Policy>(), Err(UnknownPolicy));
}

proptest! {
    #[test]
    fn nobody_is_lost_and_nobody_passes_a_tier(
        given in prop::collection::vec((0_u32..3, any::<bool>(), prop::option::of(0_u8..5)), 0..20),
    ) {
        let standings: Vec<Standing> = given
            .iter()
            .map(|(tier, paid, cost)| standing(*tier, *paid, cost.map(f64::from)))
            .collect();
        let order = arranged(&standings);
        let mut all = order.clone();
        all.sort_unstable();
        prop_assert_eq!(all, (0..standings.len()).collect::<Vec<_>>());
        for pair in order.windows(2) {
            let [one, other] = [&standings[pair[0]], &standings[pair[1]]];
            prop_assert!((one.tier, one.paid) <= (other.tier, other.paid));
        }
    }
}
