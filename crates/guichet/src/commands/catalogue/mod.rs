//! `guichet catalogue …`: what can be asked, who answers, and whether the files are right.

mod add;
mod difference;
mod list;
mod show;
mod test;

use crate::context::Context;
use crate::failure::Verdict;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Show every operation, who answers it and how sure an answer is
    List,
    /// Show a category, an operation (`weather/current`) or a provider
    Show(show::Arguments),
    /// Replay the samples beside each provider and compare what comes out
    Test(test::Arguments),
    /// Draft a provider from a curl command or an `OpenAPI` document
    Add(Box<add::Arguments>),
}

pub(super) async fn run(context: &Context, command: Command) -> anyhow::Result<Verdict> {
    match command {
        Command::List => list::run(context).await,
        Command::Show(arguments) => show::run(context, &arguments),
        Command::Test(arguments) => test::run(context, &arguments),
        Command::Add(arguments) => add::run(context, &arguments),
    }
}
