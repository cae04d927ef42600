//! `GUICHET_*`: `GUICHET_OPERATOR__CONTACT` is `operator.contact`.

use std::collections::BTreeMap;

use guichet_catalogue::problem::Problem;
use guichet_catalogue::suggest::nearest;

use super::keys;
use super::origin::{Given, Origin};

const PREFIX: &str = "GUICHET_";
/// Read elsewhere: the vault's key, the caller's key of the examples, and the name of the file.
const NOT_SETTINGS: [&str; 3] = ["GUICHET_MASTER_KEY", "GUICHET_KEY", "GUICHET_CONFIG"];

/// The variables that begin with `GUICHET_`, as they were at the start.
#[derive(Debug, Default)]
pub(crate) struct Variables(pub(crate) BTreeMap<String, String>);

impl Variables {
    /// Those of this process. A value that is no text is passed on with what makes it none replaced, and so refused.
    pub(crate) fn of_process() -> Self {
        let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        let variables = std::env::vars_os().map(|(name, value)| (text(name), value));
        Self(
            variables
                .filter(|(name, _)| name.starts_with(PREFIX))
                .filter(|(name, _)| !NOT_SETTINGS.contains(&name.as_str()))
                .map(|(name, value)| (name, text(value)))
                .collect(),
        )
    }
}

/// The values that variables give; an empty one gives none.
pub(super) fn read(variables: &Variables, problems: &mut Vec<Problem>) -> BTreeMap<String, Given> {
    let mut found = BTreeMap::new();
    for (name, value) in &variables.0 {
        let key = key(name);
        let origin = Origin::Variable(name.clone());
        if keys::check_name(&key).is_err() {
            problems.push(origin.problem(unknown(name)));
        } else if !value.trim().is_empty() {
            let text = value.clone();
            found.insert(key, Given { text, origin });
        }
    }
    found
}

/// `GUICHET_PROVIDERS__MET_NO__ENABLED` → `providers.met-no.enabled`: no provider's id has an underscore.
fn key(name: &str) -> String {
    let lower = name.strip_prefix(PREFIX).unwrap_or(name).to_lowercase();
    match lower.split("__").collect::<Vec<_>>()[..] {
        ["providers", id, last] => format!("providers.{}.{last}", id.replace('_', "-")),
        ref parts => parts.join("."),
    }
}

fn unknown(name: &str) -> String {
    // Compared without the prefix, which would make any two of them alike.
    let bare = |name: &str| name.strip_prefix(PREFIX).unwrap_or(name).to_owned();
    let known: Vec<String> = keys::KEYS
        .iter()
        .map(|key| key.name.replace('.', "__").to_uppercase())
        .chain(NOT_SETTINGS.map(bare))
        .collect();
    match nearest(&bare(name), known.iter().map(String::as_str)) {
        Some(right) => format!("this variable sets nothing; did you mean `{PREFIX}{right}`?"),
        None => "this variable sets nothing".into(),
    }
}
