//! Who can be asked.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ai::ModelServer;
use super::class::Class;
use super::limit::{Status, ToldLimit};
use super::quota::Quota;
use crate::filter::Filter;

/// A provider of one category.
#[derive(Debug)]
pub struct Provider {
    /// Its id: the name of its file.
    pub id: Arc<str>,
    /// Its category's id.
    pub category: Arc<str>,
    /// For people.
    pub title: String,
    /// Its documentation.
    pub docs: String,
    /// When a person last compared the file with the documentation (`2026-11-22`).
    pub verified: Option<String>,
    /// Where its answers come from.
    pub source: Source,
    /// What its terms ask for.
    pub terms: Option<Terms>,
    /// Whether it is used unless the operator turns it off.
    pub enabled: bool,
    /// The cheapest call that tells whether it works.
    pub verify: Option<Verify>,
    /// Names of the operations that it answers.
    pub operations: Vec<Arc<str>>,
    /// The models that it serves, if it does.
    pub models: Option<Arc<ModelServer>>,
}

/// Where answers come from.
#[derive(Debug)]
pub enum Source {
    /// This binary.
    Local,
    /// A server.
    Http(Box<Http>),
}

/// A provider behind HTTP.
#[derive(Debug)]
pub struct Http {
    /// Gives the base URL.
    pub base_url: Filter,
    /// The base URL as written.
    pub base_url_text: String,
    /// The hosts that it may reach.
    pub hosts: Vec<Host>,
    /// Whether the operator named the hosts: such a host may have a private address.
    pub own_hosts: bool,
    /// How it is opened.
    pub auth: Auth,
    /// Names of environment variables that may hold its keys.
    pub env: Vec<String>,
    /// Whether it demands a User-Agent with a contact.
    pub contact: bool,
    /// Whether it speaks without TLS.
    pub plain_http: bool,
    /// What may be asked of it, in every window at once.
    pub quotas: Vec<Arc<Quota>>,
    /// Where it tells what is left.
    pub limits: Vec<ToldLimit>,
    /// What it is asked to learn that.
    pub status: Option<Status>,
    /// What its errors mean; the first that matches holds.
    pub errors: Vec<ErrorFilter>,
}

impl Provider {
    /// Its HTTP side; none for what is computed here.
    #[must_use]
    pub fn http(&self) -> Option<&Http> {
        match &self.source {
            Source::Local => None,
            Source::Http(http) => Some(http),
        }
    }

    /// Every quota that holds for a model of this id, in its file or not.
    #[must_use]
    pub fn quotas_of(&self, model: &str) -> Vec<Arc<Quota>> {
        if let Some(known) = self
            .models
            .as_ref()
            .and_then(|server| server.models.get(model))
        {
            return known.quotas.clone();
        }
        let all = self.http().map_or(&[][..], |http| &http.quotas);
        all.iter()
            .filter(|quota| quota.covers(model))
            .cloned()
            .collect()
    }

    /// Whether it is computed here.
    #[must_use]
    pub fn is_local(&self) -> bool {
        matches!(self.source, Source::Local)
    }
}

/// Where a credential goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// Nowhere: there is none.
    None,
    /// Into a header of this name.
    Header {
        /// The header's name.
        name: String,
        /// Whether calls without a credential work too.
        optional: bool,
    },
    /// Into `Authorization: Bearer …`.
    Bearer {
        /// Whether calls without a credential work too.
        optional: bool,
    },
    /// Into `Authorization: Basic …`; the secret is `user:password`.
    Basic {
        /// Whether calls without a credential work too.
        optional: bool,
    },
    /// Into a query parameter of this name.
    Query {
        /// The parameter's name.
        name: String,
        /// Whether calls without a credential work too.
        optional: bool,
    },
    /// Into the path, in place of `{key}`.
    Path,
    /// Nowhere: a token goes into `Authorization: Bearer …`, which is had for it. The secret is
    /// `client_id:client_secret`.
    Oauth2Client {
        /// Who gives the token.
        source: TokenSource,
        /// Whether calls without a credential work too.
        optional: bool,
    },
}

/// Who exchanges a credential for a token, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenSource {
    /// Where it is asked; its host is one of the provider's.
    pub url: url::Url,
    /// What the token is to allow, as the provider names it.
    pub scope: Option<String>,
}

impl Auth {
    /// Whether a call without a credential makes sense.
    #[must_use]
    pub fn works_without(&self) -> bool {
        match self {
            Self::None => true,
            Self::Path => false,
            Self::Header { optional, .. }
            | Self::Bearer { optional }
            | Self::Basic { optional }
            | Self::Query { optional, .. }
            | Self::Oauth2Client { optional, .. } => *optional,
        }
    }

    /// Whether a credential has a place in a call.
    #[must_use]
    pub fn takes_credential(&self) -> bool {
        !matches!(self, Self::None)
    }
}

/// A host that a provider may reach: a name, or `*.` and a name for all below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host(String);

impl Host {
    /// Reads a pattern.
    pub fn parse(pattern: &str) -> Result<Self, String> {
        let name = pattern.strip_prefix("*.").unwrap_or(pattern);
        let label = |label: &str| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let address = name.parse::<std::net::IpAddr>().is_ok()
            || name.starts_with('[') && name.ends_with(']');
        if address || name.split('.').all(label) {
            Ok(Self(pattern.to_ascii_lowercase()))
        } else {
            Err(format!(
                "`{pattern}` is no host: write `api.example.com` or `*.example.com`"
            ))
        }
    }

    /// Whether the pattern covers this host.
    #[must_use]
    pub fn covers(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        match self.0.strip_prefix("*.") {
            Some(parent) => host
                .strip_suffix(parent)
                .is_some_and(|below| below.ends_with('.')),
            None => host == self.0,
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What a provider's terms ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// An SPDX id, or the provider's own words.
    pub licence: String,
    /// The text that must reach whoever sees the data; may be empty.
    pub attribution: String,
    /// Where that text leads.
    pub url: String,
    /// Whether commercial use is allowed.
    pub commercial: bool,
    /// For how long an answer may be kept; none = no limit, zero = never.
    pub store: Option<Duration>,
    /// Whether what is sent is used to train models; none = unknown.
    pub trains_on_data: Option<bool>,
}

/// What an answer means, whatever its status.
#[derive(Debug)]
pub struct ErrorFilter {
    /// Whether the answer is this error.
    pub when: Filter,
    /// What it means.
    pub class: Class,
    /// When the provider may be asked again.
    pub retry: Option<Retry>,
    /// What is left alone because of it; none = what the class says.
    pub suspends: Option<Suspends>,
    /// The length of the window that is used up, where the error tells: the quotas of that length are spent until they
    /// begin anew.
    pub window: Option<Duration>,
}

/// What is left alone because of an error of a provider of models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suspends {
    /// Nothing: the request was at fault, or the next one may well succeed.
    Nothing,
    /// The model, for this credential.
    Model,
    /// Every model that shares a group of quotas with this one, for the whole account.
    Group,
    /// The credential, for all models.
    Credential,
    /// The provider, for all models and credentials.
    Provider,
}

/// When a provider may be asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// After this time.
    After(Duration),
    /// At the epoch second that this filter gives.
    At(Filter),
}

/// The cheapest call that tells whether a provider, and a credential, works.
#[derive(Debug, Clone)]
pub struct Verify {
    /// One of the provider's operations.
    pub operation: Arc<str>,
    /// Parameters as filters see them.
    pub parameters: Map<String, Value>,
}
