//! A place: by name, as `lat,lon`, or as the two parameters `lat` and `lon`.

use serde_json::{Map, Value, json};

use super::{InvalidParameter, value};
use crate::model::{Operation, Parameter};

/// The value of a place parameter, taking `lat` and `lon` in its stead where the operation has no such parameters.
pub(super) fn gather(
    parameter: &Parameter,
    operation: &Operation,
    raw: &mut Map<String, Value>,
    invalid: &mut Vec<InvalidParameter>,
) -> Option<Value> {
    let place = raw.remove(&*parameter.name);
    let own = |name: &str| {
        operation
            .parameters
            .iter()
            .any(|parameter| &*parameter.name == name)
    };
    if own("lat") || own("lon") {
        return place;
    }
    let mut error = |name: &str, reason: &str| {
        invalid.push(InvalidParameter {
            name: name.into(),
            reason: reason.into(),
            allowed: Some(value::allowed(parameter)),
            nearest: None,
        });
    };
    match (raw.remove("lat"), raw.remove("lon")) {
        (None, None) => place,
        (Some(_), Some(_)) if place.is_some() => {
            error(
                &parameter.name,
                "is given twice: by name and by `lat` and `lon`",
            );
            place
        }
        (Some(lat), Some(lon)) => Some(json!({"lat": lat, "lon": lon})),
        (Some(_), None) => {
            error("lon", "is missing: `lat` and `lon` go together");
            Some(json!("0,0"))
        }
        (None, Some(_)) => {
            error("lat", "is missing: `lat` and `lon` go together");
            Some(json!("0,0"))
        }
    }
}

/// A place as filters see it, or its name.
pub(super) fn read(given: &Value) -> Result<Value, String> {
    match given {
        Value::String(text) => match coordinates(text) {
            Some((lat, lon)) => at(&json!(lat), &json!(lon)),
            None => named(text),
        },
        Value::Object(place) => at(
            place.get("lat").unwrap_or(&Value::Null),
            place.get("lon").unwrap_or(&Value::Null),
        ),
        _ => Err("is no place".into()),
    }
}

fn named(text: &str) -> Result<Value, String> {
    const LONGEST: usize = 200;
    let name = text.trim();
    if name.is_empty() {
        return Err("is empty".into());
    }
    if text.chars().count() > LONGEST {
        return Err(format!("is longer than {LONGEST} characters"));
    }
    if !name.chars().any(char::is_alphanumeric) {
        return Err(format!("`{name}` names no place"));
    }
    Ok(Value::from(name))
}

fn at(lat: &Value, lon: &Value) -> Result<Value, String> {
    let degrees = |name: &str, value: &Value, most: f64| {
        let number = value::number(value).ok_or_else(|| format!("`{name}` is no number"))?;
        if number.abs() > most {
            return Err(format!(
                "`{name}` is {number}: degrees go from -{most} to {most}"
            ));
        }
        Ok(number)
    };
    Ok(json!({"lat": degrees("lat", lat, 90.0)?, "lon": degrees("lon", lon, 180.0)?}))
}

/// `48.85,2.35`: two numbers and nothing else.
fn coordinates(text: &str) -> Option<(f64, f64)> {
    let (lat, lon) = text.split_once(',')?;
    Some((lat.trim().parse().ok()?, lon.trim().parse().ok()?))
}
