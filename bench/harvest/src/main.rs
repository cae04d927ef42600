//! How much of what free tiers give away a gateway gets for its callers: the harvest.
//!
//! Thirty days of calls are replayed in simulated time. The upstreams count by the true windows of real free tiers
//! (`tiers.toml`), which the gateway never sees. The gateway is the real engine with the built-in catalogue. What it serves
//! is divided by the most that could have been served by anyone who knew all calls and all windows beforehand: H. Where
//! there is too little for all, that is whoever refuses large calls for the sake of small ones, which a gateway that refuses
//! nobody cannot come near; so it is also divided by the most of whoever serves the same part of every kind.

mod answers;
mod demand;
mod gateway;
mod naive;
mod optimum;
mod outcome;
#[cfg(test)]
mod tests;
mod tiers;
mod truth;
mod upstream;

use std::time::Instant;

use clap::Parser;
use guichet_engine::policy::Policy;
use jiff::Timestamp;

use crate::optimum::Choosing;
use crate::outcome::Outcome;
use crate::tiers::Tier;

/// The first of a month, in the night of which clocks change in California.
const BEGIN: &str = "2026-11-01T00:00:00Z";

/// Replays days of calls over real free tiers and compares policies with the best that was possible.
#[derive(Debug, Parser)]
struct Arguments {
    /// Seeds of the calls and of what the catalogue has wrong; each is a world of its own.
    #[arg(long, value_delimiter = ',', default_value = "1,2,3")]
    seeds: Vec<u64>,
    /// Days that are replayed.
    #[arg(long, default_value_t = 30)]
    days: u32,
    /// Calls that come, as parts of those that the tiers can serve day after day.
    #[arg(long, value_delimiter = ',', default_value = "0.5,0.8,1.0,1.5")]
    loads: Vec<f64>,
    /// Who is replayed.
    #[arg(long, value_delimiter = ',', default_value = "harvest,order,weighted,fastest,cheapest,benching")]
    policies: Vec<String>,
    /// Whether what is true is what the catalogue says, or half of it here and half as much again there.
    #[arg(long, value_delimiter = ',', default_value = "right,wrong")]
    limits: Vec<String>,
    /// What each tier answered and refused.
    #[arg(long)]
    by_tier: bool,
}

/// One world: what is true, and who calls.
struct World {
    tiers: Vec<Tier>,
    calls: Vec<demand::Arrival>,
    begin: Timestamp,
    best: f64,
    best_alike: f64,
}

/// What a policy came to in one world.
struct Result {
    harvest: f64,
    harvest_alike: f64,
    outcome: Outcome,
}

fn main() {
    let arguments = Arguments::parse();
    let sources = tiers::all();
    println!("{} free tiers:", sources.len());
    for tier in &sources {
        println!("  {:<24} {}", tier.name, tier.source);
    }
    for limits in &arguments.limits {
        for load in &arguments.loads {
            compare(&arguments, limits, *load);
        }
    }
}

fn compare(arguments: &Arguments, limits: &str, load: f64) {
    println!("\nload {load}, the catalogue's limits {limits}, {} days", arguments.days);
    println!(
        "  {:<10} {:>22} {:>22} {:>22} {:>12} {:>9}",
        "policy", "H", "H, all kinds alike", "429s per 1000 calls", "p95 wait s", "took s"
    );
    let worlds: Vec<World> = arguments
        .seeds
        .iter()
        .map(|seed| world(*seed, arguments.days, load, limits == "wrong"))
        .collect();
    for policy in &arguments.policies {
        let began = Instant::now();
        let results: Vec<Result> = worlds.iter().map(|world| run(policy, world)).collect();
        let spread = |of: &dyn Fn(&Result) -> f64| {
            let all: Vec<f64> = results.iter().map(of).collect();
            let least = all.iter().copied().fold(f64::INFINITY, f64::min);
            let most = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let count = u32::try_from(all.len().max(1)).map_or(1.0, f64::from);
            (all.iter().sum::<f64>() / count, least, most)
        };
        let (harvest, least, most) = spread(&|result| result.harvest);
        let (alike, low, high) = spread(&|result| result.harvest_alike);
        let (wasted, fewest, worst) = spread(&|result| result.outcome.wasted_per_thousand());
        let (wait, ..) = spread(&|result| result.outcome.wait_of_most());
        println!(
            "  {policy:<10} {:>22} {:>22} {:>22} {wait:>12.2} {:>9.1}",
            format!("{harvest:.3} [{least:.3} .. {most:.3}]"),
            format!("{alike:.3} [{low:.3} .. {high:.3}]"),
            format!("{wasted:.1} [{fewest:.1} .. {worst:.1}]"),
            began.elapsed().as_secs_f64(),
        );
        if arguments.by_tier {
            by_tier(&worlds[0], &results[0]);
        }
    }
}

fn by_tier(world: &World, result: &Result) {
    let tally = &result.outcome.tally;
    for (index, tier) in world.tiers.iter().enumerate() {
        println!(
            "    {:<24} answered {:>6}, refused {:>4}",
            tier.name, tally.answered_by[index], tally.refused_by[index]
        );
    }
    println!("    of {} calls, {:.0} could be served", result.outcome.calls, world.best);
}

fn world(seed: u64, days: u32, load: f64, wrong: bool) -> World {
    let mut tiers = tiers::all();
    if wrong {
        tiers = tiers::otherwise(&tiers, &mut fastrand::Rng::with_seed(seed));
    }
    let begin: Timestamp = BEGIN.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let calls = demand::arrivals(seed, days, load * optimum::capacity(&tiers));
    let most = |choosing| optimum::most_served(&tiers, &calls, begin, days, choosing);
    let (best, best_alike) = (most(Choosing::Anyone), most(Choosing::Alike));
    World {
        tiers,
        calls,
        begin,
        best,
        best_alike,
    }
}

fn run(policy: &str, world: &World) -> Result {
    let outcome = match policy.parse::<Policy>() {
        Ok(policy) => gateway::replay(policy, &world.tiers, &world.calls, world.begin),
        Err(_) => naive::replay(&world.tiers, &world.calls, world.begin),
    };
    Result {
        harvest: outcome.count() / world.best.max(1.0),
        harvest_alike: outcome.count() / world.best_alike.max(1.0),
        outcome,
    }
}
