//! What the gateway is told: the built-in files of the providers.

use std::borrow::Cow;

use guichet_catalogue::files::{File, Files};
use guichet_catalogue::model::Catalogue;
use guichet_catalogue::{Surroundings, load};
use toml::{Table, Value};

use crate::tiers::Tier;

/// The built-in files of the tiers' providers. Where limits are `guessed`, they say so of all their limits but those of
/// money.
///
/// # Panics
/// When the catalogue that this program was built with is wrong.
#[must_use]
pub(crate) fn of(tiers: &[Tier], guessed: bool) -> Catalogue {
    let built_in = Files::built_in();
    let mut files = Files::default();
    for tier in tiers {
        let path = format!("ai/{}.toml", tier.provider());
        let file = built_in.get(&path).cloned();
        let file = file.unwrap_or_else(|| panic!("there is no {path}"));
        files.insert(&path, if guessed { doubted(file) } else { file });
    }
    load(&files, &Surroundings::default()).unwrap_or_else(|problems| panic!("{problems}"))
}

fn doubted(file: File) -> File {
    let mut table: Table =
        toml::from_str(&file.text).unwrap_or_else(|error| panic!("{}: {error}", file.name));
    let quotas = table.get_mut("quota").and_then(Value::as_array_mut);
    let quotas = quotas.into_iter().flatten().filter_map(Value::as_table_mut);
    for quota in quotas {
        let money = quota.get("dimension").and_then(Value::as_str) == Some("money");
        if !money {
            quota.insert("guessed".into(), Value::Boolean(true));
        }
    }
    File {
        text: Cow::Owned(table.to_string()),
        ..file
    }
}
