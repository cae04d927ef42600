//! How much of what free tiers give away a gateway gets for its callers: the harvest.
//!
//! Thirty days of calls are replayed in simulated time. The upstreams count by the true windows of real free tiers
//! (`tiers.toml`), which the gateway never sees. The gateway is the real engine with the built-in catalogue. What it serves
//! is divided by the most that could have been served by anyone who knew all calls and all windows beforehand: H. Where
//! there is too little for all, that is whoever refuses large calls for the sake of small ones, which a gateway that refuses
//! nobody cannot come near; so it is also divided by the most of whoever serves the same part of every kind.

mod answers;
mod arguments;
mod catalogue;
mod demand;
mod gateway;
mod naive;
mod optimum;
mod outcome;
mod report;
#[cfg(test)]
mod tests;
mod tiers;
mod truth;
mod upstream;
mod world;

use clap::Parser;

use crate::arguments::Arguments;
use crate::world::World;

fn main() {
    let arguments = Arguments::parse();
    report::sources(&tiers::all());
    let seeds = arguments.seeds();
    for limits in &arguments.limits {
        for load in &arguments.loads {
            report::head(*limits, *load, arguments.days, &seeds);
            let worlds = each(&seeds, |seed| {
                World::new(*seed, arguments.days, *load, *limits)
            });
            for policy in &arguments.policies {
                let results = each(&worlds, |world| world.run(*policy));
                report::row(*policy, &results);
                if arguments.by_tier {
                    report::tiers(&worlds[0], arguments.days, &results[0]);
                }
            }
        }
    }
}

/// Does it for each at the same time: they know nothing of each other.
fn each<T: Sync, R: Send>(of: &[T], what: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let part = of.len().div_ceil(cores).max(1);
    let what = &what;
    std::thread::scope(|scope| {
        let threads: Vec<_> = of
            .chunks(part)
            .map(|some| scope.spawn(move || some.iter().map(what).collect::<Vec<R>>()))
            .collect();
        let joined = threads.into_iter().map(|thread| {
            thread
                .join()
                .unwrap_or_else(|cause| std::panic::resume_unwind(cause))
        });
        joined.flatten().collect()
    })
}
