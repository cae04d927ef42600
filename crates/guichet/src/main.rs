//! The binary: command line, configuration, wiring. What the words of the command line do is in [`commands`], a
//! module each; everything that is worth knowing without a terminal lives in the other crates.

mod commands;
mod config;
mod context;
mod credentials;
mod failure;
mod installation;
mod label;
mod logging;
mod nothing_stored;
mod open_catalogue;
mod output;
mod rehearsals;
mod remedy;
mod secret_input;
mod server;
mod tls;
mod verification;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;

use crate::commands::CommandLine;
use crate::failure::Verdict;

/// Filters recurse on the stack: twice tokio's usual size.
const STACK_BYTES: usize = 4 << 20;

fn main() -> ExitCode {
    tls::install();
    failure::finish(run(CommandLine::parse()))
}

fn run(line: CommandLine) -> anyhow::Result<Verdict> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK_BYTES)
        .build()
        .context("the system gives no threads")?;
    // The command runs on a worker: the main thread's stack is the system's choice.
    let command = runtime.spawn(commands::run(line));
    let verdict = runtime.block_on(command);
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    logging::flush();
    verdict.context("the command broke down")?
}
