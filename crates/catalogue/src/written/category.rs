//! `category.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Text;
use crate::model::{EmptyPolicy, Method, ParameterType};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Category {
    pub(crate) title: String,
    pub(crate) summary: String,
    #[serde(default = "schema_file")]
    pub(crate) schema: String,
    #[serde(default)]
    pub(crate) providers: Vec<Text>,
    #[serde(default)]
    pub(crate) operation: BTreeMap<String, Operation>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Operation {
    pub(crate) summary: String,
    pub(crate) result: Text,
    pub(crate) fresh: Option<Text>,
    pub(crate) stale: Option<Text>,
    #[serde(default)]
    pub(crate) empty: EmptyPolicy,
    #[serde(default)]
    pub(crate) keep: bool,
    #[serde(default)]
    pub(crate) effects: bool,
    #[serde(default)]
    pub(crate) method: Method,
    #[serde(default)]
    pub(crate) paged: bool,
    #[serde(default)]
    pub(crate) examples: Vec<Map<String, Value>>,
    #[serde(default)]
    pub(crate) params: BTreeMap<String, Parameter>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameter {
    #[serde(rename = "type")]
    pub(crate) kind: ParameterType,
    #[serde(default)]
    pub(crate) required: bool,
    pub(crate) default: Option<Value>,
    #[serde(default)]
    pub(crate) many: bool,
    pub(crate) max_items: Option<usize>,
    #[serde(default)]
    pub(crate) one_of: Vec<String>,
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
    pub(crate) max_length: Option<usize>,
    #[serde(default)]
    pub(crate) summary: String,
    pub(crate) example: Option<Value>,
    #[serde(default)]
    pub(crate) internal: bool,
}

fn schema_file() -> String {
    "schema.json".into()
}
