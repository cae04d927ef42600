//! `<provider>.toml`.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::Text;
use crate::model::{Class, Decoder, Dimension, ResetFormat, ResetMeaning, Scope, Suspends, Within};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Provider {
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) kind: Kind,
    #[serde(default)]
    pub(crate) docs: String,
    pub(crate) verified: Option<toml::value::Datetime>,
    pub(crate) base_url: Option<Text>,
    #[serde(default)]
    pub(crate) hosts: Vec<Text>,
    #[serde(default)]
    pub(crate) decode: Decoder,
    #[serde(default)]
    pub(crate) auth: Auth,
    pub(crate) terms: Option<Terms>,
    #[serde(default)]
    pub(crate) contact: bool,
    #[serde(default)]
    pub(crate) plain_http: bool,
    #[serde(default = "yes")]
    pub(crate) enabled: bool,
    pub(crate) prelude: Option<String>,
    #[serde(default)]
    pub(crate) quota: Vec<Quota>,
    #[serde(default)]
    pub(crate) limit: Vec<Limit>,
    pub(crate) status: Option<Status>,
    #[serde(default)]
    pub(crate) error: Vec<ErrorFilter>,
    pub(crate) verify: Option<Verify>,
    #[serde(default)]
    pub(crate) operation: BTreeMap<String, Endpoint>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    #[default]
    Http,
    Local,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Terms {
    #[serde(default)]
    pub(crate) licence: String,
    #[serde(default)]
    pub(crate) attribution: String,
    #[serde(default)]
    pub(crate) url: String,
    pub(crate) commercial: Option<bool>,
    pub(crate) store: Option<Text>,
    pub(crate) trains_on_data: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Quota {
    pub(crate) limit: f64,
    pub(crate) per: Option<Text>,
    pub(crate) kind: Option<QuotaKind>,
    pub(crate) resets: Option<Text>,
    pub(crate) day: Option<i8>,
    pub(crate) lasts: Option<Text>,
    #[serde(default)]
    pub(crate) scope: Scope,
    pub(crate) group: Option<String>,
    #[serde(default)]
    pub(crate) dimension: Dimension,
    pub(crate) cost: Option<Text>,
    #[serde(default)]
    pub(crate) each_model: bool,
    #[serde(default)]
    pub(crate) models: Vec<Text>,
    #[serde(default)]
    pub(crate) guessed: bool,
    #[serde(default)]
    pub(crate) cap: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "as the file spells them")]
pub(crate) struct Limit {
    #[serde(default)]
    pub(crate) dimension: Dimension,
    pub(crate) per: Option<Text>,
    pub(crate) kind: Option<QuotaKind>,
    pub(crate) resets: Option<Text>,
    #[serde(default)]
    pub(crate) models: Vec<Text>,
    #[serde(default)]
    pub(crate) within: Within,
    pub(crate) limit: Option<Text>,
    pub(crate) remaining: Option<Text>,
    pub(crate) used: Option<Text>,
    pub(crate) reset: Option<Text>,
    #[serde(default)]
    pub(crate) format: ResetFormat,
    #[serde(default)]
    pub(crate) meaning: ResetMeaning,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Status {
    pub(crate) get: Text,
    pub(crate) every: Option<Text>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum QuotaKind {
    Calendar,
    Bucket,
    Fixed,
    Rolling,
    Anniversary,
    Credit,
    Concurrency,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErrorFilter {
    pub(crate) when: Text,
    pub(crate) class: Class,
    pub(crate) retry: Option<Text>,
    pub(crate) retry_at: Option<Text>,
    pub(crate) scope: Option<Suspends>,
    pub(crate) per: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Verify {
    pub(crate) operation: Text,
    #[serde(default)]
    pub(crate) params: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Endpoint {
    pub(crate) call: Option<Text>,
    pub(crate) get: Option<Text>,
    pub(crate) post: Option<Text>,
    pub(crate) query: Option<Text>,
    pub(crate) headers: Option<Text>,
    pub(crate) body: Option<Text>,
    pub(crate) decode: Option<Decoder>,
    pub(crate) accepts: Option<Text>,
    pub(crate) ok: Option<Text>,
    pub(crate) empty: Option<Text>,
    pub(crate) result: Option<Text>,
    pub(crate) next: Option<Text>,
    pub(crate) max_bytes: Option<Text>,
    #[serde(default)]
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) get: Option<Text>,
    pub(crate) post: Option<Text>,
    pub(crate) query: Option<Text>,
    pub(crate) headers: Option<Text>,
    pub(crate) body: Option<Text>,
    pub(crate) decode: Option<Decoder>,
    pub(crate) ok: Option<Text>,
    pub(crate) empty: Option<Text>,
    pub(crate) result: Option<Text>,
    pub(crate) max_bytes: Option<Text>,
}

/// What a step and an endpoint have in common.
pub(crate) struct Request<'a> {
    pub(crate) get: Option<&'a Text>,
    pub(crate) post: Option<&'a Text>,
    pub(crate) query: Option<&'a Text>,
    pub(crate) headers: Option<&'a Text>,
    pub(crate) body: Option<&'a Text>,
    pub(crate) decode: Option<Decoder>,
    pub(crate) ok: Option<&'a Text>,
    pub(crate) empty: Option<&'a Text>,
    pub(crate) result: Option<&'a Text>,
    pub(crate) max_bytes: Option<&'a Text>,
}

macro_rules! request {
    ($type:ty) => {
        impl $type {
            pub(crate) fn request(&self) -> Request<'_> {
                Request {
                    get: self.get.as_ref(),
                    post: self.post.as_ref(),
                    query: self.query.as_ref(),
                    headers: self.headers.as_ref(),
                    body: self.body.as_ref(),
                    decode: self.decode,
                    ok: self.ok.as_ref(),
                    empty: self.empty.as_ref(),
                    result: self.result.as_ref(),
                    max_bytes: self.max_bytes.as_ref(),
                }
            }
        }
    };
}

request!(Endpoint);
request!(Step);

/// `auth = "none"`, or a table.
#[derive(Debug, Default)]
pub(crate) struct Auth {
    pub(crate) kind: AuthKind,
    pub(crate) name: Option<String>,
    pub(crate) env: Vec<String>,
    pub(crate) optional: bool,
    pub(crate) account: Option<String>,
    pub(crate) token_url: Option<String>,
    pub(crate) scope: Option<String>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AuthKind {
    #[default]
    None,
    Header,
    Bearer,
    Basic,
    Query,
    Path,
    #[serde(rename = "oauth2-client")]
    Oauth2Client,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthTable {
    #[serde(rename = "type")]
    kind: AuthKind,
    name: Option<String>,
    #[serde(default)]
    env: Vec<String>,
    #[serde(default)]
    optional: bool,
    account: Option<String>,
    token_url: Option<String>,
    scope: Option<String>,
}

impl<'de> Deserialize<'de> for Auth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrTable;

        impl<'de> Visitor<'de> for NameOrTable {
            type Value = Auth;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("\"none\" or a table with `type`")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Auth, E> {
                match name {
                    "none" => Ok(Auth::default()),
                    _ => Err(E::invalid_value(de::Unexpected::Str(name), &self)),
                }
            }

            fn visit_map<M: MapAccess<'de>>(self, members: M) -> Result<Auth, M::Error> {
                let AuthTable {
                    kind,
                    name,
                    env,
                    optional,
                    account,
                    token_url,
                    scope,
                } = AuthTable::deserialize(MapAccessDeserializer::new(members))?;
                Ok(Auth {
                    kind,
                    name,
                    env,
                    optional,
                    account,
                    token_url,
                    scope,
                })
            }
        }

        deserializer.deserialize_any(NameOrTable)
    }
}

fn yes() -> bool {
    true
}
