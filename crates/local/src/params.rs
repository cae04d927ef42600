//! Reads the parameters of a call.
//!
//! A call that came through a door has its parameters checked already; a function that is called with others says so
//! with the same kind of failure instead of guessing.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::Failure;

/// The text of a parameter that must be there; it may be empty.
pub(crate) fn required_text<'a>(
    params: &'a Map<String, Value>,
    name: &'static str,
) -> Result<&'a str, Failure> {
    optional_text(params, name)?.ok_or_else(|| invalid(name, "is missing"))
}

/// The text of a parameter, if it is given.
pub(crate) fn optional_text<'a>(
    params: &'a Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'a str>, Failure> {
    match params.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(invalid(name, format!("must be a string, not {other}"))),
    }
}

/// The finite number of a parameter that must be there, with the digits that the caller wrote.
pub(crate) fn required_number<'a>(
    params: &'a Map<String, Value>,
    name: &'static str,
) -> Result<&'a serde_json::Number, Failure> {
    match params.get(name) {
        None | Some(Value::Null) => Err(invalid(name, "is missing")),
        Some(Value::Number(number)) => Ok(number),
        Some(other) => Err(invalid(name, format!("must be a number, not {other}"))),
    }
}

/// The whole number of a parameter within bounds, if it is given.
pub(crate) fn optional_integer(
    params: &Map<String, Value>,
    name: &'static str,
    bounds: RangeInclusive<u64>,
) -> Result<Option<u64>, Failure> {
    let value = match params.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(value) => value,
    };
    match value.as_u64() {
        Some(number) if bounds.contains(&number) => Ok(Some(number)),
        _ => Err(invalid(
            name,
            format!(
                "must be a whole number from {} to {}, not {value}",
                bounds.start(),
                bounds.end()
            ),
        )),
    }
}

/// The yes or no of a parameter, `default` when it is not given.
pub(crate) fn boolean_or(
    params: &Map<String, Value>,
    name: &'static str,
    default: bool,
) -> Result<bool, Failure> {
    match params.get(name) {
        None | Some(Value::Null) => Ok(default),
        Some(Value::Bool(value)) => Ok(*value),
        Some(other) => Err(invalid(name, format!("must be true or false, not {other}"))),
    }
}

/// The row of a table whose name the parameter gives, `default` when it is not given.
pub(crate) fn choice<T: Copy>(
    params: &Map<String, Value>,
    name: &'static str,
    table: &[(&str, T)],
    default: T,
) -> Result<T, Failure> {
    let Some(wanted) = optional_text(params, name)? else {
        return Ok(default);
    };
    table
        .iter()
        .find(|(known, _)| *known == wanted)
        .map(|(_, row)| *row)
        .ok_or_else(|| {
            let allowed: Vec<&str> = table.iter().map(|(known, _)| *known).collect();
            invalid(
                name,
                format!("must be one of {}, not \"{wanted}\"", allowed.join(", ")),
            )
        })
}

/// What to say about a parameter whose value makes no sense.
pub(crate) fn invalid(param: &'static str, reason: impl Into<String>) -> Failure {
    Failure::Invalid {
        param,
        reason: reason.into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: &Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn an_absent_parameter_and_null_are_the_same() {
        for params in [object(&json!({})), object(&json!({ "text": null }))] {
            assert_eq!(optional_text(&params, "text"), Ok(None));
            assert_eq!(optional_integer(&params, "text", 1..=2), Ok(None));
            assert_eq!(boolean_or(&params, "text", true), Ok(true));
            assert_eq!(
                required_text(&params, "text"),
                Err(invalid("text", "is missing"))
            );
        }
    }

    #[test]
    fn a_number_out_of_bounds_names_the_bounds() {
        let params = object(&json!({ "count": 101 }));
        let reason = "must be a whole number from 1 to 100, not 101";
        assert_eq!(
            optional_integer(&params, "count", 1..=100),
            Err(invalid("count", reason))
        );
    }

    #[test]
    fn an_unknown_choice_names_the_known_ones() {
        let params = object(&json!({ "level": "x" }));
        let reason = "must be one of a, b, not \"x\"";
        assert_eq!(
            choice(&params, "level", &[("a", 1), ("b", 2)], 1),
            Err(invalid("level", reason))
        );
    }
}
