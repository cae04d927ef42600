//! The deterministic simulation: the real engine over a clock, a network and a disk that are drawn from a seed.
//!
//! A run makes calls for data and for models at the same time while providers fail by the letters of the alphabet and
//! heal, the machine sleeps, its clock is set, nights are an hour shorter or longer, the disk is slow, callers leave,
//! credentials change, and the process is stopped or killed. In every fourth run several engines share counters, some of
//! them are lost, and the counters go away and come back. Everything that happens is drawn from the seed, so that the
//! same seed is the same run, to the nanosecond.

pub mod catalogue;
mod company;
pub mod counting;
pub mod dice;
mod drawn;
pub mod errand;
pub mod outside;
pub mod store;
mod story;
pub mod time;
pub mod trace;
pub mod windows;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use guichet_catalogue::model::Catalogue;
use parking_lot::Mutex;

use company::Company;
use outside::Outside;
use story::Story;

/// What came of one seed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Run {
    /// The seed.
    pub seed: u64,
    /// Stands for everything that happened.
    pub hash: u64,
    /// Requests that providers saw.
    pub exchanges: u64,
    /// Lives of the engine.
    pub lives: u32,
    /// What did not hold.
    pub violations: Vec<String>,
}

/// How much of it.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// The first seed.
    pub from: u64,
    /// How many seeds.
    pub seeds: u64,
    /// Calls of each; every hundredth seed has twenty times as many, and every thousandth two hundred times.
    pub calls: u32,
}

/// Runs with violations that are printed; there may be more.
const SHOWN: usize = 20;

/// What came of many seeds.
#[derive(Debug, Default)]
pub struct Sum {
    /// Runs.
    pub runs: u64,
    /// Requests that providers saw.
    pub exchanges: u64,
    /// Lives of the engine.
    pub lives: u64,
    /// Runs in which something did not hold.
    pub failed: Vec<Run>,
}

/// Runs one seed. If `told`, what happens is printed as it does.
#[must_use]
pub fn run(catalogue: &Arc<Catalogue>, seed: u64, calls: u32, told: bool) -> Run {
    fastrand::seed(seed);
    if seed % 4 == 3 {
        run_company(catalogue, seed, calls, told)
    } else {
        run_alone(catalogue, seed, calls, told)
    }
}

fn run_alone(catalogue: &Arc<Catalogue>, seed: u64, calls: u32, told: bool) -> Run {
    let mut story = Story::new(catalogue, seed, calls, told);
    let died = catch_unwind(AssertUnwindSafe(|| story.run())).is_err();
    Run::of(seed, &story.outside, story.lives, &story.violations, died)
}

fn run_company(catalogue: &Arc<Catalogue>, seed: u64, calls: u32, told: bool) -> Run {
    let mut company = Company::new(catalogue, seed, calls, told);
    let died = catch_unwind(AssertUnwindSafe(|| company.run())).is_err();
    let (engines, violations) = (company.engines, &company.violations);
    Run::of(seed, &company.outside, engines, violations, died)
}

impl Run {
    fn of(seed: u64, outside: &Outside, lives: u32, violations: &[String], died: bool) -> Self {
        let counted = outside.seen();
        let death = died.then(|| "the run died".to_owned());
        Self {
            seed,
            hash: counted.trace.hash(),
            exchanges: counted.exchanges,
            lives,
            violations: violations.iter().cloned().chain(death).collect(),
        }
    }
}

/// Runs many seeds, on all processors.
#[must_use]
pub fn run_all(extent: Extent) -> Sum {
    let next = AtomicU64::new(0);
    let sum = Mutex::new(Sum::default());
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let catalogue = catalogue::catalogue();
    std::thread::scope(|scope| {
        for _ in 0..processors {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= extent.seeds {
                        break;
                    }
                    let seed = extent.from + index;
                    let run = run(&catalogue, seed, extent.calls_of(seed), false);
                    sum.lock().add(run);
                }
            });
        }
    });
    sum.into_inner()
}

impl Extent {
    /// The calls of a seed.
    #[must_use]
    pub fn calls_of(&self, seed: u64) -> u32 {
        let times = match seed {
            seed if seed.is_multiple_of(1_000) => 200,
            seed if seed.is_multiple_of(100) => 20,
            _ => 1,
        };
        self.calls.saturating_mul(times)
    }
}

impl Sum {
    fn add(&mut self, run: Run) {
        self.runs += 1;
        self.exchanges += run.exchanges;
        self.lives += u64::from(run.lives);
        if !run.violations.is_empty() {
            if self.failed.len() < SHOWN {
                println!("seed {}: {}", run.seed, run.violations.join("\n    "));
            }
            self.failed.push(run);
        }
    }
}
