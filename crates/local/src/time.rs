//! What time it is, somewhere; the same instant elsewhere; the zones of a country.
//!
//! Rules come from the bundled tz database, never from the machine's own, so that every server answers the same.

mod conversion;
mod country;
pub(crate) mod julian;
mod moment;
pub(crate) mod zone;

use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use crate::{Context, Failure, Function, params};

pub(crate) const FUNCTIONS: &[(&str, Function)] = &[
    ("time.now", now),
    ("time.convert", conversion::convert),
    ("time.zones", zones),
];

/// The present moment in the zone `tz`, or in the one in which `place` lies, or in UTC.
fn now(parameters: &Map<String, Value>, context: &Context) -> Result<Value, Failure> {
    let zone = match (zone::named(parameters, "tz")?, zone::place(parameters)?) {
        (Some(_), Some(_)) => {
            let reason = "a zone and a place may contradict each other: give one of them";
            return Err(params::invalid("tz", reason));
        }
        (Some(zone), None) => zone,
        (None, Some(place)) => place.zone()?,
        (None, None) => TimeZone::UTC,
    };
    Ok(moment::unified(&context.now.to_zoned(zone)))
}

/// The zones of `country` in the tz database's order, with what their clocks show now.
fn zones(parameters: &Map<String, Value>, context: &Context) -> Result<Value, Failure> {
    let code = params::required_text(parameters, "country")?;
    let zones: Vec<Value> = country::zones(code)
        .filter_map(|zone| {
            let now = context.now.to_zoned(zone::get(zone.tz)?);
            let mut value = json!({
                "tz": zone.tz,
                "country_code": code,
                "lat": zone.lat,
                "lon": zone.lon,
                "utc_offset": moment::offset(now.offset()),
                "utc_offset_s": now.offset().seconds(),
                "is_dst": moment::is_dst(&now),
                "abbreviation": moment::abbreviation(&now),
            });
            if let Some(comment) = zone.comment {
                value["comment"] = json!(comment);
            }
            Some(value)
        })
        .collect();
    if zones.is_empty() {
        let message = format!("the tz database has no zone for the country {code}");
        return Err(Failure::NotFound(message));
    }
    Ok(Value::Array(zones))
}

/// The IANA names of a country's zones.
pub(crate) fn zones_of(code: &str) -> impl Iterator<Item = &'static str> {
    country::zones(code).map(|zone| zone.tz)
}
