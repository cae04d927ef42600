use proptest::prelude::*;

use super::*;

fn sun(lat: f64, lon: f64, date: &str) -> Value {
    let params = json!({ "place": { "lat": lat, "lon": lon }, "date": date });
    let context = Context {
        now: "2026-11-22T10:00:00Z".parse().unwrap(),
        peer: None,
    };
    day(params.as_object().unwrap(), &context).unwrap()
}

/// Asserts that two RFC 3339 times are within a minute, the precision of almanacs.
fn assert_about(actual: &Value, published: &str) {
    let actual: jiff::Timestamp = actual.as_str().unwrap().parse().unwrap();
    let published: jiff::Timestamp = published.parse().unwrap();
    let apart = (actual.as_second() - published.as_second()).abs();
    assert!(apart <= 60, "{actual} is {apart} s away from {published}");
}

#[test]
fn the_example_of_the_algorithms_report_comes_out() {
    // NREL/TP-560-34302, appendix A.5, for 17 October UT: 06:12:43, 11:46:04 and 17:20:19 at UTC-7. That sunset, at
    // 00:20:19 UT, is the one of the 16th on local calendars.
    let day = sun(39.742_476, -105.178_6, "2003-10-17");
    assert_about(&day["sunrise"], "2003-10-17T06:12:43-07:00");
    assert_about(&day["solar_noon"], "2003-10-17T11:46:04-07:00");
    let day_before = sun(39.742_476, -105.178_6, "2003-10-16");
    assert_about(&day_before["sunset"], "2003-10-16T17:20:19-07:00");
}

#[test]
fn published_almanac_times_come_out() {
    // US Naval Observatory, to the minute.
    let new_york = sun(40.7128, -74.006, "2024-01-01");
    assert_about(&new_york["sunrise"], "2024-01-01T07:20:00-05:00");
    assert_about(&new_york["sunset"], "2024-01-01T16:39:00-05:00");
    let sydney = sun(-33.8688, 151.2093, "2024-06-21");
    assert_about(&sydney["sunrise"], "2024-06-21T07:00:00+10:00");
    assert_about(&sydney["sunset"], "2024-06-21T16:54:00+10:00");
}

#[test]
fn an_ordinary_day_has_all_events_in_order() {
    let day = sun(48.8566, 2.3522, "2026-11-22");
    let order = [
        "astronomical_dawn",
        "nautical_dawn",
        "civil_dawn",
        "sunrise",
        "solar_noon",
        "sunset",
        "civil_dusk",
        "nautical_dusk",
        "astronomical_dusk",
    ];
    let times: Vec<_> = order
        .map(|event| day[event].as_str().unwrap().to_owned())
        .into();
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(day["tz"], "Europe/Paris");
    assert_eq!(day.get("polar"), None);
}

#[test]
fn the_polar_night_and_the_polar_day_are_said() {
    let night = sun(69.6492, 18.9553, "2026-12-21");
    assert_eq!(
        (&night["polar"], &night["day_length_s"]),
        (&json!("night"), &json!(0))
    );
    assert_eq!(night["sunrise"], Value::Null);
    assert!(
        night["civil_dawn"].is_string(),
        "Tromsø has twilight at noon"
    );
    let day = sun(69.6492, 18.9553, "2026-06-21");
    assert_eq!(
        (&day["polar"], &day["day_length_s"]),
        (&json!("day"), &json!(86_400))
    );
    assert_eq!(day["sunset"], Value::Null);
}

#[test]
fn a_sunset_after_midnight_belongs_to_the_day_before() {
    // Reykjavík's midsummer sun sets some minutes after midnight.
    let day = sun(64.1466, -21.9426, "2026-06-21");
    assert!(
        day["sunset"]
            .as_str()
            .unwrap()
            .starts_with("2026-06-22T00:0")
    );
    assert!(
        day["sunrise"]
            .as_str()
            .unwrap()
            .starts_with("2026-06-21T02:5")
    );
}

#[test]
fn a_day_out_of_reach_is_refused() {
    let params = json!({ "place": { "lat": 0, "lon": 0 }, "date": "0001-01-01" });
    let context = Context {
        now: jiff::Timestamp::UNIX_EPOCH,
        peer: None,
    };
    let failure = day(params.as_object().unwrap(), &context).unwrap_err();
    assert!(matches!(failure, Failure::Invalid { param: "date", .. }));
}

proptest! {
    #[test]
    fn every_place_and_day_has_a_noon_and_a_length(
        lat in -90.0_f64..=90.0, lon in -180.0_f64..=180.0, days in 0_i32..36_500,
    ) {
        let date = jiff::civil::date(2000, 1, 1).saturating_add(jiff::ToSpan::days(days));
        let day = sun(lat, lon, &date.to_string());
        let length = day["day_length_s"].as_i64().unwrap();
        prop_assert!((0..=86_400).contains(&length));
        prop_assert!(day["solar_noon"].is_string());
        prop_assert_eq!(day["polar"] == "night", length == 0);
    }
}
