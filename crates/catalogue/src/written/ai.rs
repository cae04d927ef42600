//! `ai/<provider>.toml`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Auth, ErrorFilter, Limit, Quota, Status, Terms, Text};
use crate::model::ai::{
    Ability, Dialect, DiscoveryFormat, MessageRule, StreamUsage, Strength, Task, Understood,
};

/// A date, with its place.
pub(crate) type Day = toml::Spanned<toml::value::Datetime>;

#[expect(clippy::struct_excessive_bools, reason = "as files are written")]
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Server {
    pub(crate) title: Option<String>,
    #[serde(default)]
    pub(crate) docs: String,
    pub(crate) verified: Option<toml::value::Datetime>,
    #[serde(default = "last")]
    pub(crate) order: i64,
    #[serde(default = "yes")]
    pub(crate) enabled: bool,
    pub(crate) base_url: Option<Text>,
    pub(crate) base_url_env: Option<Text>,
    #[serde(default)]
    pub(crate) hosts: Vec<Text>,
    #[serde(default)]
    pub(crate) local: bool,
    #[serde(default)]
    pub(crate) plain_http: bool,
    #[serde(default)]
    pub(crate) contact: bool,
    #[serde(default = "openai")]
    pub(crate) dialect: Dialect,
    pub(crate) any_model: Option<bool>,
    pub(crate) any_tasks: Option<Vec<Task>>,
    pub(crate) discovery: Option<Discovery>,
    pub(crate) verify: Option<Text>,
    pub(crate) abilities: Option<Vec<Ability>>,
    #[serde(default)]
    pub(crate) free: Vec<Text>,
    pub(crate) prices_as_of: Option<Day>,
    pub(crate) auth: Option<Auth>,
    pub(crate) terms: Option<Terms>,
    pub(crate) prelude: Option<String>,
    #[serde(default)]
    pub(crate) headers: BTreeMap<Text, String>,
    #[serde(default)]
    pub(crate) quirks: Quirks,
    #[serde(default)]
    pub(crate) quota: Vec<Quota>,
    #[serde(default)]
    pub(crate) limit: Vec<Limit>,
    pub(crate) status: Option<Status>,
    #[serde(default)]
    pub(crate) error: Vec<ErrorFilter>,
    #[serde(default)]
    pub(crate) task: BTreeMap<Task, Route>,
    #[serde(default)]
    pub(crate) model: BTreeMap<Text, Model>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Discovery {
    pub(crate) path: Text,
    #[serde(default = "openai_list")]
    pub(crate) format: DiscoveryFormat,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Route {
    pub(crate) dialect: Option<Dialect>,
    pub(crate) path: Option<Text>,
    pub(crate) stream_path: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Quirks {
    pub(crate) rename: BTreeMap<String, String>,
    pub(crate) defaults: Map<String, Value>,
    pub(crate) temperature: Option<(f64, f64)>,
    pub(crate) drop: BTreeSet<String>,
    pub(crate) accept_only: Option<BTreeSet<String>>,
    pub(crate) messages: Vec<MessageRule>,
    pub(crate) understands: BTreeSet<Understood>,
    pub(crate) stream_usage: StreamUsage,
    pub(crate) no_named_tool_choice: bool,
    pub(crate) single_tool_call: bool,
    pub(crate) schema_keywords: Option<BTreeSet<String>>,
    pub(crate) done_mark: Option<bool>,
    pub(crate) keep_alive_lines: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Model {
    #[serde(default)]
    pub(crate) names: Vec<Text>,
    pub(crate) tasks: Option<Vec<Task>>,
    pub(crate) context: Option<u64>,
    pub(crate) output: Option<u64>,
    pub(crate) default_output: Option<u64>,
    #[serde(default)]
    pub(crate) abilities: Vec<Ability>,
    #[serde(default)]
    pub(crate) lacks: Vec<Ability>,
    pub(crate) price: Option<Price>,
    pub(crate) free: Option<bool>,
    #[serde(default)]
    pub(crate) strengths: BTreeMap<Strength, u8>,
    #[serde(default)]
    pub(crate) quota: Vec<Quota>,
    pub(crate) retires: Option<Day>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Price {
    #[serde(default)]
    pub(crate) input: f64,
    #[serde(default)]
    pub(crate) output: f64,
    pub(crate) cached_input: Option<f64>,
    pub(crate) image: Option<f64>,
    pub(crate) minute: Option<f64>,
    pub(crate) characters: Option<f64>,
    pub(crate) request: Option<f64>,
    pub(crate) as_of: Option<Day>,
}

fn last() -> i64 {
    1_000
}

fn yes() -> bool {
    true
}

fn openai() -> Dialect {
    Dialect::OpenAi
}

fn openai_list() -> DiscoveryFormat {
    DiscoveryFormat::OpenAi
}
