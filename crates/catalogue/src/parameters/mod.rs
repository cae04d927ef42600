//! Reading what callers send: each value is checked and brought into the form that filters see.

mod codes;
mod place;
mod value;

use serde_json::{Map, Value};

pub use codes::{is_country, is_currency};

use crate::model::{Operation, Parameter, ParameterType};
use crate::suggest::nearest;

/// One parameter that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidParameter {
    /// The parameter's name, as the caller wrote it.
    pub name: String,
    /// What is wrong.
    pub reason: String,
    /// What would be right.
    pub allowed: Option<String>,
    /// The nearest right name or value.
    pub nearest: Option<String>,
}

/// Reads the parameters of a call. Values may be typed (from JSON) or all strings (from a query); a string may hold a
/// list with commas. A place that is given by name stays a string until it is resolved.
pub fn read(
    operation: &Operation,
    mut raw: Map<String, Value>,
) -> Result<Map<String, Value>, Vec<InvalidParameter>> {
    let mut invalid = Vec::new();
    let mut read = Map::new();
    for parameter in operation
        .parameters
        .iter()
        .filter(|parameter| !parameter.internal)
    {
        let given = match parameter.kind {
            ParameterType::Place => place::gather(parameter, operation, &mut raw, &mut invalid),
            _ => raw.remove(&*parameter.name),
        };
        match self::parameter(parameter, given.filter(|value| !value.is_null())) {
            Ok(Some(value)) => {
                read.insert(parameter.name.to_string(), value);
            }
            Ok(None) => {}
            Err(error) => invalid.push(error),
        }
    }
    invalid.extend(raw.keys().map(|name| unknown(name, operation)));
    if invalid.is_empty() {
        Ok(read)
    } else {
        Err(invalid)
    }
}

fn parameter(
    parameter: &Parameter,
    given: Option<Value>,
) -> Result<Option<Value>, InvalidParameter> {
    let Some(given) = given else {
        return match (&parameter.default, parameter.required) {
            (Some(default), _) => Ok(Some(default.clone())),
            (None, false) => Ok(None),
            (None, true) => Err(wrong(parameter, "is missing".into())),
        };
    };
    let Some(most) = parameter.many else {
        return value::read(parameter, &given).map(Some);
    };
    let items = match given {
        Value::Array(items) => items,
        Value::String(text) => text
            .split(',')
            .map(|item| Value::from(item.trim()))
            .collect(),
        single => vec![single],
    };
    if items.is_empty() || items.len() > most {
        return Err(wrong(
            parameter,
            format!("has {} values; from 1 to {most} are allowed", items.len()),
        ));
    }
    let items = items
        .iter()
        .map(|item| value::read(parameter, item))
        .collect::<Result<_, _>>()?;
    Ok(Some(Value::Array(items)))
}

fn unknown(name: &str, operation: &Operation) -> InvalidParameter {
    let names = || {
        operation
            .parameters
            .iter()
            .filter(|parameter| !parameter.internal)
            .map(|parameter| &*parameter.name)
    };
    let allowed = names().collect::<Vec<_>>().join(", ");
    InvalidParameter {
        name: name.to_owned(),
        reason: format!("{} has no such parameter", operation.id),
        nearest: nearest(name, names().chain(COMMON)).map(str::to_owned),
        allowed: Some(if allowed.is_empty() {
            "no parameters".into()
        } else {
            allowed
        }),
    }
}

/// Parameters that every operation takes, read by the engine.
pub const COMMON: [&str; 4] = ["providers", "max_age", "licence", "timeout_ms"];

fn wrong(parameter: &Parameter, reason: String) -> InvalidParameter {
    InvalidParameter {
        name: parameter.name.to_string(),
        reason,
        allowed: Some(value::allowed(parameter)),
        nearest: None,
    }
}

#[cfg(test)]
mod tests;
