//! `guichet completion <shell>`.

use clap::CommandFactory;
use clap_complete::Shell;

use super::CommandLine;
use crate::failure::Verdict;
use crate::output;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The shell
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut CommandLine::command(),
        "guichet",
        &mut script,
    );
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(Verdict::Good)
}
