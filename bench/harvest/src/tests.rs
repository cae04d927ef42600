//! A few days of one seed, which must not get worse.

use super::{run, world};

#[test]
fn most_of_what_is_given_away_is_harvested() {
    let world = world(1, 4, 1.0, false);
    let harvested = run("harvest", &world);
    assert!(harvested.harvest >= 0.95, "H = {:.3}", harvested.harvest);
    let wasted = harvested.outcome.wasted_per_thousand();
    assert!(wasted <= 5.0, "{wasted:.1} wasted per 1000");
    let benching = run("benching", &world);
    assert!(
        benching.harvest < harvested.harvest,
        "a gateway without a ledger does as well: {:.3}",
        benching.harvest
    );
}
