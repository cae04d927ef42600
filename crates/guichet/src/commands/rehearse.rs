//! `guichet rehearse …`: makes providers fail for a while, to see what comes of it.

use std::time::Duration;

use guichet_catalogue::suggest::nearest;
use guichet_catalogue::units;
use guichet_engine::rehearsal::{Failing, Rehearsal};
use jiff::Timestamp;

use crate::context::{self, Context};
use crate::failure::{Usage, Verdict};
use crate::output::{Paint, Table, progress};
use crate::rehearsals::{Rehearsals, running};

/// The longest: who wants more says it again.
const LONGEST: Duration = Duration::from_hours(24);

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The provider that fails
    provider: Option<String>,
    /// How: refused, nxdomain, header-timeout, 5xx, 401, 429+retry-after, 200-wrong-schema:html …
    #[arg(value_parser = failing)]
    fault: Option<Failing>,
    /// For how long, at most 24h
    #[arg(long = "for", value_name = "DURATION", default_value = "10m", value_parser = units::duration)]
    time: Duration,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show what is rehearsed now
    List,
    /// End the rehearsal of a provider, or all of them
    Stop {
        /// The provider; all where none is named
        provider: Option<String>,
    },
}

pub(super) fn run(context: &Context, arguments: Arguments) -> anyhow::Result<Verdict> {
    let config = context.config()?;
    let data_dir = &config.settings.data_dir;
    if !data_dir.is_dir() {
        return Err(Usage(format!(
            "{} is no data folder: a failure is rehearsed on the machine of the server, with its --data-dir",
            data_dir.display()
        ))
        .into());
    }
    let file = Rehearsals::of(data_dir);
    let now = Timestamp::now();
    let mut all = file.read()?;
    match (arguments.command, arguments.provider, arguments.fault) {
        (Some(Command::List), ..) => {}
        (Some(Command::Stop { provider }), ..) => {
            for one in &mut all {
                if provider
                    .as_deref()
                    .is_none_or(|name| name == &*one.provider)
                {
                    // It is over; the server forgets it, and what came of it.
                    one.until = one.until.min(now);
                }
            }
            file.write(&all)?;
        }
        (None, Some(provider), Some(fault)) => {
            let catalogue = context::catalogue(&config)?;
            check(&catalogue, &provider)?;
            if arguments.time > LONGEST {
                return Err(Usage("--for: at most 24h".to_owned()).into());
            }
            all.retain(|one| *one.provider != *provider);
            all.push(Rehearsal {
                provider: provider.into(),
                fault,
                until: now + arguments.time,
            });
            file.write(&all)?;
            progress("a server on this data folder takes it over within a second");
        }
        (None, ..) => {
            let wanted = "guichet rehearse PROVIDER FAULT [--for 10m], or list, or stop [PROVIDER]";
            return Err(Usage(wanted.to_owned()).into());
        }
    }
    let shown = running(all, now);
    context
        .output
        .show(&shown, |shown, paint| table(shown, paint))?;
    Ok(Verdict::Good)
}

fn check(catalogue: &guichet_catalogue::model::Catalogue, name: &str) -> anyhow::Result<()> {
    let reason = match catalogue.providers.get(name) {
        Some(provider) if provider.http().is_some() => return Ok(()),
        Some(_) => format!("{name} is computed here and cannot fail so"),
        None => {
            let names = catalogue.providers.keys().map(|id| &**id);
            let meant = nearest(name, names).map(|near| format!("; did you mean {near}?"));
            format!("there is no provider {name}{}", meant.unwrap_or_default())
        }
    };
    Err(Usage(reason).into())
}

fn failing(text: &str) -> Result<Failing, String> {
    text.parse().map_err(|error| format!("{error}"))
}

fn table(rehearsals: &[Rehearsal], paint: Paint) -> String {
    if rehearsals.is_empty() {
        return "nothing is rehearsed\n".into();
    }
    let mut table = Table::new(["PROVIDER", "FAULT", "UNTIL"]);
    for one in rehearsals {
        let until = format!("{:.0}", one.until);
        table.row([
            (&*one.provider).into(),
            one.fault.as_str().into(),
            until.into(),
        ]);
    }
    table.render(paint)
}
