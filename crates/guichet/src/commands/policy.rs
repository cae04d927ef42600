//! `guichet policy …`: in which order providers are asked, for whose calls.

use guichet_access::PolicyInfo;
use guichet_engine::policy::Policy;

use super::limit::Of;
use crate::context::Context;
use crate::failure::Verdict;
use crate::installation::Installation;
use crate::output::{Paint, Table};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Set a policy in place of the one before
    Set {
        #[command(flatten)]
        of: Of,
        /// harvest, order, fastest, weighted or cheapest
        policy: Policy,
    },
    /// Show every policy
    List,
    /// Remove a policy
    Remove {
        #[command(flatten)]
        of: Of,
    },
}

pub(super) async fn run(context: &Context, command: Command) -> anyhow::Result<Verdict> {
    let config = context.config()?;
    let access = Installation::open(&config.settings).await?.access;
    match command {
        Command::Set { of, policy } => access.set_policy(&of.into(), policy).await?,
        Command::List => {}
        Command::Remove { of } => access.remove_policy(&of.into()).await?,
    }
    let policies = access.list_policies().await?;
    context
        .output
        .show(&policies, |policies, paint| table(policies, paint))?;
    Ok(Verdict::Good)
}

fn table(policies: &[PolicyInfo], paint: Paint) -> String {
    if policies.is_empty() {
        return "no policies but those of the configuration\n".into();
    }
    let mut table = Table::new(["OF", "ID", "POLICY"]);
    for one in policies {
        table.row([
            one.of.into(),
            one.id.as_str().into(),
            one.policy.as_str().into(),
        ]);
    }
    table.render(paint)
}
