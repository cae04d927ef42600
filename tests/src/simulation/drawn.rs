//! What is drawn: calls, whom something befalls, and what.

use std::time::Duration;

use guichet_engine::ai::Door;
use guichet_sim::{Fault, Pacing};

use super::catalogue::{DATA, MODELS};
use super::dice::Dice;
use super::errand::Errand;
use super::outside::Outside;

/// A call; `number` tells it apart from all others.
pub(super) fn errand(dice: &mut Dice, number: u32) -> Errand {
    let q = format!("c{number}");
    if dice.percent(40) {
        return Errand::Model {
            door: dice.pick(&[Door::Chat, Door::Messages]),
            q,
            stream: dice.percent(60),
            resume: dice.percent(15),
        };
    }
    let operation = dice.pick(&["get", "get", "now", "now", "find", "act"]);
    let q = if operation == "get" {
        format!("k{}", dice.below(6))
    } else {
        q
    };
    Errand::Data {
        operation,
        q,
        timeout: dice
            .percent(20)
            .then(|| dice.pick(&[60, 400, 2_000, 30_000])),
        only: dice.percent(15).then(|| dice.pick(&DATA)),
        fresh: dice.percent(10),
    }
}

/// A provider begins to fail in another way, or is well again.
pub(super) fn befall(dice: &mut Dice, outside: &Outside) {
    let provider = if dice.percent(60) {
        dice.pick(&DATA)
    } else {
        dice.pick(&MODELS).0
    };
    outside.set_fault(provider, fault(dice, provider));
}

fn fault(dice: &mut Dice, provider: &str) -> Fault {
    if dice.percent(35) {
        Fault::Ok
    } else if !DATA.contains(&provider) && dice.percent(35) {
        dice.pick(&Fault::STREAMS)
    } else {
        dice.pick(&Fault::ALL)
    }
}

/// A provider of models speaks at another speed.
pub(super) fn pace(dice: &mut Dice, outside: &Outside) {
    let id = dice.pick(&MODELS).0;
    let pacing = Pacing {
        first: dice.time(0, 8_000),
        between: dice.time(0, 300),
        chunks: None,
    };
    outside.set_pacing(id, pacing);
}

/// Everybody is well, and quick.
pub(super) fn heal(outside: &Outside) {
    for provider in DATA {
        outside.set_fault(provider, Fault::Ok);
    }
    for (provider, _) in MODELS {
        outside.set_fault(provider, Fault::Ok);
        outside.set_pacing(provider, Pacing::AT_ONCE);
    }
}

/// Whether a caller leaves early, and when.
pub(super) fn leaves(dice: &mut Dice) -> Option<Duration> {
    dice.percent(8).then(|| dice.time(1, 3_000))
}
