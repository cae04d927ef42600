use guichet_catalogue::files::Files;
use guichet_catalogue::filter::{Input, Variables};
use guichet_catalogue::model::{Catalogue, Class, ErrorFilter, Retry};
use guichet_catalogue::sample::{Sample, samples_of_models};
use serde_json::{Map, Value, json};

use crate::{built_in, provider};

/// What an answer is for the filters: as the engine shows it to them.
fn shown(sample: &Sample) -> Value {
    let answer = &sample.recorded.exchanges[0];
    let headers: Map<String, Value> = answer
        .headers()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.into()))
        .collect();
    let text = answer.text.clone().map(Value::String);
    let body = answer.body.clone().or(text).unwrap_or_default();
    json!({ "status": answer.status, "headers": headers, "body": body })
}

fn variables(sample: &Sample) -> Variables {
    let now = sample.recorded.now.unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    Variables {
        now: now.as_duration().as_secs_f64(),
        ..Variables::default()
    }
}

fn found<'a>(catalogue: &'a Catalogue, sample: &Sample) -> Option<&'a ErrorFilter> {
    let http = provider(catalogue, &sample.provider).http().unwrap();
    let (input, variables) = (Input::from(&shown(sample)), variables(sample));
    http.errors.iter().find(|error| {
        catalogue
            .program
            .holds(error.when, &input, &variables)
            .unwrap_or_else(|error| panic!("{}: {error}", sample.file))
    })
}

#[test]
fn every_recorded_error_means_what_its_provider_means() {
    let catalogue = built_in();
    let samples = samples_of_models(&Files::built_in()).unwrap_or_else(|wrong| panic!("{wrong:?}"));
    assert!(samples.len() >= 25, "{} samples", samples.len());
    let mut wrong = Vec::new();
    for sample in &samples {
        let expected = sample
            .expected
            .as_ref()
            .unwrap_or_else(|| panic!("{} has no .expected.json", sample.file));
        let filter = found(&catalogue, sample);
        let class = filter.map_or(Class::Ok, |filter| filter.class);
        if class != expected.class {
            wrong.push(format!(
                "{}: {class} instead of {}",
                sample.file, expected.class
            ));
        }
        let at = filter.and_then(|filter| filter.retry).and_then(|retry| {
            let Retry::At(filter) = retry else {
                return None;
            };
            let (input, variables) = (Input::from(&shown(sample)), variables(sample));
            let at = catalogue.program.run(filter, &input, &variables).unwrap();
            // Fractions of a second are told, but not in binary: 38.2 is a little less.
            let at = jiff::SignedDuration::try_from_secs_f64(at.as_f64()?).ok()?;
            let at = jiff::Timestamp::UNIX_EPOCH + at;
            at.round(jiff::Unit::Millisecond).ok()
        });
        if at != expected.retry_at {
            wrong.push(format!(
                "{}: again at {at:?} instead of {:?}",
                sample.file, expected.retry_at
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_sample_of_a_model_belongs_to_a_provider_and_names_its_source() {
    let catalogue = built_in();
    for sample in samples_of_models(&Files::built_in()).unwrap() {
        assert!(
            catalogue.providers.contains_key(sample.provider.as_str()),
            "{}",
            sample.file
        );
        assert!(!sample.recorded.source.is_empty(), "{}", sample.file);
    }
}

#[test]
fn what_a_model_writes_about_limits_is_no_error() {
    let catalogue = built_in();
    let text = "API key not valid. Rate limit exceeded: free-models-per-day. limit: 0, daily free allocation, \
                insufficient_quota, DEGRADED function cannot be invoked, credits, per day (TPD), model_not_found";
    let body = json!({ "choices": [{ "message": { "content": text }, "finish_reason": "stop" }] });
    let answer = Input::from(&json!({ "status": 200, "headers": {}, "body": body }));
    for id in &catalogue.ai.order {
        for error in &provider(&catalogue, id).http().unwrap().errors {
            let holds = catalogue
                .program
                .holds(error.when, &answer, &Variables::default());
            assert_eq!(holds.ok(), Some(false), "{id}");
        }
    }
}
