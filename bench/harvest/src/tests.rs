//! Three days of one seed, which must not get worse. So short a time has the month's quotas to itself, so twice as many
//! calls come as the tiers can serve day after day.

use guichet_engine::policy::Policy;

use crate::arguments::Way;
use crate::world::{Limits, World};

const HARVEST: Way = Way::Policy(Policy::Harvest);

#[test]
fn nearly_all_that_is_given_away_is_harvested() {
    let world = World::new(1, 3, 2.0, Limits::Right);
    let harvested = world.run(HARVEST);
    assert!(harvested.harvest >= 0.94, "H = {:.3}", harvested.harvest);
    let wasted = harvested.outcome.wasted_per_thousand();
    assert!(wasted <= 5.0, "{wasted:.1} wasted per 1000");
    let benching = world.run(Way::Benching).harvest;
    assert!(
        benching < harvested.harvest - 0.2,
        "a gateway without a ledger does nearly as well: {benching:.3}"
    );
}

#[test]
fn limits_that_the_catalogue_has_wrong_are_learnt() {
    let world = World::new(3, 3, 2.0, Limits::Guessed);
    let harvested = world.run(HARVEST);
    assert!(harvested.harvest >= 0.9, "H = {:.3}", harvested.harvest);
    let wasted = harvested.outcome.wasted_per_thousand();
    assert!(wasted <= 5.0, "{wasted:.1} wasted per 1000");
}
