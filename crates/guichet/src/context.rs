//! What every command has: the flags that all of them take, the configuration, the way to print.

use std::path::PathBuf;

use guichet_catalogue::model::Catalogue;
use guichet_catalogue::problem::Problems;
use tracing::level_filters::LevelFilter;

use crate::config::{Config, Origin, Sources, Variables};
use crate::output::Output;
use crate::{logging, open_catalogue};

/// Flags of every command.
#[derive(Debug, clap::Args)]
pub(crate) struct CommonFlags {
    /// Configuration file (default: guichet.toml in the working directory, if it exists)
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "GUICHET_CONFIG",
        hide_env_values = true
    )]
    config: Option<PathBuf>,
    /// Folder of the database and the master key
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<String>,
    /// Folder of your own catalogue files
    #[arg(long, global = true, value_name = "DIR")]
    catalogue_dir: Option<String>,
    /// off, error, warn, info, debug or trace
    #[arg(long, global = true, value_name = "LEVEL")]
    log_level: Option<String>,
    /// text or json
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<String>,
    /// Print JSON, as when stdout is no terminal
    #[arg(long, global = true)]
    json: bool,
}

/// What every command has.
#[derive(Debug)]
pub(crate) struct Context {
    /// How to print.
    pub(crate) output: Output,
    flags: CommonFlags,
}

impl Context {
    pub(crate) fn new(flags: CommonFlags) -> Self {
        Self {
            output: Output::new(flags.json),
            flags,
        }
    }

    /// Reads the configuration of a command that does its work and ends; its logs begin with warnings.
    pub(crate) fn config(&self) -> anyhow::Result<Config> {
        let config = self.read(Vec::new())?;
        let level = match config.origin("log.level") {
            Origin::Default => LevelFilter::WARN,
            _ => config.settings.log_level,
        };
        logging::start(config.settings.log_format, level)?;
        Ok(config)
    }

    /// Reads the configuration of a server, with flags of its own.
    pub(crate) fn server_config(
        &self,
        flags: Vec<(&'static str, String, &'static str)>,
    ) -> anyhow::Result<Config> {
        let config = self.read(flags)?;
        logging::start(config.settings.log_format, config.settings.log_level)?;
        Ok(config)
    }

    /// Whether JSON was asked for, and is not just what a pipe gets.
    pub(crate) fn json_asked(&self) -> bool {
        self.flags.json
    }

    fn read(&self, own: Vec<(&'static str, String, &'static str)>) -> Result<Config, Problems> {
        let common = [
            ("data_dir", &self.flags.data_dir, "--data-dir"),
            (
                "catalogue_dir",
                &self.flags.catalogue_dir,
                "--catalogue-dir",
            ),
            ("log.level", &self.flags.log_level, "--log-level"),
            ("log.format", &self.flags.log_format, "--log-format"),
        ];
        let given = common
            .into_iter()
            .filter_map(|(key, value, flag)| Some((key, value.clone()?, flag)));
        Config::read(&Sources {
            file: self.flags.config.clone(),
            variables: Variables::of_process(),
            flags: given.chain(own).collect(),
        })
    }
}

/// The catalogue of a configuration, whose providers' names are checked against it.
pub(crate) fn catalogue(config: &Config) -> Result<Catalogue, Problems> {
    let catalogue = open_catalogue::load(config.settings.catalogue_dir.as_deref())?;
    config.check_providers(&catalogue)?;
    Ok(catalogue)
}
