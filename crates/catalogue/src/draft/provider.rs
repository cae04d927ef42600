//! The text of a provider file.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::answer::decoder_name;
use super::category::inline;
use super::endpoint::Endpoint;
use super::quote;
use super::request::{Auth, Request};
use super::secret::Place;
use crate::model::{Decoder, Method};

/// What a provider file says.
pub(super) struct Provider<'a> {
    pub(super) id: &'a str,
    pub(super) title: &'a str,
    pub(super) docs: &'a str,
    pub(super) origin: &'a str,
    pub(super) operation: &'a str,
    pub(super) request: &'a Request,
    pub(super) endpoint: &'a Endpoint,
    pub(super) accepts: &'a [String],
    pub(super) decode: Decoder,
    pub(super) result: &'a str,
    pub(super) parameters: &'a Map<String, Value>,
}

impl Provider<'_> {
    /// The file's text.
    pub(super) fn write(&self) -> String {
        let mut text = format!(
            "# Drafted from {}. Off until it is finished.\n",
            self.origin
        );
        let _ = writeln!(text, "title    = {}", quote::basic(self.title));
        let _ = writeln!(text, "docs     = {}", quote::basic(self.docs));
        let _ = writeln!(text, "base_url = {}", quote::basic(&self.request.base_url));
        if self.decode != Decoder::Json {
            let _ = writeln!(text, "decode   = \"{}\"", decoder_name(self.decode));
        }
        if self.request.plain_http {
            text.push_str("plain_http = true\n");
        }
        text.push_str("enabled  = false       # take this line out when `guichet catalogue test` is content\n");
        if let Some(auth) = &self.request.auth {
            text.push_str(&self.auth(auth));
        }
        text.push_str(UNKNOWN);
        self.verify(&mut text);
        self.operation(&mut text);
        text
    }

    fn auth(&self, auth: &Auth) -> String {
        let (kind, name) = match &auth.place {
            Place::Header(name) => ("header", Some(name)),
            Place::Query(name) => ("query", Some(name)),
            Place::Bearer => ("bearer", None),
            Place::Basic => ("basic", None),
            Place::Path => ("path", None),
            Place::Oauth2Client { .. } => ("oauth2-client", None),
        };
        let mut text = format!("\n[auth]\ntype = \"{kind}\"\n");
        if let Some(name) = name {
            let _ = writeln!(text, "name = {}", quote::basic(name));
        }
        if let Place::Oauth2Client { token_url, scope } = &auth.place {
            let _ = writeln!(text, "token_url = {}", quote::basic(token_url));
            if let Some(scope) = scope {
                let _ = writeln!(text, "scope = {}", quote::basic(scope));
            }
        }
        let variable = auth.variable.clone().unwrap_or_else(|| variable(self.id));
        let _ = writeln!(text, "env  = [{}]", quote::basic(&variable));
        if auth.optional {
            text.push_str("optional = true\n");
        }
        text
    }

    fn verify(&self, text: &mut String) {
        if self.request.method == Method::Post {
            return;
        }
        let _ = write!(
            text,
            "\n[verify]\noperation = {}\n",
            quote::basic(self.operation)
        );
        if !self.parameters.is_empty()
            && let Some(parameters) = inline(&Value::Object(self.parameters.clone()))
        {
            let _ = writeln!(text, "params    = {parameters}");
        }
    }

    fn operation(&self, text: &mut String) {
        let _ = writeln!(text, "\n[operation.{}]", self.operation);
        for left_out in &self.endpoint.left_out {
            let _ = writeln!(text, "# not used: {left_out}");
        }
        let method = match self.request.method {
            Method::Get => "get",
            Method::Post => "post",
        };
        let accepts = (!self.accepts.is_empty()).then(|| self.accepts.join(" and "));
        let lines = [
            (method, Some(&self.endpoint.path)),
            ("query", self.endpoint.query.as_ref()),
            ("headers", self.endpoint.headers.as_ref()),
            ("body", self.endpoint.body.as_ref()),
            ("accepts", accepts.as_ref()),
        ];
        for (key, filter) in lines {
            if let Some(filter) = filter {
                let _ = writeln!(text, "{key:<7} = {}", quoted(filter));
            }
        }
        let _ = writeln!(text, "result  = {}", quoted(self.result));
    }
}

/// What neither a command nor a document tells.
const UNKNOWN: &str = "
# [terms]                licence, attribution, url, commercial, store: what the provider's terms say
# [[quota]]              limit, per, scope: how much may be asked of it
# [[error]]              when, class: what its refusals look like, where the status alone does not tell
";

/// The environment variable that a key is looked for in: `OPEN_METEO_API_KEY`.
pub(super) fn variable(provider: &str) -> String {
    format!(
        "{}_API_KEY",
        provider.to_ascii_uppercase().replace('-', "_")
    )
}

fn quoted(filter: &str) -> String {
    if filter.contains('\n') {
        quote::multiline(filter)
    } else {
        quote::toml(filter)
    }
}
