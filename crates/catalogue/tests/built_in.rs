//! The catalogue that ships is right in itself.

use guichet_catalogue::files::Files;
use guichet_catalogue::{Surroundings, load, sample};

#[test]
fn the_built_in_catalogue_loads_without_a_problem() {
    let surroundings = Surroundings {
        functions: guichet_local::names().collect(),
    };
    if let Err(problems) = load(&Files::built_in(), &surroundings) {
        panic!("{problems}");
    }
}

#[test]
fn every_sample_belongs_to_a_provider_and_names_its_source() {
    let files = Files::built_in();
    let samples = sample::samples(&files).unwrap_or_else(|problems| panic!("{problems:?}"));
    for sample in samples {
        let provider = format!("{}/{}.toml", sample.category, sample.provider);
        assert!(
            files.get(&provider).is_some(),
            "{}: there is no {provider}",
            sample.file
        );
        assert!(
            sample.recorded.source.contains("http") || sample.recorded.source.contains('/'),
            "{} names no source",
            sample.file
        );
    }
}
