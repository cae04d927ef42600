//! A few days of one seed, which must not get worse.

use guichet_engine::policy::Policy;

use crate::arguments::Way;
use crate::world::{Limits, World};

const HARVEST: Way = Way::Policy(Policy::Harvest);

#[test]
fn most_of_what_is_given_away_is_harvested() {
    let world = World::new(1, 3, 1.0, Limits::Right);
    let harvested = world.run(HARVEST);
    assert!(harvested.harvest >= 0.95, "H = {:.3}", harvested.harvest);
    let wasted = harvested.outcome.wasted_per_thousand();
    assert!(wasted <= 5.0, "{wasted:.1} wasted per 1000");
    let benching = world.run(Way::Benching);
    assert!(
        benching.harvest < harvested.harvest,
        "a gateway without a ledger does as well: {:.3}",
        benching.harvest
    );
}
