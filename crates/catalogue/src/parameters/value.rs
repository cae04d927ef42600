//! One value of one type.

use std::net::IpAddr;

use serde_json::Value;

use super::{InvalidParameter, codes, place, wrong};
use crate::model::{Parameter, ParameterType};
use crate::suggest::nearest;

pub(super) fn read(parameter: &Parameter, given: &Value) -> Result<Value, InvalidParameter> {
    let read = match parameter.kind {
        ParameterType::Integer
        | ParameterType::Number
        | ParameterType::Latitude
        | ParameterType::Longitude => numeric(parameter, given),
        ParameterType::Boolean => boolean(given),
        ParameterType::Place => place::read(given),
        _ => string(given).and_then(|text| textual(parameter, text)),
    };
    let value = read.map_err(|reason| wrong(parameter, reason))?;
    one_of(parameter, &value)?;
    Ok(value)
}

/// What a parameter takes, in words.
pub(super) fn allowed(parameter: &Parameter) -> String {
    if !parameter.one_of.is_empty() {
        return format!("one of {}", parameter.one_of.join(", "));
    }
    let between = |what: &str, least: Option<f64>, most: Option<f64>| match (least, most) {
        (Some(least), Some(most)) => format!("{what} from {least} to {most}"),
        (Some(least), None) => format!("{what} of at least {least}"),
        (None, Some(most)) => format!("{what} of at most {most}"),
        (None, None) => what.to_owned(),
    };
    match parameter.kind {
        ParameterType::String => format!("text of 1 to {} characters", parameter.max_length),
        ParameterType::Text => format!("text of at most {} characters", parameter.max_length),
        ParameterType::Integer => between("a whole number", parameter.min, parameter.max),
        ParameterType::Number => between("a number", parameter.min, parameter.max),
        ParameterType::Boolean => "true or false".into(),
        ParameterType::Place => "a name (`Paris`), `48.85,2.35`, or `lat` and `lon`".into(),
        ParameterType::Latitude => "degrees north, from -90 to 90".into(),
        ParameterType::Longitude => "degrees east, from -180 to 180".into(),
        ParameterType::Language => "a BCP 47 language tag such as `fr` or `pt-BR`".into(),
        ParameterType::Country => "an ISO 3166-1 alpha-2 code such as `FR`".into(),
        ParameterType::Currency => "an ISO 4217 code such as `EUR`".into(),
        ParameterType::Date => "a date such as `2026-11-22`".into(),
        ParameterType::Datetime => "a date and time such as `2026-11-22T10:30:00Z`".into(),
        ParameterType::Timezone => "a zone of the IANA database such as `Europe/Paris`".into(),
        ParameterType::Ip => "an IPv4 or IPv6 address".into(),
    }
}

fn one_of(parameter: &Parameter, value: &Value) -> Result<(), InvalidParameter> {
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    if parameter.one_of.is_empty() || parameter.one_of.contains(&text) {
        return Ok(());
    }
    let nearest = nearest(&text, parameter.one_of.iter().map(String::as_str)).map(str::to_owned);
    Err(InvalidParameter {
        nearest,
        ..wrong(
            parameter,
            format!("`{}` is not among them", shortened(&text)),
        )
    })
}

/// A number from JSON, or from text.
pub(super) fn number(given: &Value) -> Option<f64> {
    let number = match given {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number: &f64| number.is_finite())
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "whole numbers below 2^53 only"
)]
fn numeric(parameter: &Parameter, given: &Value) -> Result<Value, String> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let number =
        number(given).ok_or_else(|| format!("`{}` is no number", shortened(&plain(given))))?;
    let (least, most) = match parameter.kind {
        ParameterType::Latitude => (Some(-90.0), Some(90.0)),
        ParameterType::Longitude => (Some(-180.0), Some(180.0)),
        _ => (parameter.min, parameter.max),
    };
    if least.is_some_and(|least| number < least) || most.is_some_and(|most| number > most) {
        return Err(format!("{number} is out of range"));
    }
    let whole = number.fract() == 0.0 && number.abs() < EXACT;
    match (parameter.kind, whole) {
        (ParameterType::Integer, false) => Err(format!("{number} is no whole number")),
        (ParameterType::Integer, true) => Ok(Value::from(number as i64)),
        _ => Ok(Value::from(number)),
    }
}

fn boolean(given: &Value) -> Result<Value, String> {
    match given {
        Value::Bool(truth) => Ok(Value::Bool(*truth)),
        Value::String(text) if matches!(text.as_str(), "true" | "1") => Ok(Value::Bool(true)),
        Value::String(text) if matches!(text.as_str(), "false" | "0") => Ok(Value::Bool(false)),
        other => Err(format!(
            "`{}` is neither true nor false",
            shortened(&plain(other))
        )),
    }
}

fn string(given: &Value) -> Result<&str, String> {
    given
        .as_str()
        .ok_or_else(|| format!("`{}` is no text", shortened(&given.to_string())))
}

fn textual(parameter: &Parameter, text: &str) -> Result<Value, String> {
    let trimmed = text.trim();
    if parameter.kind == ParameterType::Text {
        return length(parameter, text).map(Value::from);
    }
    if trimmed.is_empty() {
        return Err("is empty".into());
    }
    let wrong = |what: &str| Err(format!("`{}` is no {what}", shortened(trimmed)));
    match parameter.kind {
        ParameterType::Language => {
            language(trimmed).map_or_else(|| wrong("language tag"), |tag| Ok(Value::from(tag)))
        }
        ParameterType::Country => code(trimmed, codes::is_country, "country"),
        ParameterType::Currency => code(trimmed, codes::is_currency, "currency"),
        ParameterType::Date => match trimmed.parse::<jiff::civil::Date>() {
            Ok(date) if trimmed.len() == 10 => Ok(Value::from(date.to_string())),
            _ => wrong("date of the calendar"),
        },
        ParameterType::Datetime if datetime(trimmed) => Ok(Value::from(trimmed)),
        ParameterType::Datetime => wrong("date and time"),
        ParameterType::Timezone => match jiff::tz::TimeZone::get(trimmed) {
            Ok(zone) => Ok(Value::from(zone.iana_name().unwrap_or(trimmed))),
            Err(_) => wrong("zone"),
        },
        ParameterType::Ip => trimmed.parse::<IpAddr>().map_or_else(
            |_| wrong("address"),
            |ip| Ok(Value::from(ip.to_canonical().to_string())),
        ),
        // As it was sent, so that the published `maxLength` tells the truth.
        _ => length(parameter, text).map(|_| Value::from(trimmed)),
    }
}

fn length<'a>(parameter: &Parameter, text: &'a str) -> Result<&'a str, String> {
    let characters = text.chars().count();
    if characters > parameter.max_length {
        return Err(format!(
            "has {characters} characters; at most {} are allowed",
            parameter.max_length
        ));
    }
    Ok(text)
}

fn code(text: &str, known: fn(&str) -> bool, what: &str) -> Result<Value, String> {
    let code = text.to_ascii_uppercase();
    if known(&code) {
        Ok(Value::from(code))
    } else {
        Err(format!("`{}` is no {what}", shortened(text)))
    }
}

fn datetime(text: &str) -> bool {
    text.parse::<jiff::Timestamp>().is_ok()
        || (text.len() > 10 && text.parse::<jiff::civil::DateTime>().is_ok())
}

/// `PT-br` → `pt-BR`: language lower, script titled, region upper.
fn language(text: &str) -> Option<String> {
    let mut subtags = text.split(['-', '_']);
    let first = subtags.next()?;
    if !(2..=3).contains(&first.len()) || !first.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    let mut tag = first.to_ascii_lowercase();
    for subtag in subtags {
        if subtag.is_empty()
            || subtag.len() > 8
            || !subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            return None;
        }
        tag.push('-');
        match subtag.len() {
            2 => tag.push_str(&subtag.to_ascii_uppercase()),
            4 => {
                tag.push_str(&subtag[..1].to_ascii_uppercase());
                tag.push_str(&subtag[1..].to_ascii_lowercase());
            }
            _ => tag.push_str(&subtag.to_ascii_lowercase()),
        }
    }
    Some(tag)
}

fn plain(given: &Value) -> String {
    given
        .as_str()
        .map_or_else(|| given.to_string(), str::to_owned)
}

/// The beginning of what a caller wrote: enough to recognize it.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 40;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
