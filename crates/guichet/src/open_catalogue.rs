//! The catalogue of this binary with the operator's folder over it.

use std::path::Path;

use guichet_catalogue::files::Files;
use guichet_catalogue::model::Catalogue;
use guichet_catalogue::problem::Problems;
use guichet_catalogue::{Surroundings, load as compile};

/// Reads and compiles it, or says everything that is wrong with it. Variables may have moved servers of models.
pub(crate) fn load(folder: Option<&Path>) -> Result<Catalogue, Problems> {
    let mut files = overlaid(Files::built_in_without_samples(), folder)?;
    files.move_servers(|name| std::env::var(name).ok())?;
    compile(&files, &surroundings())
}

/// Its files, samples included.
pub(crate) fn files(folder: Option<&Path>) -> Result<Files, Problems> {
    overlaid(Files::built_in(), folder)
}

fn overlaid(mut files: Files, folder: Option<&Path>) -> Result<Files, Problems> {
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
