//! `guichet key …`: the keys that callers present.

use std::time::Duration;

use guichet_access::{Holder, KeyInfo, KeyState, Limit, NewKey, OptIn, default_project};
use guichet_catalogue::units;
use guichet_engine::identity::{KeyId, ProjectId};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde::Serialize;

use super::limit::limit;
use crate::context::Context;
use crate::failure::{Usage, Verdict};
use crate::installation::Installation;
use crate::output::{Cell, Paint, Table, Tone, progress};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Make a key; it is shown this once
    Create {
        /// What to call it
        #[arg(long, default_value = "key")]
        name: String,
        /// The project that it belongs to
        #[arg(long)]
        project: Option<String>,
        /// For how long it opens, such as 90d (default: until revoked)
        #[arg(long, value_name = "DURATION", value_parser = units::duration)]
        expires: Option<Duration>,
        /// How much it may ask, such as "60 requests per minute"; may be given several times
        #[arg(long = "limit", value_name = "LIMIT", value_parser = limit)]
        limits: Vec<Limit>,
        /// What its calls get without asking for it each time: resume, cache; may be given several times
        #[arg(long = "opt-in", value_name = "OPT-IN")]
        opt_ins: Vec<OptIn>,
    },
    /// Show every key, without its secret
    List,
    /// Make the successor of a key; the old one opens for a while longer
    Rotate {
        /// The key's public part, as `list` shows it
        id: String,
        /// For how long both open
        #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = units::duration)]
        overlap: Duration,
    },
    /// Close a key, at once
    Revoke {
        /// The key's public part, as `list` shows it
        id: String,
    },
}

/// A key as people may see it.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    info: KeyInfo,
    state: KeyState,
    /// The key itself, when it was just made.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

pub(super) async fn run(context: &Context, command: Command) -> anyhow::Result<Verdict> {
    let config = context.config()?;
    let access = Installation::open(&config.settings).await?.access;
    match command {
        Command::Create {
            name,
            project,
            expires,
            limits,
            opt_ins,
        } => {
            let project = project.map_or_else(default_project, ProjectId::new);
            let expires = expires.map(end).transpose()?;
            let new = access.create_key(&project, &name, expires).await?;
            let holder = Holder::Key(new.info.id.clone());
            if !limits.is_empty() {
                access.set_limits(&holder, &limits).await?;
            }
            if !opt_ins.is_empty() {
                access.set_opt_ins(&holder, &opt_ins, true).await?;
            }
            show_new(context, new)?;
        }
        Command::List => show_all(context, access.list_keys().await?)?,
        Command::Rotate { id, overlap } => {
            show_new(context, access.rotate_key(&KeyId::new(id), overlap).await?)?;
        }
        Command::Revoke { id } => {
            access.revoke_key(&KeyId::new(id.as_str())).await?;
            context.output.show(
                &serde_json::json!({ "id": id, "state": KeyState::Revoked }),
                |_, _| format!("revoked {id}\n"),
            )?;
        }
    }
    Ok(Verdict::Good)
}

fn end(life: Duration) -> Result<Timestamp, Usage> {
    let end = Timestamp::now().checked_add(life);
    end.map_err(|_| Usage("--expires lies beyond the calendar".into()))
}

fn show_new(context: &Context, new: NewKey) -> anyhow::Result<()> {
    progress("This key is shown once and kept nowhere:");
    let shown = Shown {
        state: new.info.state(Timestamp::now()),
        info: new.info,
        key: Some(new.text.expose_secret().to_owned()),
    };
    context.output.show(&shown, |shown, _| {
        format!("{}\n", shown.key.as_deref().unwrap_or_default())
    })?;
    Ok(())
}

fn show_all(context: &Context, keys: Vec<KeyInfo>) -> anyhow::Result<()> {
    let now = Timestamp::now();
    let shown: Vec<Shown> = keys
        .into_iter()
        .map(|info| Shown {
            state: info.state(now),
            info,
            key: None,
        })
        .collect();
    context
        .output
        .show(&shown, |keys, paint| table(keys, paint))?;
    Ok(())
}

fn table(keys: &[Shown], paint: Paint) -> String {
    let mut table = Table::new(["ID", "NAME", "PROJECT", "STATE", "CREATED", "EXPIRES"]);
    for key in keys {
        let expires = key.info.expires_at.map(|end| format!("{end:.0}"));
        table.row([
            key.info.id.as_str().into(),
            key.info.name.as_str().into(),
            key.info.project.as_str().into(),
            state(key.state),
            format!("{:.0}", key.info.created_at).into(),
            expires.unwrap_or_else(|| "never".into()).into(),
        ]);
    }
    table.render(paint)
}

fn state(state: KeyState) -> Cell {
    match state {
        KeyState::Active => Cell::toned("active", Tone::Good),
        KeyState::Expired => Cell::toned("expired", Tone::Careful),
        KeyState::Revoked => Cell::toned("revoked", Tone::Bad),
    }
}
