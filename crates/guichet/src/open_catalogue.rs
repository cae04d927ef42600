//! The catalogue of this binary with the operator's folder over it.

use std::path::Path;

use guichet_catalogue::files::Files;
use guichet_catalogue::model::Catalogue;
use guichet_catalogue::problem::Problems;
use guichet_catalogue::{Surroundings, load as compile};

/// Reads and compiles it, or says everything that is wrong with it.
pub(crate) fn load(folder: Option<&Path>) -> Result<Catalogue, Problems> {
    compile(&files(folder)?, &surroundings())
}

/// Its files.
pub(crate) fn files(folder: Option<&Path>) -> Result<Files, Problems> {
    let mut files = Files::built_in();
    if let Some(folder) = folder {
        files.overlay(folder)?;
    }
    Ok(files)
}

/// What its files may refer to.
pub(crate) fn surroundings() -> Surroundings {
    Surroundings {
        functions: guichet_local::names().collect(),
    }
}
