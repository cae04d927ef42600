//! `cargo run -p guichet-tests --bin simulate --release -- --seeds 1000000 --from 1`: many runs of the simulation, or with
//! `--seed N` one, told line by line. It ends with 1 where something did not hold.

use std::process::ExitCode;
use std::time::Instant;

use guichet_tests::simulation::{Extent, catalogue, run, run_all};

const USAGE: &str = "simulate [--seeds N] [--from N] [--calls N] | --seed N [--calls N]";

fn main() -> ExitCode {
    let mut extent = Extent {
        from: 1,
        seeds: 10_000,
        calls: 50,
    };
    let mut only = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().and_then(|value| value.parse::<u64>().ok());
        let Some(value) = value else {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        };
        match name.as_str() {
            "--seeds" => extent.seeds = value,
            "--from" => extent.from = value,
            "--calls" => extent.calls = u32::try_from(value).unwrap_or(u32::MAX),
            "--seed" => only = Some(value),
            _ => {
                eprintln!("{USAGE}");
                return ExitCode::from(2);
            }
        }
    }
    match only {
        Some(seed) => one(seed, extent.calls_of(seed)),
        None => many(extent),
    }
}

fn one(seed: u64, calls: u32) -> ExitCode {
    let run = run(&catalogue::catalogue(), seed, calls, true);
    println!("{run:#?}");
    ExitCode::from(u8::from(!run.violations.is_empty()))
}

fn many(extent: Extent) -> ExitCode {
    let began = Instant::now();
    let sum = run_all(extent);
    println!(
        "{} runs from seed {}, {} requests, {} lives of the engine: {} with violations, in {:.1} s",
        sum.runs,
        extent.from,
        sum.exchanges,
        sum.lives,
        sum.failed.len(),
        began.elapsed().as_secs_f64()
    );
    ExitCode::from(u8::from(!sum.failed.is_empty()))
}
