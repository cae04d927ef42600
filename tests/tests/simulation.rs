//! The deterministic simulation, as much of it as fits: `simulate` runs more of it.

use guichet_tests::simulation::{Extent, catalogue, run, run_all};

/// Seeds that every change is tried with.
const SEEDS: u64 = 10_000;

#[test]
fn the_same_seed_is_the_same_run_to_the_nanosecond() {
    let (one, other) = (catalogue::catalogue(), catalogue::catalogue());
    let mut hashes = Vec::new();
    for seed in 1..=40 {
        let first = run(&one, seed, 60, false);
        assert_eq!(first, run(&other, seed, 60, false), "seed {seed}");
        hashes.push(first.hash);
    }
    hashes.dedup();
    assert_eq!(hashes.len(), 40, "other seeds are other runs");
}

#[test]
fn whatever_is_drawn_from_a_seed_everything_holds() {
    let began = std::time::Instant::now();
    let sum = run_all(Extent {
        from: 1,
        seeds: SEEDS,
        calls: 12,
    });
    println!(
        "{} runs, {} requests, {} lives: {} with violations in {:.1} s",
        sum.runs,
        sum.exchanges,
        sum.lives,
        sum.failed.len(),
        began.elapsed().as_secs_f64()
    );
    assert!(sum.exchanges > SEEDS, "something happens in a run");
    let first = sum.failed.first();
    assert!(first.is_none(), "{first:#?}");
}
