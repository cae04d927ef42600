//! Providers of models: the built-in files, what is refused in others, and what the error filters make of real answers.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests fail like tests"
)]

mod built_in;
mod own_files;
mod refused;
mod samples;

use std::borrow::Cow;

use guichet_catalogue::files::{File, Files};
use guichet_catalogue::model::{Catalogue, Provider};
use guichet_catalogue::problem::Problems;
use guichet_catalogue::{Surroundings, load};

/// One file of the operator, alone.
fn loaded(name: &str, text: &str) -> Result<Catalogue, Problems> {
    let mut files = Files::default();
    files.insert(
        &format!("ai/{name}.toml"),
        File {
            name: format!("{name}.toml"),
            text: Cow::Owned(text.to_owned()),
            own: true,
        },
    );
    load(&files, &Surroundings::default())
}

fn built_in() -> Catalogue {
    let surroundings = Surroundings {
        functions: guichet_local::names().collect(),
    };
    load(&Files::built_in(), &surroundings).unwrap_or_else(|problems| panic!("{problems}"))
}

fn provider<'a>(catalogue: &'a Catalogue, id: &str) -> &'a Provider {
    &catalogue.providers[id]
}
