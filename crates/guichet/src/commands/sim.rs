//! `guichet sim`: every provider of the catalogue on one port, from its samples.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use anyhow::Context as _;
use guichet_catalogue::problem::Problems;
use guichet_catalogue::sample::samples;
use guichet_sim::{Fault, Settings, Simulator, SimulatorError};
use tokio::signal::unix::{SignalKind, signal};

use crate::config::Config;
use crate::context::Context;
use crate::failure::{Usage, Verdict};
use crate::{open_catalogue, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Address and port to listen on
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// Write into this folder the files with which `guichet serve --catalogue-dir` talks to the simulator
    #[arg(long, value_name = "DIR")]
    overlay: Option<PathBuf>,
    /// Begin with a provider under a fault, such as open-meteo=429-bare; `*` stands for every provider
    #[arg(long, value_name = "PROVIDER=FAULT", value_delimiter = ',')]
    faults: Vec<FaultOf>,
    /// Do not enforce quotas
    #[arg(long)]
    no_quotas: bool,
}

/// A provider and its fault.
#[derive(Debug, Clone)]
struct FaultOf {
    provider: String,
    fault: Fault,
}

impl FromStr for FaultOf {
    type Err = Usage;

    fn from_str(text: &str) -> Result<Self, Usage> {
        let (provider, fault) = text
            .split_once('=')
            .ok_or_else(|| Usage("write provider=fault".into()))?;
        Ok(Self {
            provider: provider.to_owned(),
            fault: fault.parse().map_err(|error| Usage(format!("{error}")))?,
        })
    }
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<Verdict> {
    let config = context.config()?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let address = arguments.listen;
    let overlay = arguments.overlay.clone();
    let simulator = match Simulator::start(settings(&config, arguments)?).await {
        Err(SimulatorError::UnknownProvider(name)) => {
            return Err(Usage(format!("there is no provider `{name}` to simulate")).into());
        }
        started => started.with_context(|| format!("the simulator does not start on {address}"))?,
    };
    let mut text = format!("Simulator listening on http://{}\n", simulator.address());
    if let Some(folder) = overlay {
        text.push_str(&write_overlay(&simulator, &folder)?);
    }
    output::print(&text)?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(Verdict::Good)
}

fn settings(config: &Config, arguments: Arguments) -> Result<Settings, Problems> {
    let files = open_catalogue::files(config.settings.catalogue_dir.as_deref())?;
    let catalogue = guichet_catalogue::load(&files, &open_catalogue::surroundings())?;
    let faults = arguments.faults.into_iter();
    Ok(Settings {
        address: arguments.listen,
        quotas: !arguments.no_quotas,
        faults: faults.map(|one| (one.provider, one.fault)).collect(),
        ..Settings::new(Arc::new(catalogue), samples(&files).map_err(Problems)?)
    })
}

fn write_overlay(simulator: &Simulator, folder: &Path) -> anyhow::Result<String> {
    let shown = folder.display();
    simulator
        .overlay(folder)
        .with_context(|| format!("the overlay cannot be written to {shown}"))?;
    Ok(format!(
        "Talk to it with `guichet serve --catalogue-dir {shown}`\n"
    ))
}
