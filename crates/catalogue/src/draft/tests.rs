//! Drafts of whole files: each is shown as it is written, and loads over the catalogue that ships.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::files::{File, Files};
use crate::load::{Surroundings, load};
use crate::problem::Problems;

static BUILT_IN: LazyLock<Catalogue> = LazyLock::new(|| with(&[]).unwrap());

/// The built-in catalogue with further files over it.
fn with(own: &[(String, String)]) -> Result<Catalogue, Problems> {
    let mut files = Files::built_in();
    for (path, text) in own {
        let file = File {
            name: path.clone(),
            text: text.clone().into(),
            own: true,
        };
        files.insert(path, file);
    }
    let surroundings = Surroundings {
        functions: guichet_local::names().collect(),
    };
    load(&files, &surroundings)
}

pub(super) fn target(category: &str, provider: &str, operation: &str) -> Target {
    Target {
        category: category.into(),
        provider: provider.into(),
        operation: operation.into(),
    }
}

/// The draft in one text, after it was loaded and its samples were read.
fn shown(target: &Target, draft: Result<Draft, DraftError>) -> String {
    let draft = draft.unwrap_or_else(|error| panic!("{error}"));
    let loaded = with(&draft.files).unwrap_or_else(|problems| panic!("{problems}\n{draft:#?}"));
    let provider = &loaded.providers[target.provider.as_str()];
    assert!(!provider.enabled, "a draft is off");
    assert!(
        loaded
            .operation(&target.category, &target.operation)
            .is_some()
    );
    for (path, text) in draft
        .files
        .iter()
        .filter(|(path, _)| path.matches('/').count() == 2)
    {
        serde_json::from_str::<crate::sample::Recorded>(text)
            .unwrap_or_else(|error| panic!("{path}: {error}"));
    }
    let mut text = String::new();
    for (path, content) in &draft.files {
        text.push_str(&format!("=== {path}\n{content}\n"));
    }
    for note in &draft.notes {
        text.push_str(&format!("- {note}\n"));
    }
    text
}

fn from_command(target: &Target, command: &str, answer: Option<&str>) -> String {
    shown(target, from_curl(target, command, &BUILT_IN, answer))
}

pub(super) fn from_document(target: &Target, document: &str, operation: &str) -> String {
    shown(target, from_openapi(target, document, operation, &BUILT_IN))
}

fn refused(category: &str, provider: &str, operation: &str, command: &str) -> String {
    let target = target(category, provider, operation);
    from_curl(&target, command, &BUILT_IN, None)
        .unwrap_err()
        .to_string()
}

#[test]
fn weather_by_coordinates_without_a_key() {
    let command = "curl 'https://api.sky.example/v1/forecast?latitude=48.85&longitude=2.35&current=temperature_2m,wind_speed_10m&wind_speed_unit=ms&timeformat=unixtime'";
    let answer = r#"{"latitude": 48.86, "longitude": 2.36, "timezone": "GMT", "current": {
        "time": 1795343400, "interval": 900, "temperature_2m": 7.4, "apparent_temperature": 4.1,
        "relative_humidity_2m": 81, "is_day": 1, "wind_speed_10m": 3.6, "wind_gusts_10m": 8.2, "wind_direction_10m": 240,
        "precipitation": 0.1, "pressure_msl": 1013.2, "cloud_cover": 75, "weather_code": 61}}"#;
    insta::assert_snapshot!(from_command(
        &target("weather", "sky", "current"),
        command,
        Some(answer)
    ));
}

#[test]
fn a_key_in_the_query_and_a_place_by_name() {
    let command = "curl -s \"https://api.forecasts.example/v1/current.json?key=4f2c9d8e7b6a5f4c3d2e1b0a&q=Paris&lang=fr\"";
    let answer = r#"{"location": {"name": "Paris", "lat": 48.87, "lon": 2.33, "tz_id": "Europe/Paris"},
        "current": {"last_updated_epoch": 1795343400, "temp_c": 7.0, "temp_f": 44.6, "wind_kph": 13.0, "wind_speed_kph": 13.0,
        "wind_degree": 240, "gust_kph": 29.5, "humidity": 81, "feelslike_c": 4.2, "vis_km": 10.0, "uv": 1.0, "is_day": 1}}"#;
    insta::assert_snapshot!(from_command(
        &target("weather", "forecasts", "current"),
        command,
        Some(answer)
    ));
}

#[test]
fn a_bearer_token_from_a_variable_and_an_address_in_the_path() {
    let command = "curl -H \"Authorization: Bearer $IPFINDER_TOKEN\" -H 'Accept: application/json' https://ipfinder.example/v2/8.8.8.8.json | jq .";
    let answer = r#"{"ip": "8.8.8.8", "city": "Mountain View", "region": "California", "country": "United States",
        "countryCode": "us", "latitude": "37.4056", "longitude": "-122.0775", "timezone": "America/Los_Angeles", "postal": "94043"}"#;
    insta::assert_snapshot!(from_command(
        &target("ip", "ipfinder", "lookup"),
        command,
        Some(answer)
    ));
}

#[test]
fn a_post_of_json_into_a_new_category() {
    let command = r#"curl -X POST https://translate.example/v2/translate -H 'Content-Type: application/json' -H 'X-API-Key: s3cr3t-t0ken-value' --data '{"text": "Hello, \"world\"", "source": "en", "target_lang": "fr", "options": {"formal": true}}'"#;
    let answer = r#"{"translations": [{"detectedSource": "en", "text": "Bonjour"}], "billedCharacters": 14}"#;
    insta::assert_snapshot!(from_command(
        &target("translation", "translate", "translate"),
        command,
        Some(answer)
    ));
}

#[test]
fn several_lines_with_an_encoded_query_and_a_user() {
    let command = "curl --get \\\n  --url https://places.example/search \\\n  -u 'anna:correct-horse-battery' \\\n  --data-urlencode 'query=Gare de l'\\''Est' \\\n  -d limit=5 \\\n  -d 'countrycodes=fr' \\\n  --compressed -sSL";
    insta::assert_snapshot!(from_command(
        &target("geocoding", "places", "search"),
        command,
        None
    ));
}

#[test]
fn a_list_of_holidays_by_path() {
    let command = "curl https://holidays.example/api/v3/PublicHolidays/2026/FR";
    let answer = r#"[{"date": "2026-01-01", "localName": "Jour de l'an", "name": "New Year's Day", "countryCode": "FR", "global": true, "types": ["Public"]}]"#;
    insta::assert_snapshot!(from_command(
        &target("holidays", "feasts", "list"),
        command,
        Some(answer)
    ));
}

#[test]
fn rates_with_codes_and_a_credential_in_the_url() {
    let command = "curl 'http://user:hunter2hunter2@rates.example:8080/latest?base=eur&symbols=USD,GBP&date=2026-11-20'";
    let answer = r#"{"base": "EUR", "date": "2026-11-20", "rates": {"USD": 1.1, "GBP": 0.85}}"#;
    insta::assert_snapshot!(from_command(
        &target("currency", "rates-example", "rates"),
        command,
        Some(answer)
    ));
}

#[test]
fn a_new_category_by_coordinates_with_a_token_in_the_path() {
    let command = "curl 'https://tides.example/bot12345678:AAE9hJkLmNoPqRsTuVwXyZ0123/extremes?lat=48.65&lon=-2.02&days=3&datum=LAT'";
    let answer = r#"{"status": 200, "extremes": [{"dt": 1795343400, "height": 4.2, "type": "High"}], "stationName": null}"#;
    insta::assert_snapshot!(from_command(
        &target("tides", "tides-example", "extremes"),
        command,
        Some(answer)
    ));
}

#[test]
fn an_answer_that_is_no_json_is_kept_as_text() {
    let command = "curl https://feeds.example/rates.csv";
    let text = from_command(
        &target("tables", "feeds", "list"),
        command,
        Some("currency,rate\nUSD,1.1\n"),
    );
    assert!(text.contains("decode   = \"csv\""), "{text}");
    assert!(
        text.contains("\"text\": \"currency,rate\\nUSD,1.1\""),
        "{text}"
    );
}

#[test]
fn what_cannot_be_drafted_is_said() {
    let url = "curl https://a.example/x";
    for (error, part) in [
        (
            refused("weather", "open-meteo", "current", url),
            "has a provider `open-meteo` already",
        ),
        (
            refused("weather", "mine", "curent", url),
            "did you mean `current`?",
        ),
        (
            refused("Weather", "mine", "current", url),
            "`Weather` is no name",
        ),
        (
            refused("weather", "mine", "current", "wget x"),
            "no curl command",
        ),
        (
            refused(
                "weather",
                "mine",
                "current",
                "curl -X DELETE https://a.example",
            ),
            "not with DELETE",
        ),
        (
            refused("weather", "mine", "current", "curl ftp://a.example"),
            "must begin with https://",
        ),
        (
            refused(
                "weather",
                "mine",
                "current",
                "curl -d a=b https://a.example",
            ),
            "this is a form",
        ),
        (
            refused(
                "weather",
                "mine",
                "current",
                "curl -H 'Cookie: a=b' https://a.example",
            ),
            "`cookie` cannot be kept",
        ),
        (
            refused(
                "weather",
                "mine",
                "current",
                "curl --json '{\"api_key\":\"x\"}' https://a.example",
            ),
            "`api_key` is a credential",
        ),
    ] {
        assert!(error.contains(part), "{error}");
    }
}

/// Ways to give a secret to curl. `SECRET` stands for it.
const PLANTS: &[&str] = &[
    "curl -H 'Authorization: Bearer SECRET' https://a.example/v1/x",
    "curl -H 'Authorization: Token SECRET' https://a.example/v1/x",
    "curl -H 'Authorization: SECRET' https://a.example/v1/x",
    "curl -H 'X-Api-Key: SECRET' https://a.example/v1/x?lat=1.5&lon=2",
    "curl -H x-rapidapi-key:SECRET https://a.example/v1/x",
    "curl -u anna:SECRET https://a.example/v1/x",
    "curl -u SECRET: https://a.example/v1/x",
    "curl --oauth2-bearer SECRET https://a.example/v1/x",
    "curl https://anna:SECRET@a.example/v1/x",
    "curl 'https://a.example/v1/x?apikey=SECRET&q=Paris'",
    "curl 'https://a.example/v1/x?appid=SECRET&access_token=SECRET'",
    "curl -G https://a.example/v1/x -d key=SECRET",
    "curl -G https://a.example/v1/x --data-urlencode token=SECRET",
    "curl --url-query api_key=SECRET https://a.example/v1/x",
    "curl 'https://a.example/v1/x?token=SECRET&note=SECRET'",
    "curl --json '{\"password\": \"SECRET\"}' https://a.example/v1/x",
    "curl -b session=SECRET https://a.example/v1/x",
    "curl --tokn=SECRET https://a.example/v1/x",
    "curl -ZSECRET https://a.example/v1/x",
    "curl https://a.example/v1/x SECRET",
    "curl -X SECRET https://a.example/v1/x",
    "curl 'SECRET://a.example/v1/x'",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_planted_secret_is_never_shown(secret in "[A-Za-z0-9]{12,40}", answered in any::<bool>()) {
        let answer = format!(r#"{{"echo": "key {secret}", "{secret}": 1, "list": ["{secret}"], "temperature": 3}}"#);
        for plant in PLANTS {
            let command = plant.replace("SECRET", &secret);
            for category in ["weather", "anything"] {
                let target = target(category, "planted", "current");
                let answer = answered.then_some(answer.as_str());
                let said = match from_curl(&target, &command, &BUILT_IN, answer) {
                    Ok(draft) => format!("{draft:?}"),
                    Err(error) => format!("{error} {error:?}"),
                };
                prop_assert!(!said.contains(&secret), "{plant}: {said}");
            }
        }
    }

    #[test]
    fn any_command_is_drafted_so_that_it_loads_or_refused(name in "[ -~]{0,12}", value in "\\PC{0,20}", key in "\\PC{1,8}") {
        let quoted = |text: &str| text.replace('\'', "'\\''");
        let command = format!(
            "curl -G 'https://a.example/v1/x y' --data-urlencode '{}={}' -H 'x-note: {}'",
            quoted(&name), quoted(&value), quoted(&value)
        );
        let answer = json!({ key.clone(): value, "list": [{ name.clone(): 1.5 }] }).to_string();
        for category in ["weather", "anything"] {
            let target = target(category, "fuzzed", "current");
            if let Ok(draft) = from_curl(&target, &command, &BUILT_IN, Some(&answer)) {
                let loaded = with(&draft.files);
                prop_assert!(loaded.is_ok(), "{}\n{draft:#?}", loaded.unwrap_err());
            }
        }
    }
}
