//! A request as both a curl command and an OpenAPI document describe it: what becomes a provider file's request.

use serde_json::Value;

use super::DraftError;
use super::secret::Place;
use crate::model::{Method, ParameterType};

/// One request, credentials taken out.
#[derive(Debug, Default)]
pub(super) struct Request {
    /// Scheme, host and port.
    pub(super) base_url: String,
    pub(super) plain_http: bool,
    pub(super) method: Method,
    /// What stands between the slashes, in order.
    pub(super) path: Vec<Part>,
    pub(super) query: Vec<Slot>,
    /// Headers with fixed values.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Body>,
    pub(super) auth: Option<Auth>,
}

/// How the request is authorized.
#[derive(Debug, Clone)]
pub(super) struct Auth {
    pub(super) place: Place,
    /// The environment variable that the author named.
    pub(super) variable: Option<String>,
    pub(super) optional: bool,
}

/// One part of a path.
#[derive(Debug, Clone)]
pub(super) enum Part {
    /// As it stands in a URL, percent-encoded.
    Literal(String),
    /// A parameter between fixed texts: `{id}.json`.
    Slot {
        before: String,
        slot: Slot,
        after: String,
    },
    /// `{key}`: the engine puts the credential here, after these characters.
    Key(String),
}

/// A body: JSON with places that parameters may fill.
#[derive(Debug, Clone)]
pub(super) enum Body {
    Object(Vec<(String, Body)>),
    Array(Vec<Body>),
    Slot(Slot),
    Fixed(Value),
}

/// A place in a request that a parameter may fill.
#[derive(Debug, Clone, Default)]
pub(super) struct Slot {
    /// Its name; in the path of a command it has none.
    pub(super) name: String,
    /// The value in the command, or an example of the document.
    pub(super) value: Option<Value>,
    /// What the document says of it; none for a command, where any value may be a constant.
    pub(super) declared: Option<Declared>,
}

/// What an OpenAPI document says of a parameter.
#[derive(Debug, Clone, Default)]
pub(super) struct Declared {
    pub(super) kind: Option<ParameterType>,
    pub(super) many: bool,
    pub(super) required: bool,
    pub(super) default: Option<Value>,
    pub(super) one_of: Vec<String>,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
    pub(super) summary: String,
}

impl Slot {
    /// A place with a value and nothing else known.
    pub(super) fn of(name: &str, value: Value) -> Self {
        Self {
            name: name.into(),
            value: Some(value),
            declared: None,
        }
    }

    /// The value as text.
    pub(super) fn text(&self) -> Option<String> {
        match self.value.as_ref()? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(truth.to_string()),
            _ => None,
        }
    }

    /// The value that a request needs where no parameter gives one.
    pub(super) fn constant(&self) -> Option<&Value> {
        match &self.declared {
            None => self.value.as_ref(),
            Some(declared) if declared.required => {
                declared.default.as_ref().or(self.value.as_ref())
            }
            Some(_) => None,
        }
    }
}

/// Scheme, host and port of a URL, and whether it goes without TLS.
pub(super) fn base(url: &url::Url) -> Result<(String, bool), DraftError> {
    let wrong = |reason: &str| Err(DraftError::Url(reason.into()));
    let plain_http = match url.scheme() {
        "https" => false,
        "http" => true,
        _ => return wrong("it must begin with https:// (or http://)"),
    };
    let Some(host) = url.host_str() else {
        return wrong("it names no host");
    };
    let port = url
        .port()
        .map_or_else(String::new, |port| format!(":{port}"));
    Ok((format!("{}://{host}{port}", url.scheme()), plain_http))
}
