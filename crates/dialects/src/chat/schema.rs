//! JSON Schema as somebody wrote it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

/// A schema as it was written.
///
/// **Invariant:** the order of its members stays: models write the members of an answer in the order of its schema, so
/// that thoughts that are to come before a verdict do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Schema(Box<RawValue>);

impl Schema {
    /// Its JSON.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// One that was written here; `json` must be JSON, or it is a schema that everything fits.
    pub(crate) fn of(json: String) -> Self {
        RawValue::from_string(json).map_or_else(|_| Value::Bool(true).into(), Self)
    }

    /// A tree of it, without the order.
    #[must_use]
    pub fn value(&self) -> Value {
        serde_json::from_str(self.text()).unwrap_or_default()
    }
}

impl From<&RawValue> for Schema {
    fn from(written: &RawValue) -> Self {
        Self(written.to_owned())
    }
}

impl From<Value> for Schema {
    fn from(value: Value) -> Self {
        // Any tree can be written.
        Self(to_raw_value(&value).unwrap_or_default())
    }
}

impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}
