//! The words of the command line: one module each.

mod call;
mod catalogue;
mod chat;
mod check;
mod completion;
mod credential;
mod doctor;
mod key;
mod limit;
mod opt_in;
mod policy;
mod project;
mod quotas;
mod rehearse;
mod serve;
mod sim;
mod usage;
mod vault;

use clap::{Parser, Subcommand};

use crate::context::{CommonFlags, Context};
use crate::failure::Verdict;

const EXIT_CODES: &str = "\
Exit codes: 0 all is well; 1 a problem was found, or the call was refused; 2 the command line cannot mean anything.
Output is a table on a terminal and JSON elsewhere. NO_COLOR turns colours off.";

/// One key for dozens of data APIs, with fallback
#[derive(Debug, Parser)]
#[command(name = "guichet", version, about, after_help = EXIT_CODES, disable_help_subcommand = true)]
pub(crate) struct CommandLine {
    #[command(flatten)]
    common: CommonFlags,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server
    Serve(serve::Arguments),
    /// Check configuration, catalogue, and the guarantee of every operation
    Check(check::Arguments),
    /// Reach each provider with its cheapest call
    Doctor,
    /// Make one call, without a server
    Call(call::Arguments),
    /// Talk to a model, without a server
    Chat(chat::Arguments),
    /// What calls to models took: tokens, cost, time
    Usage(usage::Arguments),
    /// What is left of providers' quotas, until when, and who says so
    Quotas(quotas::Arguments),
    /// Keys that callers present to the server
    #[command(subcommand)]
    Key(key::Command),
    /// What keys belong to
    #[command(subcommand)]
    Project(project::Command),
    /// How much callers may ask
    #[command(subcommand)]
    Limit(limit::Command),
    /// In which order providers are asked, for whose calls
    #[command(subcommand)]
    Policy(policy::Command),
    /// What calls to models get without asking for it each time
    #[command(subcommand, name = "opt-in")]
    OptIn(opt_in::Command),
    /// Keys that open providers
    #[command(subcommand)]
    Credential(credential::Command),
    /// The vault that seals providers' keys
    #[command(subcommand)]
    Vault(vault::Command),
    /// Categories, operations and providers
    #[command(subcommand)]
    Catalogue(catalogue::Command),
    /// Simulate every provider of the catalogue on one port, from its samples
    Sim(sim::Arguments),
    /// Make a provider fail for a while, to see what comes of it: PROVIDER FAULT, list, stop
    Rehearse(rehearse::Arguments),
    /// Print completions for a shell
    Completion(completion::Arguments),
}

/// Does what the command line says.
pub(crate) async fn run(line: CommandLine) -> anyhow::Result<Verdict> {
    let context = Context::new(line.common);
    match line.command {
        Command::Serve(arguments) => serve::run(&context, arguments).await,
        Command::Check(arguments) => check::run(&context, arguments).await,
        Command::Doctor => doctor::run(&context).await,
        Command::Call(arguments) => call::run(&context, arguments).await,
        Command::Chat(arguments) => chat::run(&context, arguments).await,
        Command::Usage(arguments) => usage::run(&context, arguments).await,
        Command::Quotas(arguments) => quotas::run(&context, arguments).await,
        Command::Key(command) => key::run(&context, command).await,
        Command::Limit(command) => limit::run(&context, command).await,
        Command::Project(command) => project::run(&context, command).await,
        Command::Policy(command) => policy::run(&context, command).await,
        Command::OptIn(command) => opt_in::run(&context, command).await,
        Command::Credential(command) => credential::run(&context, command).await,
        Command::Vault(command) => vault::run(&context, command).await,
        Command::Catalogue(command) => catalogue::run(&context, command).await,
        Command::Rehearse(arguments) => rehearse::run(&context, arguments),
        Command::Sim(arguments) => sim::run(&context, arguments).await,
        Command::Completion(arguments) => completion::run(&arguments),
    }
}
