//! `guichet vault …`: the master key under which providers' keys rest.

use guichet_access::{MasterKey, MasterKeySource};
use serde_json::json;

use crate::context::Context;
use crate::failure::Verdict;
use crate::installation::Installation;
use crate::secret_input;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Put a new master key in the place of the one in use
    ///
    /// A key that is kept in the data folder is made and exchanged there. One that you give in the environment is
    /// followed by the one on stdin: keep it first, and give it at the next start.
    Rotate,
}

pub(super) async fn run(context: &Context, command: Command) -> anyhow::Result<Verdict> {
    let Command::Rotate = command;
    let config = context.config()?;
    let data_dir = &config.settings.data_dir;
    let new = match MasterKeySource::from_environment_or_folder(data_dir)? {
        MasterKeySource::File(_) => MasterKey::generate()?,
        MasterKeySource::Given(_) => {
            MasterKey::from_text(&secret_input::read("the new master key")?)?
        }
    };
    let access = Installation::open(&config.settings).await?.access;
    access.rotate_master_key(new).await?;
    let report = json!({ "rotated": true });
    context
        .output
        .show(&report, |_, _| "the master key was exchanged\n".into())?;
    Ok(Verdict::Good)
}
