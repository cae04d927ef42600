//! The one generic test of every provider: each recorded answer through the way that a live one takes.

use guichet_catalogue::files::Files;
use guichet_catalogue::{Surroundings, load, sample};
use guichet_engine::replay::replay;

#[test]
fn every_sample_comes_out_as_expected() {
    let files = Files::built_in();
    let surroundings = Surroundings {
        functions: guichet_local::names().collect(),
    };
    let catalogue = load(&files, &surroundings).unwrap_or_else(|problems| panic!("{problems}"));
    let samples = sample::samples(&files).unwrap_or_else(|problems| panic!("{problems:?}"));
    let mut wrong = Vec::new();
    for sample in &samples {
        match replay(&catalogue, sample) {
            Err(reason) => wrong.push(format!("{}: {reason}", sample.file)),
            Ok(replayed) if sample.expected.as_ref() != Some(&replayed.expected) => {
                wrong.push(format!(
                    "{}: {:?}\n  expected {:?}\n  came out {:?}",
                    sample.file, replayed.detail, sample.expected, replayed.expected
                ));
            }
            Ok(_) => {}
        }
    }
    assert!(samples.len() > 100, "{} samples", samples.len());
    assert!(
        wrong.is_empty(),
        "{} of {} samples:\n{}",
        wrong.len(),
        samples.len(),
        wrong.join("\n")
    );
}
