//! What the unit tests share.

use std::sync::Arc;

use guichet_catalogue::Surroundings;
use guichet_catalogue::files::Files;
use guichet_catalogue::model::Catalogue;
use guichet_engine::{Guarantee, Promise};

use crate::promised::Promised;

/// The built-in catalogue.
pub(crate) fn catalogue() -> Arc<Catalogue> {
    static CATALOGUE: std::sync::OnceLock<Arc<Catalogue>> = std::sync::OnceLock::new();
    let load = || {
        let functions = guichet_local::names().collect();
        guichet_catalogue::load(&Files::built_in(), &Surroundings { functions }).unwrap()
    };
    Arc::clone(CATALOGUE.get_or_init(|| Arc::new(load())))
}

/// A promise that is kept.
pub(crate) fn promised() -> Promised {
    Promised::from(Promise {
        guarantee: Guarantee::Guaranteed,
        reason: "computed here".into(),
        repair: None,
    })
}
