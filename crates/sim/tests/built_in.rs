//! The built-in catalogue through the simulator: it can be laid over, and answers stay as good as they were recorded.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;

use common::client::{self, get};
use guichet_catalogue::files::Files;
use guichet_catalogue::filter::{Input, Variables};
use guichet_catalogue::model::{Call, Catalogue, Class};
use guichet_catalogue::sample::{Sample, samples};
use guichet_catalogue::{Surroundings, load};
use guichet_engine::clock::Clock;
use guichet_engine::read::{Reading, validate};
use guichet_engine::replay::{replay, seconds};
use guichet_engine::request::{Draft, Sender, parameters};
use guichet_engine::transport::UpstreamResponse;
use guichet_sim::{Fault, Settings, Simulator};
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Map, Value, json};

struct Frozen(Timestamp);

impl Clock for Frozen {
    fn now(&self) -> Timestamp {
        self.0
    }
}

fn surroundings() -> Surroundings {
    Surroundings {
        functions: guichet_local::names().collect(),
    }
}

fn loaded(files: &Files) -> Arc<Catalogue> {
    Arc::new(load(files, &surroundings()).unwrap_or_else(|problems| panic!("{problems}")))
}

async fn simulator(now: Timestamp) -> Simulator {
    let files = Files::built_in();
    let settings = Settings {
        quotas: false,
        clock: Arc::new(Frozen(now)),
        ..Settings::new(loaded(&files), samples(&files).unwrap())
    };
    Simulator::start(settings).await.unwrap()
}

#[tokio::test]
async fn the_overlay_loads_and_leads_every_http_provider_here() {
    let simulator = simulator(Timestamp::now()).await;
    let folder = tempfile::tempdir().unwrap();
    let named = tempfile::tempdir().unwrap();
    simulator.overlay(folder.path()).unwrap();
    simulator.overlay_with_names(named.path()).unwrap();
    for (folder, host) in [(&folder, "127.0.0.1"), (&named, ".sim.internal")] {
        let mut files = Files::built_in();
        files
            .overlay(folder.path())
            .unwrap_or_else(|problems| panic!("{problems}"));
        let catalogue = loaded(&files);
        let providers = catalogue
            .providers
            .values()
            .filter_map(|provider| provider.http());
        let texts: Vec<&str> = providers.map(|http| http.base_url_text.as_str()).collect();
        assert!(texts.len() > 20);
        for text in texts {
            assert!(
                text.contains(host) && text.contains(&simulator.port().to_string()),
                "{text}"
            );
        }
    }
    let url = simulator.base_url("kraken", Fault::Ok);
    assert_eq!(url, format!("http://127.0.0.1:{}/kraken", simulator.port()));
}

/// One sample asked through the overlay, as an engine would: its requests over the wire, its answers read.
async fn outcome(
    simulator: &Simulator,
    catalogue: &Catalogue,
    sample: &Sample,
    now: Timestamp,
) -> Result<Value, String> {
    let recorded = &sample.recorded;
    let operation = catalogue
        .operation(&sample.category, &recorded.operation)
        .unwrap();
    let endpoint = operation
        .endpoints
        .iter()
        .find(|endpoint| *endpoint.provider.id == *sample.provider)
        .unwrap();
    let (Call::Http(call), Some(http)) = (&endpoint.call, endpoint.provider.http()) else {
        panic!("{} is local", sample.provider);
    };
    let program = &catalogue.program;
    let mut variables = Variables {
        params: parameters(&recorded.params),
        cursor: Input::from(&recorded.cursor),
        now: seconds(now),
        ..Variables::default()
    };
    let mut results = Map::new();
    for (name, exchange) in call.exchanges() {
        let sender = Sender::default();
        let draft = Draft::build(program, http, exchange, &variables, &sender).unwrap();
        let request = draft
            .sign(&http.auth, Some(&SecretString::from("any")))
            .unwrap();
        let target = format!(
            "{}?{}",
            request.url.path(),
            request.url.query().unwrap_or_default()
        );
        let response = fetch(simulator, &target, &request.headers).await;
        let reading = Reading {
            program,
            http,
            exchange,
            variables: variables.clone(),
            now,
        };
        let read = reading.read(&response, None).map_err(|failure| {
            format!(
                "{}: {} ({})",
                failure.class, failure.detail, response.status
            )
        })?;
        let Some(name) = name else {
            validate(&operation.shape, &read.result).map_err(|failure| failure.detail)?;
            return Ok(read.result);
        };
        results.insert(name.to_owned(), read.result);
        variables.steps = Input::from(&Value::Object(results.clone()));
    }
    unreachable!("the last exchange returns")
}

async fn fetch(simulator: &Simulator, target: &str, headers: &HeaderMap) -> UpstreamResponse {
    let answer = client::get_with(simulator.address(), target, headers).await;
    let mut seen = HeaderMap::new();
    for line in answer.head.lines().skip(1) {
        let (name, value) = line.split_once(": ").unwrap();
        seen.append(
            HeaderName::try_from(name).unwrap(),
            HeaderValue::try_from(value).unwrap(),
        );
    }
    UpstreamResponse {
        status: answer.status,
        headers: seen,
        body: answer.body.into(),
    }
}

#[tokio::test]
async fn main_samples_map_as_well_at_any_later_time_as_when_they_were_recorded() {
    let built_in = Files::built_in();
    let original = loaded(&built_in);
    let all = samples(&built_in).unwrap();
    for now in [
        "2026-11-22T10:31:00Z",
        "2026-11-22T23:59:30Z",
        "2026-12-25T03:17:45Z",
        "2027-03-01T18:02:11Z",
    ] {
        let now: Timestamp = now.parse().unwrap();
        let simulator = simulator(now).await;
        let folder = tempfile::tempdir().unwrap();
        simulator.overlay(folder.path()).unwrap();
        let mut files = Files::built_in();
        files.overlay(folder.path()).unwrap();
        let catalogue = loaded(&files);
        let mut served = 0;
        let mut wrong = Vec::new();
        for sample in all
            .iter()
            .filter(|sample| sample.name == sample.recorded.operation)
        {
            if replay(&original, sample).unwrap().expected.class != Class::Ok {
                continue;
            }
            served += 1;
            if let Err(reason) = outcome(&simulator, &catalogue, sample, now).await {
                wrong.push(format!("{}: {reason}", sample.file));
            }
        }
        assert!(served > 30, "{served}");
        assert!(
            wrong.is_empty(),
            "{} of {served} at {now}:\n{}",
            wrong.len(),
            wrong.join("\n")
        );
    }
}

/// The same parameters of another caller: elsewhere, and after something else.
fn elsewhere(params: &Map<String, Value>) -> Map<String, Value> {
    let mut params = params.clone();
    for (name, value) in &mut params {
        let other = match name.as_str() {
            "lat" => json!(40.4168),
            "lon" => json!(-3.7038),
            "q" | "word" | "title" => json!("lighthouse"),
            "ip" => json!("93.184.216.34"),
            "place" => {
                json!({"lat": 40.4168, "lon": -3.7038, "name": "Madrid", "country_code": "ES", "tz": "Europe/Madrid"})
            }
            _ => continue,
        };
        *value = other;
    }
    params
}

#[tokio::test]
async fn other_parameters_get_an_answer_too() {
    let now: Timestamp = "2026-12-25T03:17:45Z".parse().unwrap();
    let built_in = Files::built_in();
    let original = loaded(&built_in);
    let simulator = simulator(now).await;
    let folder = tempfile::tempdir().unwrap();
    simulator.overlay(folder.path()).unwrap();
    let mut files = Files::built_in();
    files.overlay(folder.path()).unwrap();
    let catalogue = loaded(&files);
    let mut unusable = Vec::new();
    for mut sample in samples(&built_in).unwrap() {
        let main = sample.name == sample.recorded.operation;
        if !main || replay(&original, &sample).unwrap().expected.class != Class::Ok {
            continue;
        }
        sample.recorded.params = elsewhere(&sample.recorded.params);
        // WAQI's mapping looks at how far the station is from the place, and the recorded station does not travel.
        let far_away = sample.provider == "waqi";
        if let Err(reason) = outcome(&simulator, &catalogue, &sample, now).await
            && !(far_away && reason.starts_with("empty"))
        {
            unusable.push(format!("{}: {reason}", sample.file));
        }
    }
    assert!(unusable.is_empty(), "{}", unusable.join("\n"));
}

#[tokio::test]
async fn a_provider_on_many_hosts_is_served_under_one_prefix() {
    let simulator = simulator(Timestamp::now()).await;
    let answer = get(
        simulator.address(),
        "/wikipedia/api/rest_v1/page/summary/Lyon",
    )
    .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}
