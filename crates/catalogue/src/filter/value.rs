//! Values on their way into a filter and out of it.

use jaq_json::{Num, Val};
use serde::Deserialize;
use serde_json::{Map, Number, Value};

use super::budget::Budget;

/// A value that filters can read. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Input(pub(super) Val);

impl Input {
    /// `null`.
    #[must_use]
    pub fn null() -> Self {
        Self(Val::Null)
    }

    /// `{}`.
    #[must_use]
    pub fn object() -> Self {
        Self(Val::obj(jaq_json::Map::default()))
    }

    /// Reads JSON text, without a detour over another tree. Refuses text nested deeper than 128.
    pub fn from_json(text: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice::<Val>(text).map(Self)
    }

    /// A string.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self(Val::from(text.into()))
    }

    /// An object of these members.
    #[must_use]
    pub fn members<'a>(members: impl IntoIterator<Item = (&'a str, Input)>) -> Self {
        let members = members
            .into_iter()
            .map(|(name, value)| (Val::from(name.to_owned()), value.0));
        Self(Val::obj(members.collect()))
    }
}

impl From<&Value> for Input {
    fn from(value: &Value) -> Self {
        // A JSON tree holds nothing that a filter's value could not.
        Self(Val::deserialize(value).unwrap_or_default())
    }
}

/// The JSON tree of a filter's value, or none where that would be too large: shared parts count as often as they occur.
pub(super) fn to_json(value: &Val, budget: &Budget) -> Option<Value> {
    const NODE: usize = 16;
    budget.made(NODE).ok()?;
    Some(match value {
        Val::Null => Value::Null,
        Val::Bool(truth) => Value::Bool(*truth),
        Val::Num(number) => to_number(number),
        Val::BStr(bytes) | Val::TStr(bytes) => {
            budget.made(bytes.len()).ok()?;
            Value::String(String::from_utf8_lossy(bytes).into_owned())
        }
        Val::Arr(items) => Value::Array(
            items
                .iter()
                .map(|item| to_json(item, budget))
                .collect::<Option<_>>()?,
        ),
        Val::Obj(members) => {
            let mut object = Map::new();
            for (name, member) in members.iter() {
                object.insert(member_name(name), to_json(member, budget)?);
            }
            Value::Object(object)
        }
    })
}

fn member_name(name: &Val) -> String {
    match name {
        Val::TStr(bytes) | Val::BStr(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => other.to_string(),
    }
}

/// Whole floats become integers, so that `3.0 | floor` and `3` are one value to a schema and to a reader.
fn to_number(number: &Num) -> Value {
    match number {
        Num::Int(integer) => Value::from(*integer as i64),
        Num::Float(float) => from_float(*float),
        Num::BigInt(integer) => from_text(&integer.to_string()),
        Num::Dec(decimal) => from_text(decimal),
    }
}

fn from_text(text: &str) -> Value {
    text.parse::<i64>()
        .map(Value::from)
        .or_else(|_| text.parse().map(from_float))
        .unwrap_or(Value::Null)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "only whole numbers below 2^53 are cast"
)]
fn from_float(float: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if float.fract() == 0.0 && float.abs() < EXACT {
        return Value::from(float as i64);
    }
    Number::from_f64(float).map_or(Value::Null, Value::Number)
}
