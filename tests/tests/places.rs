//! Places by name: found once through geocoding's own providers, and never said to be unknown by those who cannot know.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use guichet_catalogue::files::Files;
use guichet_catalogue::model::Catalogue;
use guichet_catalogue::sample::samples;
use guichet_catalogue::{Surroundings, load};
use guichet_engine::answer::{Answer, Reason, Refusal};
use guichet_engine::replay::response;
use guichet_engine::transport::TransportError;
use guichet_sim::alphabet::{LATENCY, Scripted};
use guichet_tests::stage::{Setup, Stage, built_in, data, tried};
use guichet_tests::upstream::{after, answers, fails, hangs, json};
use guichet_tests::world::DEADLINE;
use serde_json::{Value, json as value};

const PHOTON: &str = "photon.komoot.io";
const NOMINATIM: &str = "nominatim.openstreetmap.org";
const WEATHER: &str = "api.open-meteo.com";

/// What a provider was recorded to answer.
fn sample(provider: &str, name: &str) -> Scripted {
    let samples = samples(&Files::built_in()).unwrap_or_else(|problems| panic!("{problems:?}"));
    let found = samples
        .iter()
        .find(|sample| sample.provider == provider && sample.name == name);
    let found = found.unwrap_or_else(|| panic!("no sample {provider}/{name}"));
    Scripted::Answer {
        after: LATENCY,
        response: response(&found.recorded.exchanges[0]),
    }
}

/// Photon finds one place at this point, whatever it is asked for.
fn found_at(lat: f64, lon: f64) -> Scripted {
    let properties = value!({"name": "There", "osm_key": "place", "osm_value": "city", "type": "city", "countrycode": "FR"});
    let geometry = value!({"type": "Point", "coordinates": [lon, lat]});
    let feature = value!({"type": "Feature", "geometry": geometry, "properties": properties});
    json(
        200,
        &value!({"type": "FeatureCollection", "features": [feature]}),
    )
}

async fn started(photon: Scripted, nominatim: Scripted) -> Stage {
    let catalogue = built_in(&["geocoding", "time", "weather"]);
    let stage = Setup::of(catalogue).start().await;
    stage.upstream.always(PHOTON, photon);
    stage.upstream.always(NOMINATIM, nominatim);
    stage
        .upstream
        .always(WEATHER, sample("open-meteo", "current"));
    stage
}

fn down() -> Scripted {
    fails(TransportError::Connect)
}

async fn answered(stage: &Stage, operation: &str, parameters: Value) -> Answer {
    let answer = stage.call(operation, parameters).await;
    answer.unwrap_or_else(|refusal| panic!("{operation}: {refusal:?}"))
}

async fn refused(stage: &Stage, operation: &str, place: &str) -> Refusal {
    match stage.call(operation, value!({"place": place})).await {
        Ok(answer) => panic!("{place}: {:?}", data(&answer)),
        Err(refusal) => refusal,
    }
}

fn asked(stage: &Stage) -> [usize; 3] {
    [PHOTON, NOMINATIM, WEATHER].map(|host| stage.upstream.asked(host))
}

/// The query of the latest request to a host, by name.
fn query(stage: &Stage, host: &str, name: &str) -> Option<String> {
    let requests = stage.upstream.requests(host);
    let pairs = requests.last()?.url.query_pairs();
    let mut named = pairs.filter(|(key, _)| key == name);
    named.next().map(|(_, value)| value.into_owned())
}

/// Where the weather was asked for, to two decimals.
fn point(stage: &Stage) -> [String; 2] {
    ["latitude", "longitude"].map(|name| {
        let text = query(stage, WEATHER, name).unwrap_or_else(|| panic!("no {name}"));
        let number: f64 = text
            .parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        format!("{number:.2}")
    })
}

#[tokio::test(start_paused = true)]
async fn a_place_is_found_by_name_and_its_point_is_asked_about() {
    let stage = started(found_at(48.1, -1.5), down()).await;
    let answer = answered(&stage, "weather/current", value!({"place": "Over there"})).await;
    assert_eq!(tried(&answer.attempts), "open-meteo:ok");
    assert_eq!(asked(&stage), [1, 0, 1]);
    assert_eq!(query(&stage, PHOTON, "q").as_deref(), Some("Over there"));
    assert_eq!(query(&stage, PHOTON, "limit").as_deref(), Some("1"));
    assert_eq!(point(&stage), ["48.10", "-1.50"]);
}

#[tokio::test(start_paused = true)]
async fn whoever_found_the_place_is_named_beside_whoever_answered() {
    let stage = started(found_at(48.1, -1.5), down()).await;
    for turn in ["fresh", "from the cache"] {
        let answer = answered(&stage, "weather/current", value!({"place": "Over there"})).await;
        let named: Vec<&str> = answer.attribution.iter().map(|by| &*by.text).collect();
        let [weather, place] = named[..] else {
            panic!("{turn}: {named:?}");
        };
        assert!(weather.contains("Open-Meteo"), "{turn}: {weather}");
        assert!(place.contains("OpenStreetMap"), "{turn}: {place}");
    }
    let alone = answered(&stage, "weather/current", value!({"lat": 1, "lon": 1})).await;
    assert_eq!(alone.attribution.len(), 1, "nobody looked for that place");
}

#[tokio::test(start_paused = true)]
async fn where_one_geocoder_fails_the_next_one_finds_it_and_at_last_this_binary() {
    let found = value!([{"lat": "48.2", "lon": "-1.6", "display_name": "There", "category": "place", "type": "city"}]);
    let stage = started(down(), json(200, &found)).await;
    answered(&stage, "weather/current", value!({"place": "Paris"})).await;
    assert_eq!(asked(&stage), [1, 1, 1]);
    assert_eq!(point(&stage), ["48.20", "-1.60"]);

    for failing in [
        down(),
        answers(403, &[("content-type", "text/html")], "<html>"),
        json(200, &value!({"unexpected": true})),
        json(429, &value!({})),
    ] {
        let stage = started(failing.clone(), failing).await;
        answered(&stage, "weather/current", value!({"place": "Paris"})).await;
        assert_eq!(asked(&stage), [1, 1, 1]);
        assert_eq!(point(&stage), ["48.85", "2.35"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_place_is_looked_for_once_for_all_operations_and_calls_at_the_same_time() {
    let slow = after(Duration::from_millis(500), found_at(48.85, 2.35));
    let stage = started(slow, down()).await;
    let calls = (0..20).map(|number| {
        let (operation, parameters) = match number % 4 {
            0 => ("weather/current", value!({"place": "Paris"})),
            1 => ("time/now", value!({"place": "Paris"})),
            2 => (
                "time/sun",
                value!({"place": " Paris ", "date": format!("2026-06-{:02}", number + 1)}),
            ),
            _ => ("time/sun", value!({"place": "Paris"})),
        };
        answered(&stage, operation, parameters)
    });
    join_all(calls).await;
    assert_eq!(asked(&stage), [1, 0, 1]);

    stage.wait(Duration::from_hours(10)).await;
    answered(&stage, "time/sun", value!({"place": "Paris"})).await;
    let fresh_weather_of_a_known_place =
        value!({"place": "Paris", "max_age": 0, "providers": "open-meteo"});
    let _ = stage
        .call("weather/current", fresh_weather_of_a_known_place)
        .await;
    assert_eq!(stage.upstream.asked(PHOTON), 1, "ten hours later");
    assert_eq!(stage.upstream.asked(WEATHER), 2, "weather is asked anew");
}

#[tokio::test(start_paused = true)]
async fn the_callers_choice_of_providers_is_no_choice_of_geocoders() {
    let stage = started(found_at(48.85, 2.35), down()).await;
    let chosen = value!({"place": "Paris", "providers": "open-meteo"});
    answered(&stage, "weather/current", chosen).await;
    assert_eq!(asked(&stage), [1, 0, 1]);
}

/// These categories, with a Photon whose terms forbid commercial use.
fn with_photon_for_private_use(categories: &[&str]) -> Arc<Catalogue> {
    let mut files = Files::default();
    for (path, file) in Files::built_in().iter() {
        let category = path.split('/').next().unwrap_or_default();
        if !categories.contains(&category) {
            continue;
        }
        let mut file = file.clone();
        if path == "geocoding/photon.toml" {
            let (allowed, forbidden) = ("commercial  = true", "commercial  = false");
            assert!(file.text.contains(allowed), "{path}");
            file.text = file.text.replace(allowed, forbidden).into();
        }
        files.insert(path, file);
    }
    let functions: Vec<&str> = guichet_local::names().collect();
    let loaded = load(&files, &Surroundings { functions });
    Arc::new(loaded.unwrap_or_else(|problems| panic!("{problems}")))
}

#[tokio::test(start_paused = true)]
async fn a_commercial_call_has_its_place_found_by_those_who_allow_commercial_use() {
    let found = value!([{"lat": "48.2", "lon": "-1.6", "display_name": "There", "category": "place", "type": "city"}]);
    for (licence, photon, nominatim) in [("any", 1, 0), ("commercial", 0, 1)] {
        let catalogue = with_photon_for_private_use(&["geocoding", "time"]);
        let stage = Setup::of(catalogue).start().await;
        stage.upstream.always(PHOTON, found_at(48.1, -1.5));
        stage.upstream.always(NOMINATIM, json(200, &found));
        let wanted = value!({"place": "Over there", "date": "2026-06-21", "licence": licence});
        answered(&stage, "time/sun", wanted).await;
        assert_eq!(stage.upstream.asked(PHOTON), photon, "{licence}");
        assert_eq!(stage.upstream.asked(NOMINATIM), nominatim, "{licence}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_place_that_nobody_knows_is_not_found_and_nobody_is_asked_about_it() {
    let (none, nothing) = (
        || sample("photon", "search.empty"),
        || sample("nominatim", "search.empty"),
    );
    for (what, photon, nominatim) in [
        ("both say so", none(), nothing()),
        ("the first is down", down(), nothing()),
        ("the second is down", none(), down()),
    ] {
        let stage = started(photon, nominatim).await;
        for operation in ["weather/current", "time/sun"] {
            let refusal = refused(&stage, operation, "Xyzzyqwk").await;
            let unknown = Reason::PlaceNotFound("Xyzzyqwk".into());
            assert_eq!(refusal.reason, unknown, "{what}");
            // Nominatim may be asked once a second.
            stage.wait(Duration::from_secs(2)).await;
        }
        assert_eq!(stage.upstream.asked(WEATHER), 0, "{what}");
    }
}

/// What this binary has never heard of, and what it cannot hold.
const NOT_IN_THIS_BINARY: [&str; 3] = ["Xyzzyqwk", "10 Downing Street, London", "Paris, Xyzzyqwk"];

#[tokio::test(start_paused = true)]
async fn when_those_who_might_know_are_down_a_place_is_not_said_to_be_unknown() {
    for failing in [
        down(),
        fails(TransportError::Broken),
        json(500, &value!({})),
        json(429, &value!({})),
    ] {
        for place in NOT_IN_THIS_BINARY {
            let stage = started(failing.clone(), failing.clone()).await;
            let refusal = refused(&stage, "weather/current", place).await;
            assert_eq!(refusal.reason, Reason::AllFailed, "{place}");
            let failed = |who: &str| {
                let mut attempts = refusal.attempts.iter();
                attempts.any(|attempt| &*attempt.provider == who)
            };
            assert!(failed("photon") && failed("nominatim"), "{refusal:?}");
            assert_eq!(stage.upstream.asked(WEATHER), 0, "{place}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nor_is_it_when_they_are_left_alone_because_they_were_down() {
    for place in NOT_IN_THIS_BINARY {
        let stage = started(json(429, &value!({})), json(429, &value!({}))).await;
        for turn in 0..4 {
            let refusal = refused(&stage, "time/sun", place).await;
            let known = matches!(refusal.reason, Reason::AllFailed | Reason::AllSuspended);
            assert!(known, "{place}, call {turn}: {:?}", refusal.reason);
            assert!(refusal.retry_at.is_some(), "{place}, call {turn}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn coordinates_cause_no_search() {
    let stage = started(found_at(0.0, 0.0), down()).await;
    for at in [
        value!({"place": "48.85,2.35"}),
        value!({"lat": 48.85, "lon": 2.35}),
        value!({"lat": "48.85", "lon": "2.35", "lang": "fr"}),
    ] {
        answered(&stage, "weather/current", at.clone()).await;
        assert_eq!(point(&stage), ["48.85", "2.35"], "{at}");
    }
    assert_eq!(asked(&stage)[..2], [0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_geocoder_leaves_time_for_the_providers() {
    let silent = || hangs(TransportError::Timeout);
    for timeout in [2_000_u64, 10_000] {
        let stage = started(silent(), silent()).await;
        // Longer than what is left if geocoders may share all of the time among them.
        let wait = Duration::from_millis(timeout * 45 / 100);
        let answer = after(wait, sample("open-meteo", "current"));
        stage.upstream.always(WEATHER, answer);
        let began = tokio::time::Instant::now();
        let wanted = value!({"place": "Paris", "timeout_ms": timeout, "providers": "open-meteo"});
        let answer = answered(&stage, "weather/current", wanted).await;
        assert_eq!(tried(&answer.attempts), "open-meteo:ok", "{timeout}");
        assert_eq!(asked(&stage), [1, 1, 1], "{timeout}");
        let took = began.elapsed();
        assert!(took <= Duration::from_millis(timeout), "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn when_all_geocoders_are_silent_the_refusal_comes_in_time() {
    let silent = || hangs(TransportError::Timeout);
    let stage = started(silent(), silent()).await;
    let began = tokio::time::Instant::now();
    let refusal = refused(&stage, "weather/current", "Xyzzyqwk").await;
    assert!(
        matches!(refusal.reason, Reason::AllFailed | Reason::Deadline),
        "{:?}",
        refusal.reason
    );
    assert!(began.elapsed() <= DEADLINE, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_place_that_was_found_before_is_known_while_all_geocoders_are_down() {
    let stage = started(found_at(48.8584, 2.2945), down()).await;
    let wanted = value!({"place": "Tour Eiffel", "date": "2026-06-21"});
    let before = answered(&stage, "time/sun", wanted.clone()).await;
    stage.upstream.always(PHOTON, down());
    stage.wait(Duration::from_hours(72)).await;
    let later = answered(&stage, "time/sun", wanted).await;
    assert_eq!(data(&later), data(&before));
    assert!(stage.upstream.asked(PHOTON) > 1, "it was asked again");
}
