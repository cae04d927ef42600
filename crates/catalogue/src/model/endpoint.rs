//! How one provider answers one operation.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ai::Task;
use super::operation::OperationId;
use super::provider::Provider;
use crate::filter::Filter;

/// One provider's way to answer one operation.
#[derive(Debug)]
pub struct Endpoint {
    /// The operation that it answers.
    pub operation: OperationId,
    /// Whose it is.
    pub provider: Arc<Provider>,
    /// Which inputs it can take; none = all.
    pub accepts: Option<Filter>,
    /// How it is called.
    pub call: Call,
}

/// How an endpoint is called.
#[derive(Debug)]
pub enum Call {
    /// A function of this binary, by name.
    Local(String),
    /// Requests over HTTP.
    Http(Box<HttpCall>),
    /// A model, in the provider's dialect: [`Provider::models`] says where and how.
    Model(Task),
}

/// One to three requests, the last of which gives the result.
#[derive(Debug)]
pub struct HttpCall {
    /// Requests before the last, each with the name under which its result is known.
    pub steps: Vec<(String, Exchange)>,
    /// The last request.
    pub last: Exchange,
    /// The provider's next cursor, from the last answer's body.
    pub next: Option<Filter>,
}

impl HttpCall {
    /// All exchanges in order, with the names of steps.
    pub fn exchanges(&self) -> impl Iterator<Item = (Option<&str>, &Exchange)> {
        let steps = self
            .steps
            .iter()
            .map(|(name, exchange)| (Some(name.as_str()), exchange));
        steps.chain(std::iter::once((None, &self.last)))
    }
}

/// A request and how its answer is read.
#[derive(Debug)]
pub struct Exchange {
    /// The request's method.
    pub method: Method,
    /// The path below the base URL.
    pub path: Filter,
    /// An object of query parameters.
    pub query: Option<Filter>,
    /// An object of headers.
    pub headers: Option<Filter>,
    /// A JSON body.
    pub body: Option<Filter>,
    /// How the answer's body is decoded.
    pub decode: Decoder,
    /// Whether the answer is what it should be.
    pub ok: Option<Filter>,
    /// Whether the answer says "no such thing".
    pub empty: Option<Filter>,
    /// The result.
    pub result: Filter,
    /// The most bytes that are read of a body.
    pub max_bytes: usize,
}

/// A request's method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// GET.
    #[default]
    Get,
    /// POST.
    Post,
}

impl Method {
    /// Its name in HTTP.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// How a body is decoded, whatever its header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decoder {
    /// One JSON value.
    #[default]
    Json,
    /// One JSON value a line.
    Ndjson,
    /// Comma-separated values with a header line.
    Csv,
    /// XML.
    Xml,
    /// RSS, Atom or JSON Feed.
    Feed,
    /// Text.
    Text,
    /// Anything, as base64.
    Bytes,
}
