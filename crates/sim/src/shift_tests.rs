use proptest::prelude::*;
use serde_json::json;

use super::*;

const RECORDED: &str = "2026-11-22T10:31:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn to(now: &str) -> Shift {
    Shift::between(at(RECORDED), at(now))
}

fn moved(now: &str, mut value: Value) -> Value {
    to(now).json(&mut value);
    value
}

#[test]
fn moments_keep_their_distance_to_now_in_every_spelling() {
    let now = "2026-11-24T12:32:30Z"; // two days, two hours and a minute later
    for (recorded, expected) in [
        (json!(1_795_343_460), json!(1_795_523_520)),
        (json!(1_795_343_460_000_i64), json!(1_795_523_520_000_i64)),
        (json!("2026-11-22T10:30:00Z"), json!("2026-11-24T12:31:00Z")),
        (
            json!("2026-11-22T11:30:07.250+01:00"),
            json!("2026-11-24T13:31:07.250+01:00"),
        ),
        (json!("2026-11-22T10:30"), json!("2026-11-24T12:31")),
        (json!("2026-11-22 23:45"), json!("2026-11-25 01:46")),
        (
            json!("Sun, 22 Nov 2026 00:00:01 +0000"),
            json!("Tue, 24 Nov 2026 02:01:01 +0000"),
        ),
        (
            json!("Sun, 22 Nov 2026 10:31:00 GMT"),
            json!("Tue, 24 Nov 2026 12:32:00 GMT"),
        ),
    ] {
        assert_eq!(moved(now, recorded.clone()), expected, "{recorded}");
    }
}

#[test]
fn dates_move_by_whole_days_also_as_names_of_members() {
    let later = moved(
        "2026-12-01T00:00:00Z",
        json!({"2026-11-20": {"EUR": 1}, "holidays": ["2027-07-14"]}),
    );
    assert_eq!(
        later,
        json!({"2026-11-29": {"EUR": 1}, "holidays": ["2027-07-23"]})
    );
    let hours_later = moved("2026-11-22T23:59:59Z", json!("2026-11-22"));
    assert_eq!(hours_later, json!("2026-11-22"));
}

#[test]
fn what_is_no_time_near_the_recording_stays() {
    let kept = json!({
        "born": "1809-02-12", "founded": "2001-01-15T00:00:00Z", "population": 2_102_650, "price": 97_250.5,
        "cap": 1_926_000_000_000_i64, "sentence": "as of 2026-11-22, so far", "phone": "2026-11-222",
        "impossible": "2026-13-45", "not_a_time": "2026-11-22T99:99", "small": 7, "none": null, "yes": true
    });
    assert_eq!(moved("2027-03-01T08:00:00Z", kept.clone()), kept);
}

#[test]
fn dates_inside_xml_move_and_its_other_text_stays() {
    let text = r#"<Cube time="2026-11-20"><Cube currency="USD" rate="1.1606"/></Cube><old time="1999-01-04"/>"#;
    assert_eq!(
        to("2026-11-25T00:00:00Z").text(text),
        text.replace("2026-11-20", "2026-11-23")
    );
}

proptest! {
    #[test]
    fn differences_between_moments_survive(
        first in -2_000_000_i64..2_000_000,
        second in -2_000_000_i64..2_000_000,
        later in -50_000_000_i64..500_000_000,
    ) {
        let base = at(RECORDED).as_second();
        let shift = Shift::between(at(RECORDED), Timestamp::from_second(base + later).unwrap());
        let mut value = json!([base + first, base + second]);
        shift.json(&mut value);
        let (a, b) = (value[0].as_i64().unwrap(), value[1].as_i64().unwrap());
        prop_assert_eq!(b - a, second - first);
        // Never in a future in which it was not, and never more than a minute older than it was.
        let drift = later - (a - base - first);
        prop_assert!((0..60).contains(&drift));
    }

    #[test]
    fn a_moment_moves_alike_as_a_number_and_as_a_string(
        offset in -3_000_000_i64..3_000_000,
        later in -50_000_000_i64..500_000_000,
    ) {
        let base = at(RECORDED).as_second();
        let shift = Shift::between(at(RECORDED), Timestamp::from_second(base + later).unwrap());
        let moment = Timestamp::from_second(base + offset).unwrap();
        let mut value = json!([base + offset, moment.to_string()]);
        shift.json(&mut value);
        prop_assert_eq!(at(value[1].as_str().unwrap()).as_second(), value[0].as_i64().unwrap());
    }

    #[test]
    fn without_time_passed_nothing_changes(text in "[ -~]{0,40}", number in any::<i64>(), float in any::<f64>()) {
        let shift = Shift::between(at(RECORDED), at(RECORDED));
        let mut value = json!({"text": text, "number": number, "float": float});
        let before = value.clone();
        shift.json(&mut value);
        prop_assert_eq!(value, before);
        prop_assert_eq!(shift.text(&text), text.as_str());
    }

    #[test]
    fn any_json_keeps_its_shape(later in -50_000_000_i64..500_000_000, numbers in prop::collection::vec(any::<f64>(), 0..20)) {
        let shift = Shift::between(at(RECORDED), Timestamp::from_second(at(RECORDED).as_second() + later).unwrap());
        let mut value = json!({ "values": numbers, "2026-11-21": "2026-11-21" });
        shift.json(&mut value);
        prop_assert_eq!(value["values"].as_array().unwrap().len(), numbers.len());
        prop_assert_eq!(value.as_object().unwrap().len(), 2);
    }
}
