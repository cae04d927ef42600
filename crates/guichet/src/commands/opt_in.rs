//! `guichet opt-in …`: what calls to models get without asking for it each time, for whose calls.

use guichet_access::{OptIn, OptInInfo};

use super::limit::Of;
use crate::context::Context;
use crate::failure::Verdict;
use crate::installation::Installation;
use crate::output::{Paint, Table};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Turn opt-ins on
    Set {
        #[command(flatten)]
        of: Of,
        /// resume: another candidate continues a stream that broke off. cache: an answer that was given to the same request before will do
        #[arg(required = true)]
        opt_ins: Vec<OptIn>,
        /// Turn them off, where a wider holder turns them on
        #[arg(long)]
        off: bool,
    },
    /// Show every opt-in
    List,
    /// Remove an opt-in
    Remove {
        #[command(flatten)]
        of: Of,
        /// resume or cache
        opt_in: OptIn,
    },
}

pub(super) async fn run(context: &Context, command: Command) -> anyhow::Result<Verdict> {
    let config = context.config()?;
    let access = Installation::open(&config.settings).await?.access;
    match command {
        Command::Set { of, opt_ins, off } => access.set_opt_ins(&of.into(), &opt_ins, !off).await?,
        Command::List => {}
        Command::Remove { of, opt_in } => access.remove_opt_in(&of.into(), opt_in).await?,
    }
    let opt_ins = access.list_opt_ins().await?;
    context
        .output
        .show(&opt_ins, |opt_ins, paint| table(opt_ins, paint))?;
    Ok(Verdict::Good)
}

fn table(opt_ins: &[OptInInfo], paint: Paint) -> String {
    if opt_ins.is_empty() {
        return "no opt-ins: each call asks for itself\n".into();
    }
    let mut table = Table::new(["OF", "ID", "OPT-IN", "STATE"]);
    for one in opt_ins {
        table.row([
            one.of.into(),
            one.id.as_str().into(),
            one.name.as_str().into(),
            one.state.as_str().into(),
        ]);
    }
    table.render(paint)
}
