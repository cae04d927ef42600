//! A load generator for one machine with two cores: single-threaded HTTP/1.1, one JSON line out.
//!
//! - Closed loop (default): each connection sends its next request when the last answer is complete.
//! - Fixed rate (`--rate`): requests are due on a schedule that does not wait for anybody, and
//!   latency counts from the moment a request was due. A stalled server cannot hide its queue
//!   (no "coordinated omission").
//!
//! With `--pid` the CPU time of that process and its descendants over the counted window, and
//! their memory before and after it, are part of the report.

mod events;
mod exchange;
mod process;
mod report;
mod schedule;
mod target;

use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use clap::Parser;
use process::Usage;
use report::{Report, Tally};
use schedule::Schedule;
use target::Target;
use tokio::task::LocalSet;
use tokio::time::Instant;

/// How long answers that were due inside the window may come after its end.
const GRACE: Duration = Duration::from_secs(10);

/// What the command line sets.
#[derive(Parser)]
#[command(about = "Loads one URL and prints one JSON line")]
struct Options {
    /// What to load; the host is an IP address with a port
    #[arg(long)]
    url: String,
    /// Extra header, `name: value`; may be repeated
    #[arg(short = 'H', long = "header")]
    headers: Vec<String>,
    /// Body; with one, the method is POST
    #[arg(long)]
    data: Option<String>,
    /// Connections
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Requests per second; absent means a closed loop
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// Seconds that count
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Seconds of the same load before those
    #[arg(long, default_value_t = 1.0)]
    warm_up: f64,
    /// Make each request different: a counter that begins at FIRST replaces `{n}` in the URL and in the body,
    /// and `{lat}` and `{lon}` become the counter's place on a 0.1 degree grid
    #[arg(long, value_name = "FIRST")]
    vary: Option<u64>,
    /// Answers are streams of server-sent events: count them, and time the first of each
    #[arg(long)]
    events: bool,
    /// Server whose process tree is measured
    #[arg(long)]
    pid: Option<u32>,
}

async fn run(options: Options) -> Result<Report, String> {
    let target = Rc::new(Target::new(
        &options.url,
        &options.headers,
        options.data.as_deref(),
        options.vary,
        options.events,
    )?);
    let begin = Instant::now();
    let window = begin + Duration::from_secs_f64(options.warm_up);
    let end = window + Duration::from_secs_f64(options.seconds);
    let schedule = match options.rate {
        Some(rate) => Schedule::fixed_rate(rate, begin, end),
        None => Schedule::closed_loop(end),
    };
    let schedule = Rc::new(schedule);
    let tally = Rc::new(Tally::default());
    let connections: Vec<_> = (0..options.connections)
        .map(|_| {
            let (target, schedule, tally) = (target.clone(), schedule.clone(), tally.clone());
            tokio::task::spawn_local(exchange::keep_sending(target, schedule, tally, end + GRACE))
        })
        .collect();

    tokio::task::spawn_local(stay_awake());
    tokio::time::sleep_until(window).await;
    let before = options.pid.map(Usage::of).transpose()?;
    let counted_from = tally.start_counting();
    for connection in connections {
        connection.await.map_err(|error| error.to_string())?;
    }
    let seconds = counted_from.elapsed().as_secs_f64();
    let after = options.pid.map(Usage::of).transpose()?;
    tally.count_unsent(schedule.left_over().await);
    Ok(tally.report(seconds, before.zip(after), target.sent()))
}

/// Keeps this process from sleeping while answers are under way. On one machine the server that answers pays for waking
/// the client, and the less a server does the more often its client sleeps; over a network no server pays for that. What
/// shares the core (the upstream) goes first each time.
async fn stay_awake() {
    loop {
        std::thread::yield_now();
        tokio::task::yield_now().await;
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    let outcome = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())
        .and_then(|runtime| LocalSet::new().block_on(&runtime, run(options)))
        .and_then(|report| serde_json::to_string(&report).map_err(|error| error.to_string()));
    match outcome {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("bench-load: {message}");
            ExitCode::FAILURE
        }
    }
}
