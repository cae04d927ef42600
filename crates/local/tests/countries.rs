//! Countries: how they are found, and the shape of the answers.

#![expect(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

use guichet_local::{Context, Failure, function};
use serde_json::{Value, json};

mod schema;

fn call(name: &str, params: &Value) -> Result<Value, Failure> {
    let context = Context {
        now: "2026-11-22T10:00:00Z".parse().unwrap(),
        peer: None,
    };
    function(name).unwrap()(params.as_object().unwrap(), &context)
}

fn get(country: &str) -> Result<Value, Failure> {
    call("countries.get", &json!({ "country": country }))
}

/// The codes of the countries found, after a check of the answer's shape.
fn search(q: &str) -> Vec<String> {
    let found = call("countries.search", &json!({ "q": q })).unwrap();
    schema::check("countries", "Countries", &found);
    found
        .as_array()
        .unwrap()
        .iter()
        .map(|country| country["alpha2"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_country_is_found_by_codes_and_names() {
    let ways = [
        "DE",
        "de",
        "DEU",
        "276",
        "Germany",
        "Allemagne",
        "Deutschland",
        "federal republic of germany",
    ];
    for way in ways {
        assert_eq!(get(way).unwrap()["alpha2"], "DE", "{way}");
    }
    let others = [
        ("UK", "GB"),
        ("Côte d'Ivoire", "CI"),
        ("cote d’ivoire", "CI"),
        ("Ivory Coast", "CI"),
        ("USA", "US"),
        ("Россия", "RU"),
        ("日本", "JP"),
        ("États-Unis", "US"),
        ("Kosovo", "XK"),
        ("004", "AF"),
        ("Czech Republic", "CZ"),
    ];
    for (name, code) in others {
        assert_eq!(get(name).unwrap()["alpha2"], code, "{name}");
    }
}

#[test]
fn a_country_has_the_categorys_shape() {
    let france = get("FR").unwrap();
    schema::check("countries", "Country", &france);
    insta::assert_json_snapshot!("france", france);
    insta::assert_json_snapshot!("switzerland", get("CH").unwrap());
}

#[test]
fn an_unknown_country_is_told_the_nearest_name() {
    assert_eq!(
        get("Germny"),
        Err(Failure::NotFound(
            "no country is called Germny; did you mean Germany?".into()
        ))
    );
    assert_eq!(
        get("Xyzzy"),
        Err(Failure::NotFound("no country is called Xyzzy".into()))
    );
}

#[test]
fn a_search_gives_the_best_first() {
    assert_eq!(search("guinea")[..2], ["GN", "GQ"]);
    assert_eq!(search("Allemagne"), ["DE"]);
    assert_eq!(search("congo"), ["CG", "CD"]);
    assert_eq!(search("in")[0], "IN");
    let too_far = call("countries.search", &json!({ "q": "atlantis of the sea" }));
    assert!(matches!(too_far, Err(Failure::NotFound(_))));
}

#[test]
fn a_list_is_whole_or_of_a_region() {
    let list = |params: &Value| call("countries.list", params).unwrap();
    let all = list(&json!({}));
    schema::check("countries", "Countries", &all);
    assert_eq!(all.as_array().unwrap().len(), 250);
    assert_eq!(
        list(&json!({ "region": "oceania" }))
            .as_array()
            .unwrap()
            .len(),
        29
    );
    assert_eq!(
        list(&json!({ "region": "Western Europe" }))
            .as_array()
            .unwrap()
            .len(),
        9
    );
    assert!(matches!(
        call("countries.list", &json!({ "region": "Middle-earth" })),
        Err(Failure::NotFound(_))
    ));
}
