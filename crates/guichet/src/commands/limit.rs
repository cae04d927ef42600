//! `guichet limit …`: how much callers may ask.

use guichet_access::{Holder, Limit, LimitInfo};
use guichet_engine::identity::{KeyId, OrganizationId, ProjectId};

use crate::context::Context;
use crate::failure::Verdict;
use crate::installation::Installation;
use crate::output::{Paint, Table};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Set limits; one that counts the same in the same span is replaced
    Set {
        #[command(flatten)]
        of: Of,
        /// Such as "60 requests per minute", "1000 requests each day", "200k tokens per minute", "$5 each month" or "4 at once"
        #[arg(required = true, value_parser = limit)]
        limits: Vec<Limit>,
    },
    /// Show every limit
    List,
    /// Remove a limit
    Remove {
        #[command(flatten)]
        of: Of,
        /// Its name, as `list` shows it, or the limit as it was written
        limit: String,
    },
}

/// For whom.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Of {
    /// A key's public part, and its successors
    #[arg(long, value_name = "ID")]
    key: Option<String>,
    /// Each key by itself, where nothing else is set for it
    #[arg(long)]
    each_key: bool,
    /// All keys of a project together
    #[arg(long, value_name = "ID")]
    project: Option<String>,
    /// All keys of an organization together
    #[arg(long, value_name = "ID")]
    organization: Option<String>,
}

impl From<Of> for Holder {
    fn from(of: Of) -> Self {
        let key = of.key.map(|id| Self::Key(KeyId::new(id)));
        let project = of.project.map(|id| Self::Project(ProjectId::new(id)));
        let organization = of
            .organization
            .map(|id| Self::Organization(OrganizationId::new(id)));
        key.or(project).or(organization).unwrap_or(Self::EachKey)
    }
}

pub(super) async fn run(context: &Context, command: Command) -> anyhow::Result<Verdict> {
    let config = context.config()?;
    let access = Installation::open(&config.settings).await?.access;
    match command {
        Command::Set { of, limits } => access.set_limits(&of.into(), &limits).await?,
        Command::List => {}
        Command::Remove { of, limit } => access.remove_limit(&of.into(), &limit).await?,
    }
    let limits = access.list_limits().await?;
    context
        .output
        .show(&limits, |limits, paint| table(limits, paint))?;
    Ok(Verdict::Good)
}

/// Reads a limit of the command line.
pub(super) fn limit(text: &str) -> Result<Limit, String> {
    text.parse().map_err(|error| format!("{error}"))
}

fn table(limits: &[LimitInfo], paint: Paint) -> String {
    if limits.is_empty() {
        return "no limits\n".into();
    }
    let mut table = Table::new(["OF", "ID", "NAME", "LIMIT"]);
    for one in limits {
        table.row([
            one.of.into(),
            one.id.as_str().into(),
            one.name.as_str().into(),
            one.limit.as_str().into(),
        ]);
    }
    table.render(paint)
}
