//! From a call's parameters to a request, with the filters of the catalogue.

use bytes::Bytes;
use guichet_catalogue::filter::{Input, Program, Variables};
use guichet_catalogue::model::{Auth, Exchange, Http, Method};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use crate::outcome::{Class, Failure};
use crate::transport::UpstreamRequest;

/// A request without its secret, fit to be shown.
#[derive(Debug, Clone)]
pub struct Draft {
    method: http::Method,
    url: Url,
    headers: HeaderMap,
    body: Bytes,
    private_allowed: bool,
}

/// Who we say we are.
#[derive(Debug, Clone, Default)]
pub struct Sender {
    /// The operator's contact, for providers that demand one.
    pub contact: Option<String>,
}

impl Sender {
    fn user_agent(&self) -> String {
        let product = concat!("guichet/", env!("CARGO_PKG_VERSION"));
        self.contact.as_ref().map_or_else(
            || product.to_owned(),
            |contact| format!("{product} ({contact})"),
        )
    }
}

impl Draft {
    /// Builds the request of an exchange.
    pub fn build(
        program: &Program,
        http: &Http,
        exchange: &Exchange,
        variables: &Variables,
        sender: &Sender,
    ) -> Result<Self, Failure> {
        let builder = Builder { program, variables };
        let mut url = builder.url(http, exchange)?;
        if let Some(query) = exchange.query {
            builder.query(query, &mut url)?;
        }
        let mut headers = standard_headers(sender);
        if let Some(filter) = exchange.headers {
            builder.headers(filter, &mut headers)?;
        }
        let body = match exchange.body {
            Some(filter) => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                Bytes::from(builder.value(filter, "body")?.to_string())
            }
            None => Bytes::new(),
        };
        let method = match exchange.method {
            Method::Get => http::Method::GET,
            Method::Post => http::Method::POST,
        };
        Ok(Self {
            method,
            url,
            headers,
            body,
            private_allowed: http.own_hosts,
        })
    }

    /// A caller's own request, which is passed on.
    pub(crate) fn of_proxy(
        method: http::Method,
        url: Url,
        own: HeaderMap,
        body: Bytes,
        private_allowed: bool,
        sender: &Sender,
    ) -> Self {
        let mut headers = standard_headers(sender);
        headers.extend(own);
        Self {
            method,
            url,
            headers,
            body,
            private_allowed,
        }
    }

    /// Method and URL, for people.
    #[must_use]
    pub fn describe(&self) -> String {
        format!("{} {}", self.method, self.url)
    }

    /// Adds the credential, where the provider wants it.
    pub fn sign(
        self,
        auth: &Auth,
        secret: Option<&SecretString>,
    ) -> Result<UpstreamRequest, Failure> {
        let Self {
            method,
            mut url,
            mut headers,
            body,
            private_allowed,
        } = self;
        if let Some(secret) = secret {
            place(auth, secret.expose_secret(), &mut url, &mut headers)?;
        }
        Ok(UpstreamRequest {
            method,
            url: url.into(),
            headers,
            body,
            private_allowed,
        })
    }
}

/// Whether the provider may reach this URL.
pub fn check_egress(http: &Http, url: &Url) -> Result<(), Failure> {
    let scheme_allowed = url.scheme() == "https" || (http.plain_http && url.scheme() == "http");
    let host_allowed = url
        .host_str()
        .is_some_and(|host| http.hosts.iter().any(|pattern| pattern.covers(host)));
    let clean = url.username().is_empty() && url.password().is_none();
    if scheme_allowed && host_allowed && clean {
        return Ok(());
    }
    Err(Failure::new(
        Class::BadPayload,
        "the URL leads to a host, or a scheme, that the provider's file does not allow",
    ))
}

struct Builder<'a> {
    program: &'a Program,
    variables: &'a Variables,
}

impl Builder<'_> {
    fn value(
        &self,
        filter: guichet_catalogue::filter::Filter,
        what: &str,
    ) -> Result<Value, Failure> {
        let run = self
            .program
            .run(filter, &self.variables.params, self.variables);
        // What the filter says may quote the parameters; it is the author's of the file to see, in `catalogue test`.
        run.map_err(|error| {
            Failure::new(
                Class::BadRequest,
                format!("the filter of `{what}` failed: {error}"),
            )
        })
    }

    fn text(
        &self,
        filter: guichet_catalogue::filter::Filter,
        what: &str,
    ) -> Result<String, Failure> {
        match self.value(filter, what)? {
            Value::String(text) => Ok(text),
            _ => Err(Failure::new(
                Class::BadRequest,
                format!("`{what}` is no text"),
            )),
        }
    }

    fn url(&self, http: &Http, exchange: &Exchange) -> Result<Url, Failure> {
        let base = self.text(http.base_url, "base_url")?;
        let path = self.text(exchange.path, "path")?;
        let text = format!("{}{path}", base.trim_end_matches('/'));
        let url = Url::parse(&text)
            .map_err(|_| Failure::new(Class::BadRequest, "base_url and path make no URL"))?;
        check_egress(http, &url)?;
        Ok(url)
    }

    fn query(
        &self,
        filter: guichet_catalogue::filter::Filter,
        url: &mut Url,
    ) -> Result<(), Failure> {
        let Value::Object(members) = self.value(filter, "query")? else {
            return Err(Failure::new(Class::BadRequest, "`query` is no object"));
        };
        let mut pairs = url.query_pairs_mut();
        for (name, value) in &members {
            if let Some(text) = plain(value) {
                pairs.append_pair(name, &text);
            }
        }
        drop(pairs);
        if url.query() == Some("") {
            url.set_query(None);
        }
        Ok(())
    }

    fn headers(
        &self,
        filter: guichet_catalogue::filter::Filter,
        headers: &mut HeaderMap,
    ) -> Result<(), Failure> {
        let Value::Object(members) = self.value(filter, "headers")? else {
            return Err(Failure::new(Class::BadRequest, "`headers` is no object"));
        };
        for (name, value) in &members {
            let Some(text) = plain(value) else { continue };
            let header = HeaderName::try_from(name.as_str())
                .ok()
                .filter(|name| *name != HOST);
            let (Some(header), Ok(text)) = (header, HeaderValue::try_from(text)) else {
                return Err(Failure::new(
                    Class::BadRequest,
                    format!("`{name}` makes no header"),
                ));
            };
            headers.insert(header, text);
        }
        Ok(())
    }
}

/// A member's text; none for null. Arrays are joined with commas.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => Some(items.iter().filter_map(plain).collect::<Vec<_>>().join(",")),
        other => Some(other.to_string()),
    }
}

pub(crate) fn standard_headers(sender: &Sender) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    if let Ok(agent) = HeaderValue::try_from(sender.user_agent()) {
        headers.insert(USER_AGENT, agent);
    }
    headers
}

/// The mark in a path where a credential goes.
pub(crate) const KEY_IN_PATH: &str = "{key}";

fn place(auth: &Auth, secret: &str, url: &mut Url, headers: &mut HeaderMap) -> Result<(), Failure> {
    let unusable = || {
        Failure::new(
            Class::Auth,
            "the credential holds characters that cannot be sent",
        )
    };
    let mut header = |name: HeaderName, text: String| {
        let mut value = HeaderValue::try_from(text).map_err(|_| unusable())?;
        value.set_sensitive(true);
        headers.insert(name, value);
        Ok(())
    };
    match auth {
        Auth::None => Ok(()),
        Auth::Header { name, .. } => {
            let name = HeaderName::try_from(name.as_str()).map_err(|_| unusable())?;
            header(name, secret.to_owned())
        }
        // Of the latter, what is placed is the token.
        Auth::Bearer { .. } | Auth::Oauth2Client { .. } => {
            header(AUTHORIZATION, format!("Bearer {secret}"))
        }
        Auth::Basic { .. } => header(
            AUTHORIZATION,
            format!("Basic {}", crate::decode::base64(secret.as_bytes())),
        ),
        Auth::Query { name, .. } => {
            url.query_pairs_mut().append_pair(name, secret);
            Ok(())
        }
        Auth::Path => {
            let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            // A path as parsed holds the mark percent-encoded.
            let path = url
                .path()
                .replace("%7Bkey%7D", &encoded)
                .replace(KEY_IN_PATH, &encoded);
            url.set_path(&path);
            Ok(())
        }
    }
}

/// The input that filters of requests run on.
#[must_use]
pub fn parameters(parameters: &serde_json::Map<String, Value>) -> Input {
    Input::from(&Value::Object(parameters.clone()))
}
