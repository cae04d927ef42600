//! What a caller sees of the cities, and that the bundled data is what the code takes it for.

use std::time::Instant;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::aliases::Aliases;
use super::atlas::{Atlas, City, CityId};
use super::fold::fold;
use super::nearest::distance_m;
use crate::{Context, Failure};

fn call(name: &str, parameters: Value) -> Result<Value, Failure> {
    let context = Context {
        now: jiff::Timestamp::UNIX_EPOCH,
        peer: None,
    };
    let Value::Object(parameters) = parameters else {
        panic!("parameters are an object")
    };
    crate::function(name).expect("a known function")(&parameters, &context)
}

fn found(parameters: Value) -> Vec<Map<String, Value>> {
    let answer = call("cities.search", parameters).expect("an answer");
    let features = answer["features"].as_array().expect("features").clone();
    features
        .iter()
        .map(|feature| {
            feature["properties"]
                .as_object()
                .expect("properties")
                .clone()
        })
        .collect()
}

fn first(q: &str) -> String {
    let properties = &found(json!({ "q": q }))[0];
    format!(
        "{}, {}",
        properties["name"].as_str().unwrap(),
        properties["country_code"].as_str().unwrap()
    )
}

fn all() -> impl Iterator<Item = City> {
    let atlas = Atlas::get();
    (0..)
        .take(atlas.names.len())
        .map(move |id| atlas.city(CityId(id)))
}

fn by_population() -> Vec<City> {
    let mut cities: Vec<City> = all().collect();
    cities.sort_by_key(|city| std::cmp::Reverse(city.population));
    cities
}

#[test]
fn a_city_answers_to_its_names_in_other_languages() {
    for (q, city) in [
        ("Paris", "Paris, FR"),
        ("paris", "Paris, FR"),
        ("Londres", "London, GB"),
        ("Munich", "Munich, DE"),
        ("München", "Munich, DE"),
        ("Genève", "Geneva, CH"),
        ("geneve", "Geneva, CH"),
        ("Bruxelles", "Brussels, BE"),
        ("Pékin", "Beijing, CN"),
        ("Vienne", "Vienna, AT"),
        ("Valence", "Valence, FR"),
        ("Le Caire", "Cairo, EG"),
        ("NYC", "New York City, US"),
        ("Москва", "Moscow, RU"),
        ("東京", "Tokyo, JP"),
    ] {
        assert_eq!(first(q), city, "{q}");
    }
}

#[test]
fn a_qualifier_chooses_among_namesakes() {
    for (q, state, country) in [
        ("Paris, France", None, "FR"),
        ("Paris, Texas", Some("US-TX"), "US"),
        ("Paris, TX, USA", Some("US-TX"), "US"),
        ("Springfield, US", Some("US-MO"), "US"),
        ("Springfield, Illinois", Some("US-IL"), "US"),
        ("Londres, Royaume-Uni", None, "GB"),
        ("Munich, Allemagne", None, "DE"),
        ("Valencia, España", None, "ES"),
        ("Los Angeles, CA", Some("US-CA"), "US"),
        ("Washington, D.C.", Some("US-DC"), "US"),
    ] {
        let properties = &found(json!({ "q": q }))[0];
        assert_eq!(
            properties.get("region_code").and_then(Value::as_str),
            state,
            "{q}"
        );
        assert_eq!(properties["country_code"], country, "{q}");
    }
}

#[test]
fn the_country_filters_and_the_limit_limits() {
    let properties = found(json!({ "q": "Paris", "country": "US", "limit": 3 }));
    assert!(properties.len() <= 3);
    assert!(
        properties.iter().all(|city| city["country_code"] == "US"),
        "{properties:?}"
    );
    assert_eq!(found(json!({ "q": "San" , "limit": 50 })).len(), 50);
    assert_eq!(found(json!({ "q": "San" })).len(), 5);
}

#[test]
fn a_feature_says_what_and_where_and_how_sure() {
    insta::assert_json_snapshot!(
        call(
            "cities.search",
            json!({ "q": "Springfield, IL", "limit": 1 })
        )
        .unwrap()
    );
    insta::assert_json_snapshot!(
        call("cities.reverse", json!({ "lat": 48.8584, "lon": 2.2945 })).unwrap()
    );
}

#[test]
fn answers_keep_to_the_schema_of_their_category() {
    let mut schema: Value =
        serde_json::from_str(include_str!("../../../../catalogue/geocoding/schema.json")).unwrap();
    schema["$ref"] = "#/$defs/Places".into();
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    for q in ["Paris", "Springfield", "San", "Marseil", "Monaco"] {
        let answer = call("cities.search", json!({ "q": q, "limit": 50 })).unwrap();
        assert_eq!(
            schema.validate(&answer).map_err(|error| error.to_string()),
            Ok(()),
            "{q}"
        );
    }
    for city in all().step_by(100) {
        let point = json!({ "lat": city.latitude, "lon": city.longitude });
        let answer = call("cities.reverse", point).unwrap();
        assert_eq!(
            schema.validate(&answer).map_err(|error| error.to_string()),
            Ok(()),
            "{city:?}"
        );
    }
}

#[test]
fn a_beginning_is_less_sure_than_a_name() {
    let properties = found(json!({ "q": "Marseil" }));
    assert_eq!(properties[0]["name"], "Marseille");
    assert_eq!(properties[0]["confidence"], 0.3);
    assert!(matches!(
        call("cities.search", json!({ "q": "q" })),
        Err(Failure::NotFound(_))
    ));
}

#[test]
fn what_is_no_city_is_not_found_and_what_cannot_be_known_is_left_to_others() {
    for q in ["Xyzzyqwk", "!?", "Paris, Japan"] {
        assert!(
            matches!(
                call("cities.search", json!({ "q": q })),
                Err(Failure::NotFound(_))
            ),
            "{q}"
        );
    }
    for q in [
        "10 rue de Rivoli",
        "Paris, Île-de-France",
        "Champs-Élysées 8, Paris",
    ] {
        assert!(
            matches!(
                call("cities.search", json!({ "q": q })),
                Err(Failure::Unsupported(_))
            ),
            "{q}"
        );
    }
}

#[test]
fn a_point_far_from_any_city_has_none() {
    for (lat, lon) in [(0.0, -30.0), (90.0, 0.0), (-90.0, 180.0)] {
        let answer = call("cities.reverse", json!({ "lat": lat, "lon": lon }));
        assert!(
            matches!(answer, Err(Failure::NotFound(_))),
            "{lat},{lon}: {answer:?}"
        );
        assert_eq!(super::nearest(lat, lon), None);
    }
}

#[test]
fn a_point_across_the_date_line_is_near() {
    // Suva's neighbour Labasa lies at 179.4° E; the point a little east of the line.
    let (city, distance) = super::nearest::within(-16.43, -179.9, 100_000.0).expect("a city");
    assert_eq!((city.name, city.country_code), ("Labasa", "FJ"));
    assert!(distance < 80_000.0, "{distance}");
}

#[test]
fn coordinates_out_of_range_are_refused_by_name() {
    for (parameters, name) in [
        (json!({ "lat": 91, "lon": 0 }), "lat"),
        (json!({ "lat": 0, "lon": -181 }), "lon"),
        (json!({ "lat": 0 }), "lon"),
    ] {
        let answer = call("cities.reverse", parameters);
        assert!(
            matches!(answer, Err(Failure::Invalid { param, .. }) if param == name),
            "{answer:?}"
        );
    }
}

#[test]
fn distances_are_great_circles() {
    let (paris, london) = ((48.853, 2.349), (51.509, -0.126));
    assert!(
        (distance_m(paris, london) - 343_500.0).abs() < 1_000.0,
        "{}",
        distance_m(paris, london)
    );
    assert!((distance_m((0.0, 179.5), (0.0, -179.5)) - 111_195.0).abs() < 1.0);
}

#[test]
fn the_five_hundred_largest_cities_are_found_by_name() {
    for city in by_population().into_iter().take(500) {
        let properties = &found(json!({ "q": city.name, "limit": 1 }))[0];
        let population = properties["population"].as_u64().unwrap();
        let is_it = properties["id"] == format!("geonames:{}", city.geonames_id);
        assert!(
            is_it || population >= u64::from(city.population),
            "{city:?} gave way to {properties:?}"
        );
        assert_eq!(properties["confidence"], 0.5, "{city:?}");
    }
}

#[test]
fn every_city_is_whole_and_its_zone_exists() {
    let mut zones: Vec<&str> = all().map(|city| city.tz).collect();
    zones.sort_unstable();
    zones.dedup();
    assert!(zones.len() > 300);
    for tz in zones {
        assert!(jiff::tz::TimeZone::get(tz).is_ok(), "{tz}");
    }
    let mut count = 0;
    for city in all() {
        count += 1;
        assert!(!fold(city.name).is_empty(), "{city:?}");
        assert!(
            city.latitude.abs() <= 90.0 && city.longitude.abs() <= 180.0,
            "{city:?}"
        );
        assert!(
            city.country_code.len() == 2 && !city.country.is_empty(),
            "{city:?}"
        );
    }
    assert!(count > 30_000, "{count}");
}

#[test]
fn the_data_is_in_the_order_that_searching_needs() {
    let atlas = Atlas::get();
    let mut last = String::new();
    for line in 0..atlas.names.len() {
        let name = fold(atlas.names.get(line));
        assert!(last <= name, "{last} before {name}");
        last = name;
    }
    let aliases = Aliases::get();
    let mut last = "";
    for line in 0..aliases.lines.len() {
        let (name, cities) = aliases
            .lines
            .get(line)
            .split_once('\t')
            .expect("a name and its cities");
        assert!(last < name, "{last} before {name}");
        assert_eq!(fold(name), name);
        for id in cities.split(',') {
            assert!(
                id.parse::<usize>().is_ok_and(|id| id < atlas.names.len()),
                "{name}: {id}"
            );
        }
        last = name;
    }
}

/// A generous bound, since this also runs unoptimised beside other tests.
#[test]
fn a_point_is_found_in_a_moment() {
    assert_eq!(super::nearest(0.0, -30.0), None);
    let start = Instant::now();
    for degree in 0..100 {
        let _ = super::nearest(40.0, f64::from(degree));
    }
    assert!(
        start.elapsed().as_millis() < 1_000,
        "{:?} for 100 points",
        start.elapsed()
    );
}

proptest! {
    #[test]
    fn a_citys_own_coordinates_lead_back_to_it(line in 0..30_000_u32) {
        let city = Atlas::get().city(CityId(line));
        let (nearest, distance) =
            super::nearest::within(city.latitude, city.longitude, 100_000.0).expect("at least itself");
        prop_assert!(distance < 1.0, "{city:?} is {distance} m from {nearest:?}");
    }

    #[test]
    fn the_nearest_is_the_nearest_of_all(lat in -90.0..90.0, lon in -180.0..180.0) {
        let brute = all()
            .map(|city| distance_m((lat, lon), (city.latitude, city.longitude)))
            .min_by(f64::total_cmp)
            .filter(|&distance| distance <= 100_000.0);
        let found = super::nearest::within(lat, lon, 100_000.0).map(|(_, distance)| distance);
        prop_assert_eq!(found, brute);
    }

    #[test]
    fn any_text_is_answered_or_refused(q in "\\PC{0,30}", limit in 1..50_u64) {
        if let Ok(answer) = call("cities.search", json!({ "q": q, "limit": limit })) {
            let count = answer["features"].as_array().map_or(0, Vec::len);
            prop_assert!((1..=50).contains(&count));
        }
    }
}
