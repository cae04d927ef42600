//! `guichet project …`: what keys belong to.

use guichet_access::ProjectInfo;

use crate::context::Context;
use crate::failure::Verdict;
use crate::installation::Installation;
use crate::output::{Paint, Table};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Make a project
    Create {
        /// What settings and keys call it: small letters, digits and hyphens
        id: String,
        /// What people call it (default: the id)
        #[arg(long)]
        name: Option<String>,
    },
    /// Show every project
    List,
}

pub(super) async fn run(context: &Context, command: Command) -> anyhow::Result<Verdict> {
    let config = context.config()?;
    let access = Installation::open(&config.settings).await?.access;
    if let Command::Create { id, name } = command {
        let name = name.as_ref().unwrap_or(&id);
        access.create_project(&id, name).await?;
    }
    let projects = access.list_projects().await?;
    context
        .output
        .show(&projects, |projects, paint| table(projects, paint))?;
    Ok(Verdict::Good)
}

fn table(projects: &[ProjectInfo], paint: Paint) -> String {
    let mut table = Table::new(["ID", "NAME", "ORGANIZATION", "CREATED"]);
    for project in projects {
        table.row([
            project.id.as_str().into(),
            project.name.as_str().into(),
            project.organization.as_str().into(),
            format!("{:.0}", project.created_at).into(),
        ]);
    }
    table.render(paint)
}
