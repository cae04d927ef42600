//! What is printed: for people, in columns.

use crate::arguments::Way;
use crate::demand::KINDS;
use crate::tiers::Tier;
use crate::world::{Limits, Result, World};

/// Seconds: shorter windows are not worth telling of.
const DAY: f64 = 86_400.0;

/// Whose tiers they are, and who says so.
pub(crate) fn sources(tiers: &[Tier]) {
    println!("{} free tiers:", tiers.len());
    for tier in tiers {
        println!("  {:<24} {}", tier.name, tier.source);
    }
}

/// What the rows below are of.
pub(crate) fn head(limits: Limits, load: f64, days: u32, seeds: &[u64]) {
    let seeds: Vec<String> = seeds.iter().map(u64::to_string).collect();
    println!(
        "\nload {load}, the catalogue's limits {}, {days} days, seeds {}",
        limits.name(),
        seeds.join(" ")
    );
    println!(
        "  {:<10} {:>22} {:>22} {:>22} {:>10}",
        "policy", "H", "H, all kinds alike", "429s per 1000 served", "p95 wait s"
    );
}

/// What a policy came to: the mean of the worlds, the least and the most.
pub(crate) fn row(way: Way, results: &[Result]) {
    let column = |digits: usize, of: &dyn Fn(&Result) -> f64| {
        let all: Vec<f64> = results.iter().map(of).collect();
        let least = all.iter().copied().fold(f64::INFINITY, f64::min);
        let most = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let count = u32::try_from(all.len().max(1)).map_or(1.0, f64::from);
        let mean = all.iter().sum::<f64>() / count;
        format!("{mean:.digits$} [{least:.digits$} .. {most:.digits$}]")
    };
    let waits = results.iter().map(|result| result.outcome.wait_of_most());
    println!(
        "  {:<10} {:>22} {:>22} {:>22} {:>10.2}",
        way.name(),
        column(3, &|result| result.harvest),
        column(3, &|result| result.harvest_alike),
        column(1, &|result| result.outcome.wasted_per_thousand()),
        waits.fold(0.0, f64::max),
    );
}

/// What each tier answered and refused, how much of its windows was used, and who was served.
pub(crate) fn tiers(world: &World, days: u32, result: &Result) {
    let tally = &result.outcome.tally;
    for (index, tier) in world.tiers.iter().enumerate() {
        let windows = tier.windows.iter().zip(&tally.taken[index]);
        let used: Vec<String> = windows
            .filter(|(window, _)| window.per >= DAY)
            .map(|(window, taken)| {
                let given = window.limit * f64::from(days) * DAY / window.per;
                format!("{:.1} %", 100.0 * taken / given)
            })
            .collect();
        println!(
            "    {:<24} answered {:>6}, refused {:>4}, used {}",
            tier.name,
            tally.answered_by[index],
            tally.refused_by[index],
            used.join(" and "),
        );
    }
    let best = [world.best, world.best_alike];
    println!(
        "    served {} of {} calls; {:.0} could be, all kinds alike {:.0}",
        result.outcome.count(),
        result.outcome.calls,
        best[0],
        best[1]
    );
    let parts = KINDS.iter().enumerate().map(|(kind, own)| {
        let part = 100.0 * result.outcome.part_of(kind, &world.calls);
        format!("{} {part:.1} %", own.name)
    });
    println!("    {}", parts.collect::<Vec<_>>().join(", "));
}
