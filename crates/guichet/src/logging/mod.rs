//! Logs: to stderr, as text or JSON.
//!
//! Levels below `warn` are for this program's own crates only. What HTTP and TLS libraries write there holds headers
//! and URLs, and so secrets; no setting lets that through.

mod sink;

use std::io::{self, IsTerminal};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use guichet_gateway::{AccessLog, LineFormat};

use crate::config::LogFormat;

/// The names of all our crates begin with this.
const OURS: &str = "guichet";

pub(crate) use sink::flush;

/// The lines of requests, which go where all lines go; none where the level leaves them out.
pub(crate) fn access_log(format: LogFormat, level: LevelFilter) -> Option<AccessLog> {
    let format = match format {
        LogFormat::Text => LineFormat::Text,
        LogFormat::Json => LineFormat::Json,
    };
    (level >= LevelFilter::INFO).then(|| AccessLog::new(format, sink::take))
}

/// Begins to write logs.
pub(crate) fn start(format: LogFormat, level: LevelFilter) -> anyhow::Result<()> {
    let lines = sink::start()?;
    let others = level.min(LevelFilter::WARN);
    let filter = Targets::new().with_default(others).with_target(OURS, level);
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let layer = tracing_subscriber::fmt::layer().with_writer(move || lines);
    let layer = match format {
        LogFormat::Text => layer
            .with_ansi(io::stderr().is_terminal() && !no_colour)
            .boxed(),
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry()
        .with(layer.with_filter(filter))
        .try_init()?;
    Ok(())
}
