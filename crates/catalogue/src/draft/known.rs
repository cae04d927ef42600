//! What names and values of parameters usually mean: `q`, `lat`, `currency`; an address, a date, a code.

use std::net::IpAddr;

use serde_json::Value;

use crate::model::ParameterType;
use crate::parameters::{is_country, is_currency};

/// A parameter as categories name it, the names that providers give it, and its type.
pub(super) struct Usual {
    pub(super) name: &'static str,
    pub(super) kind: ParameterType,
    others: &'static [&'static str],
}

#[rustfmt::skip]
const USUAL: &[Usual] = &[
    Usual { name: "q", kind: ParameterType::String, others: &["query", "search", "s", "term", "text", "keyword", "keywords", "searchterm"] },
    Usual { name: "word", kind: ParameterType::String, others: &["w", "sp", "term"] },
    Usual { name: "title", kind: ParameterType::String, others: &["titles", "page"] },
    Usual { name: "country", kind: ParameterType::Country, others: &["countrycode", "countrycodes", "countries", "cc", "countryisocode"] },
    Usual { name: "lang", kind: ParameterType::Language, others: &["language", "locale", "hl", "languageisocode", "acceptlanguage"] },
    Usual { name: "currency", kind: ParameterType::Currency, others: &["vscurrency", "vscurrencies", "convert", "currencycode"] },
    Usual { name: "base", kind: ParameterType::Currency, others: &["source", "basecurrency", "from"] },
    Usual { name: "from", kind: ParameterType::Currency, others: &["base", "fromcurrency", "source", "basecurrency"] },
    Usual { name: "to", kind: ParameterType::Currency, others: &["target", "tocurrency", "symbols", "quote", "quotes"] },
    Usual { name: "quotes", kind: ParameterType::Currency, others: &["symbols", "currencies", "to", "targets"] },
    Usual { name: "date", kind: ParameterType::Date, others: &["day", "on"] },
    Usual { name: "ip", kind: ParameterType::Ip, others: &["ipaddress", "ipaddr", "query", "address"] },
    Usual { name: "tz", kind: ParameterType::Timezone, others: &["timezone", "zone"] },
    Usual { name: "limit", kind: ParameterType::Integer, others: &["count", "size", "perpage", "pagesize", "maxresults", "maxrows", "max", "num", "rows", "top"] },
    Usual { name: "days", kind: ParameterType::Integer, others: &["forecastdays", "cnt", "numdays"] },
    Usual { name: "year", kind: ParameterType::Integer, others: &["y"] },
    Usual { name: "amount", kind: ParameterType::Number, others: &["value"] },
    Usual { name: "ids", kind: ParameterType::String, others: &["id", "coins", "symbols"] },
];

/// The usual meaning of a provider's name for a parameter.
pub(super) fn usual(provider_name: &str) -> Option<&'static Usual> {
    let plain = plain(provider_name);
    USUAL.iter().find(|usual| plain == usual.name).or_else(|| {
        USUAL
            .iter()
            .find(|usual| usual.others.contains(&plain.as_str()))
    })
}

/// Whether a provider's name for a parameter may mean the category's.
pub(super) fn is_meant(parameter: &str, provider_name: &str) -> bool {
    const SLIP: f64 = 0.85;
    let (own, other) = (plain(parameter), plain(provider_name));
    let listed = USUAL
        .iter()
        .any(|usual| usual.name == own && usual.others.contains(&other.as_str()));
    let misspelt = own.len() > 4 && strsim::normalized_damerau_levenshtein(&own, &other) >= SLIP;
    own == other || listed || misspelt
}

/// Whether a parameter of this name is a latitude.
pub(super) fn is_latitude(name: &str) -> bool {
    matches!(plain(name).as_str(), "lat" | "latitude")
}

/// Whether a parameter of this name is a longitude.
pub(super) fn is_longitude(name: &str) -> bool {
    matches!(plain(name).as_str(), "lon" | "lng" | "long" | "longitude")
}

/// Whether a parameter of this name may hold a place.
pub(super) fn is_place(name: &str) -> bool {
    const NAMES: [&str; 10] = [
        "q",
        "query",
        "place",
        "city",
        "location",
        "address",
        "name",
        "coordinates",
        "latlon",
        "point",
    ];
    NAMES.contains(&plain(name).as_str())
}

fn plain(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|character| character.to_ascii_lowercase())
        .collect()
}

/// `48.85,2.35` as two numbers. Whole numbers alone are no coordinates: `1,2` is a list.
pub(super) fn coordinates(text: &str) -> Option<(f64, f64)> {
    let (lat, lon) = text.split_once(',')?;
    let (lat, lon) = (lat.trim().parse().ok()?, lon.trim().parse().ok()?);
    (text.contains('.') && is_degrees(lat, 90.0) && is_degrees(lon, 180.0)).then_some((lat, lon))
}

/// Degrees within a bound.
pub(super) fn is_degrees(number: f64, most: f64) -> bool {
    number.abs() <= most
}

/// Whether a text can be a value of the type.
pub(super) fn fits(kind: ParameterType, text: &str) -> bool {
    let number = || text.parse::<f64>().ok().filter(|number| number.is_finite());
    match kind {
        ParameterType::String | ParameterType::Place => !text.trim().is_empty(),
        ParameterType::Text => true,
        ParameterType::Integer => text.parse::<i64>().is_ok(),
        ParameterType::Number => number().is_some(),
        ParameterType::Boolean => matches!(text, "true" | "false"),
        ParameterType::Latitude => number().is_some_and(|number| is_degrees(number, 90.0)),
        ParameterType::Longitude => number().is_some_and(|number| is_degrees(number, 180.0)),
        ParameterType::Language => is_language(text),
        ParameterType::Country => is_country(&text.to_ascii_uppercase()),
        ParameterType::Currency => is_currency(&text.to_ascii_uppercase()),
        ParameterType::Date => text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok(),
        ParameterType::Datetime => {
            text.len() > 10
                && (text.parse::<jiff::Timestamp>().is_ok()
                    || text.parse::<jiff::civil::DateTime>().is_ok())
        }
        ParameterType::Timezone => text.contains('/') && jiff::tz::TimeZone::get(text).is_ok(),
        ParameterType::Ip => text.parse::<IpAddr>().is_ok(),
    }
}

/// Whether a value alone, whatever its name, tells that it is of the type.
pub(super) fn is_telling(kind: ParameterType) -> bool {
    matches!(
        kind,
        ParameterType::Ip | ParameterType::Date | ParameterType::Datetime | ParameterType::Timezone
    )
}

/// `fr`, `pt-BR`: two or three letters, and subtags.
fn is_language(text: &str) -> bool {
    let mut subtags = text.split(['-', '_']);
    let first = subtags.next().unwrap_or_default();
    (2..=3).contains(&first.len())
        && first.bytes().all(|byte| byte.is_ascii_alphabetic())
        && subtags.all(|tag| {
            (2..=8).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

/// The value as filters see it.
pub(super) fn typed(kind: ParameterType, text: &str) -> Value {
    let number = || text.parse::<f64>().ok().map_or(Value::Null, Value::from);
    match kind {
        ParameterType::Integer => text.parse::<i64>().map_or_else(|_| number(), Value::from),
        ParameterType::Number | ParameterType::Latitude | ParameterType::Longitude => number(),
        ParameterType::Boolean => Value::from(text == "true"),
        ParameterType::Country | ParameterType::Currency => Value::from(text.to_ascii_uppercase()),
        _ => Value::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_what_it_usually_means() {
        assert!(is_meant("q", "query"));
        assert!(is_meant("country", "countryCode"));
        assert!(is_meant("quotes", "symbols"));
        assert!(is_meant("days", "forecast_days"));
        assert!(!is_meant("q", "units"));
        assert_eq!(usual("search").map(|usual| usual.name), Some("q"));
        assert!(usual("units").is_none());
    }

    #[test]
    fn values_fit_their_types() {
        assert!(fits(ParameterType::Ip, "2001:db8::1"));
        assert!(fits(ParameterType::Country, "fr"));
        assert!(!fits(ParameterType::Country, "metric"));
        assert!(fits(ParameterType::Language, "pt-BR"));
        assert!(!fits(ParameterType::Language, "json-1"));
        assert!(!fits(ParameterType::Date, "20261122"));
        assert_eq!(coordinates("48.85,2.35"), Some((48.85, 2.35)));
        assert_eq!(coordinates("1,2"), None);
    }
}
