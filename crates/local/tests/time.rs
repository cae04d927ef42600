//! Clocks, zones, sun and moon: the answers and their shapes.

#![expect(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

use guichet_local::{Context, Failure, function};
use proptest::prelude::*;
use serde_json::{Value, json};

mod schema;

const NOW: &str = "2026-11-22T10:31:00Z";

fn call(name: &str, params: &Value) -> Result<Value, Failure> {
    let context = Context {
        now: NOW.parse().unwrap(),
        peer: None,
    };
    function(name).unwrap()(params.as_object().unwrap(), &context)
}

/// The answer, after a check of its shape.
fn answer(name: &str, definition: &str, params: &Value) -> Value {
    let value = call(name, params).unwrap();
    schema::check("time", definition, &value);
    value
}

fn now(params: &Value) -> Value {
    answer("time.now", "Moment", params)
}

fn convert(at: &str, from: &str, to: &str) -> Value {
    answer(
        "time.convert",
        "Conversion",
        &json!({ "at": at, "from": from, "to": to }),
    )
}

#[test]
fn the_time_of_a_zone_and_of_a_place_agree() {
    let paris = now(&json!({ "tz": "Europe/Paris" }));
    assert_eq!(
        paris,
        now(&json!({ "place": { "lat": 48.8566, "lon": 2.3522, "name": "Paris" } }))
    );
    insta::assert_json_snapshot!("now_in_paris", paris);
    insta::assert_json_snapshot!("now_in_utc", now(&json!({})));
}

#[test]
fn a_polygon_knows_better_than_the_zone_that_came_with_a_place() {
    let place = json!({ "place": { "lat": 48.8566, "lon": 2.3522, "tz": "Europe/London" } });
    assert_eq!(now(&place)["tz"], "Europe/Paris");
}

#[test]
fn every_kind_of_zone_has_the_shape_of_a_moment() {
    for tz in [
        "Asia/Kathmandu",
        "America/St_Johns",
        "Africa/Casablanca",
        "Etc/GMT+12",
        "Pacific/Kiritimati",
        "UTC",
    ] {
        assert_eq!(now(&json!({ "tz": tz }))["tz"], tz);
    }
}

#[test]
fn two_answers_to_one_question_are_refused() {
    let both = json!({ "tz": "UTC", "place": { "lat": 0, "lon": 0 } });
    assert!(matches!(
        call("time.now", &both),
        Err(Failure::Invalid { param: "tz", .. })
    ));
}

#[test]
fn a_misspelt_zone_is_told_its_name() {
    let Err(Failure::Invalid {
        param: "tz",
        reason,
    }) = call("time.now", &json!({ "tz": "Europe/Pariss" }))
    else {
        panic!("must be refused");
    };
    assert!(reason.ends_with("did you mean Europe/Paris?"), "{reason}");
}

#[test]
fn a_place_off_the_globe_is_refused() {
    let params = json!({ "place": { "lat": 91, "lon": 0 } });
    assert!(matches!(
        call("time.now", &params),
        Err(Failure::Invalid { param: "place", .. })
    ));
}

#[test]
fn an_instant_is_the_same_everywhere() {
    let value = convert("2026-07-01T12:00:00Z", "America/New_York", "Asia/Tokyo");
    assert_eq!(
        value["from"]["datetime"],
        "2026-07-01T08:00:00-04:00[America/New_York]"
    );
    assert_eq!(
        value["to"]["datetime"],
        "2026-07-01T21:00:00+09:00[Asia/Tokyo]"
    );
    assert_eq!(value["difference_s"], 13 * 3600);
    assert_eq!(value["ambiguity"], "none");
}

#[test]
fn a_skipped_hour_is_said_to_be_skipped() {
    insta::assert_json_snapshot!(
        "skipped_hour",
        convert("2026-03-29T02:30:00", "Europe/Paris", "UTC")
    );
}

#[test]
fn a_double_hour_is_said_to_be_double() {
    insta::assert_json_snapshot!(
        "double_hour",
        convert("2026-10-25T02:30:00", "Europe/Paris", "UTC")
    );
}

#[test]
fn a_time_without_offset_needs_its_zone() {
    let failure = call(
        "time.convert",
        &json!({ "at": "2026-07-01T12:00:00", "to": "UTC" }),
    );
    assert!(matches!(
        failure,
        Err(Failure::Invalid { param: "from", .. })
    ));
    let failure = call(
        "time.convert",
        &json!({ "at": "noon", "from": "UTC", "to": "UTC" }),
    );
    assert!(matches!(failure, Err(Failure::Invalid { param: "at", .. })));
}

#[test]
fn a_country_has_its_zones() {
    let zones = |country: &str| answer("time.zones", "Zones", &json!({ "country": country }));
    assert_eq!(zones("US").as_array().unwrap().len(), 29);
    insta::assert_json_snapshot!("zones_of_kiribati", zones("KI"));
    assert!(matches!(
        call("time.zones", &json!({ "country": "BV" })),
        Err(Failure::NotFound(_))
    ));
}

#[test]
fn the_sky_has_the_categorys_shape() {
    for (lat, lon, date) in [
        (48.8566, 2.3522, "2026-06-21"),
        (78.22, 15.63, "2026-12-21"),
        (-90.0, 0.0, "2026-03-20"),
    ] {
        let params = json!({ "place": { "lat": lat, "lon": lon }, "date": date });
        let day = answer("sun.day", "Sun", &params);
        assert_eq!(day["date"], date);
        answer("moon.phase", "Moon", &json!({ "date": date }));
    }
    let today = json!({ "place": { "lat": 48.8566, "lon": 2.3522 } });
    insta::assert_json_snapshot!("sun_in_paris_today", answer("sun.day", "Sun", &today));
    insta::assert_json_snapshot!("moon_now", answer("moon.phase", "Moon", &json!({})));
}

proptest! {
    #[test]
    fn there_and_back_is_the_same_instant(
        second in -2_000_000_000_i64..4_000_000_000,
        from in prop::sample::select(&["Europe/Paris", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe"][..]),
        to in prop::sample::select(&["UTC", "Pacific/Apia", "America/New_York", "Africa/Casablanca"][..]),
    ) {
        let at = jiff::Timestamp::from_second(second).unwrap().to_string();
        let there = call("time.convert", &json!({ "at": at, "from": from, "to": to })).unwrap();
        prop_assert_eq!(&there["from"]["unix"], &json!(second));
        prop_assert_eq!(&there["to"]["unix"], &json!(second));
        let back = call("time.convert", &json!({ "at": there["to"]["datetime"], "from": to, "to": from })).unwrap();
        prop_assert_eq!(&back["to"], &there["from"]);
    }
}
