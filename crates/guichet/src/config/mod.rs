//! The configuration: what holds is the last of defaults, file, variables and flags, and each value knows its origin.
//!
//! Nothing here opens a database or a socket. The only values with a secret in them are addresses of servers with their
//! passwords, which no line and no error shows; other secrets come from the vault and from variables of their own.

mod aliases;
mod environment;
mod file;
mod keys;
mod origin;
mod policies;
mod roots;
mod settings;
mod shares;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;

use guichet_catalogue::model::Catalogue;
use guichet_catalogue::problem::{Problem, Problems};
use guichet_catalogue::suggest::did_you_mean;

pub(crate) use environment::Variables;
pub(crate) use origin::{Given, Origin};
pub(crate) use settings::{LogFormat, ProviderChoice, Settings};

/// The settings in force and where each that was given comes from.
#[derive(Debug)]
pub(crate) struct Config {
    /// What holds.
    pub(crate) settings: Settings,
    given: BTreeMap<String, Given>,
}

/// What is laid over the defaults.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// The file that was asked for; without one, `guichet.toml` in the working directory if it exists.
    pub(crate) file: Option<PathBuf>,
    /// The environment.
    pub(crate) variables: Variables,
    /// Flags: key, value, and the flag's own name.
    pub(crate) flags: Vec<(&'static str, String, &'static str)>,
}

/// One line of the effective configuration.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Line {
    /// The key.
    pub(crate) key: String,
    /// Its value, as the file would spell it; empty = not set.
    pub(crate) value: String,
    /// Where the value comes from.
    pub(crate) origin: String,
}

impl Config {
    /// Reads everything, and reports every mistake at once.
    pub(crate) fn read(sources: &Sources) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let mut given = file::read(sources.file.as_deref(), &mut problems);
        given.extend(environment::read(&sources.variables, &mut problems));
        given.extend(sources.flags.iter().map(|(key, value, flag)| {
            let origin = Origin::Flag(flag);
            (
                (*key).to_owned(),
                Given {
                    text: value.clone(),
                    origin,
                },
            )
        }));
        let mut settings = Settings::default();
        for (key, given) in &given {
            if let Err(message) = keys::apply(&mut settings, key, &given.text) {
                problems.push(given.origin.problem(format!("`{key}`: {message}")));
            }
        }
        for (key, given) in &given {
            if let Some(name) = aliases::alias(key)
                && let Err(message) = aliases::check(&settings.model_aliases, name)
            {
                problems.push(given.origin.problem(format!("`{key}`: {message}")));
            }
        }
        if problems.is_empty() {
            Ok(Self { settings, given })
        } else {
            Err(Problems(problems))
        }
    }

    /// Checks that every provider named here exists.
    pub(crate) fn check_providers(&self, catalogue: &Catalogue) -> Result<(), Problems> {
        let known = || catalogue.providers.keys().map(|id| &**id);
        let problems: Vec<Problem> = self
            .given
            .iter()
            .filter_map(|(key, given)| Some((keys::provider(key)?, given)))
            .filter(|(id, _)| !catalogue.providers.contains_key(*id))
            .map(|(id, given)| {
                let hint = did_you_mean(id, known());
                given
                    .origin
                    .problem(format!("no provider is called `{id}`{hint}"))
            })
            .collect();
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Problems(problems))
        }
    }

    /// Where the value of a key comes from.
    pub(crate) fn origin(&self, key: &str) -> Origin {
        self.given
            .get(key)
            .map_or(Origin::Default, |given| given.origin.clone())
    }

    /// The effective configuration, by key.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let fixed = keys::KEYS
            .iter()
            .map(|key| (key.name.to_owned(), (key.show)(&self.settings)));
        let named = |key: &str| {
            keys::provider(key).is_some()
                || aliases::alias(key).is_some()
                || policies::operation(key).is_some()
                || shares::named(key).is_some()
        };
        let providers = self
            .given
            .iter()
            .filter(|(key, _)| named(key))
            .map(|(key, given)| (key.clone(), given.text.clone()));
        fixed
            .chain(providers)
            .map(|(key, value)| Line {
                origin: self.origin(&key).to_string(),
                key,
                value,
            })
            .collect()
    }
}
