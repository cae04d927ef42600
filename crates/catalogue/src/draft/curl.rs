//! A curl command → its request: flags, headers, data, credentials.

use serde_json::Value;

use super::DraftError;
use super::request::{Auth, Body, Part, Request, Slot, base};
use super::secret::{self, Place, Secrets};
use super::shell::{self, Words};
use crate::model::Method;

mod flags;

use flags::Command;

/// What a command says, and what it does not.
pub(super) struct Read {
    pub(super) request: Request,
    pub(super) secrets: Secrets,
    pub(super) notes: Vec<String>,
}

/// Reads a command.
pub(super) fn read(text: &str) -> Result<Read, DraftError> {
    let words = shell::words(text)?;
    let command = flags::read(&words.list)?;
    let mut reading = Reading {
        words,
        request: Request::default(),
        secrets: Secrets::default(),
        notes: Vec::new(),
    };
    reading.command(command)?;
    Ok(Read {
        request: reading.request,
        secrets: reading.secrets,
        notes: reading.notes,
    })
}

struct Reading {
    words: Words,
    request: Request,
    secrets: Secrets,
    notes: Vec<String>,
}

impl Reading {
    fn command(&mut self, command: Command) -> Result<(), DraftError> {
        if self.words.cut {
            self.note("What followed the curl command (a pipe, a redirection, another command) is left out.");
        }
        self.notes.extend(command.notes);
        if let Some(user) = command.user {
            self.credential(Place::Basic, &user);
        }
        if let Some(token) = command.bearer {
            self.credential(Place::Bearer, &token);
        }
        let json = command.json || has_json_type(&command.headers);
        for (name, value) in command.headers {
            self.header(&name, &value)?;
        }
        let url = parse_url(&command.url)?;
        (self.request.base_url, self.request.plain_http) = base(&url)?;
        if !url.username().is_empty() {
            let user = format!(
                "{}:{}",
                decoded(url.username()),
                decoded(url.password().unwrap_or_default())
            );
            self.credential(Place::Basic, &user);
        }
        let mut pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        pairs.extend(command.query);
        let has_data = !command.data.is_empty();
        if has_data && command.get {
            let joined = command.data.join("&");
            pairs.extend(url::form_urlencoded::parse(joined.as_bytes()).into_owned());
        }
        let posts = has_data && !command.get;
        self.request.method = method(command.method.as_deref(), posts)?;
        self.query(pairs);
        self.path(&url);
        if posts {
            if self.request.method == Method::Get {
                return Err(DraftError::Body(
                    "a GET carries none: use POST, or `-G` for a query".into(),
                ));
            }
            self.body(&command.data, json)?;
        }
        Ok(())
    }

    fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    fn header(&mut self, name: &str, value: &str) -> Result<(), DraftError> {
        let lower = name.to_ascii_lowercase();
        let refused = |reason| {
            Err(DraftError::Header {
                name: lower.clone(),
                reason,
            })
        };
        match lower.as_str() {
            "authorization" => self.authorization(value),
            "cookie" => return refused("a session of a browser is no credential that lasts; look for an API key"),
            "proxy-authorization" => return refused("proxies are not part of a provider"),
            "host" | "content-length" | "content-type" | "connection" | "accept-encoding" => {}
            "accept" if value == "*/*" => {}
            "user-agent" => self.note(
                "The User-Agent is left out: Guichet sends its own. If the provider demands one with a contact, write `contact = true`.",
            ),
            "origin" | "referer" | "dnt" | "priority" | "pragma" | "cache-control" => {
                self.note(format!("The header `{lower}` is left out: only browsers need it."));
            }
            browser if browser.starts_with("sec-") => {}
            other if secret::is_header(other) => self.credential(Place::Header(name.to_owned()), value),
            other if secret::looks_generated(value) => {
                self.note(format!("The value of the header `{other}` looks like a credential and is treated as one."));
                self.credential(Place::Header(name.to_owned()), value);
            }
            other => self.request.headers.push((other.to_owned(), value.to_owned())),
        }
        Ok(())
    }

    fn authorization(&mut self, value: &str) {
        let (scheme, rest) = value.split_once(' ').unwrap_or(("", value));
        if scheme.eq_ignore_ascii_case("bearer") {
            self.credential(Place::Bearer, rest.trim());
        } else if scheme.eq_ignore_ascii_case("basic") {
            self.note("The credential of `Authorization: Basic` is stored as `user:password`, not in its encoded form.");
            self.credential(Place::Basic, rest.trim());
        } else {
            if let Some(scheme) = secret::scheme(value) {
                self.note(format!("The credential is the whole value of `Authorization`: store it with `{scheme} ` before the key."));
            }
            self.credential(Place::Header("Authorization".into()), value);
        }
    }

    /// Takes a credential out of the request; the first one becomes `[auth]`.
    fn credential(&mut self, place: Place, secret: &str) {
        let variable = secret
            .trim_start_matches(|character: char| character != '$')
            .strip_prefix('$')
            .filter(|name| self.words.variables.contains(*name))
            .map(str::to_owned);
        if variable.is_none() {
            self.secrets.add(secret);
        }
        match &self.request.auth {
            None => {
                self.request.auth = Some(Auth {
                    place,
                    variable,
                    optional: false,
                });
            }
            Some(first) => {
                let note = format!(
                    "The request has two credentials; a provider file holds one. Kept: {}. Left out: {}.",
                    first.place.describe(),
                    place.describe()
                );
                self.note(note);
            }
        }
    }

    fn query(&mut self, pairs: Vec<(String, String)>) {
        let has_named =
            self.request.auth.is_some() || pairs.iter().any(|(name, _)| secret::is_name(name));
        for (name, value) in pairs {
            if secret::is_name(&name) {
                self.credential(Place::Query(name), &value);
            } else if !has_named && secret::looks_generated(&value) {
                self.note(format!(
                    "The value of `{name}` looks like a credential and is treated as one."
                ));
                self.credential(Place::Query(name), &value);
            } else {
                self.request.query.push(Slot::of(&name, Value::from(value)));
            }
        }
    }

    fn path(&mut self, url: &url::Url) {
        for segment in url.path().trim_start_matches('/').split('/') {
            let plain = decoded(segment);
            if self.request.auth.is_none() && secret::looks_generated(&plain) {
                self.note("A part of the path looks like a credential and is treated as one.");
                // Telegram's form: `bot` and the token are one segment.
                let before = if plain.starts_with("bot") && plain.contains(':') {
                    "bot"
                } else {
                    ""
                };
                self.credential(Place::Path, &plain[before.len()..]);
                self.request.path.push(Part::Key(before.into()));
            } else {
                self.request.path.push(segment_part(segment, &plain));
            }
        }
    }

    fn body(&mut self, data: &[String], json: bool) -> Result<(), DraftError> {
        let text = data.join(if json { "" } else { "&" });
        let value: Value = serde_json::from_str(&text).map_err(|_| {
            DraftError::Body(if json {
                "it is no JSON".into()
            } else {
                "a provider is sent JSON, and this is a form; see whether the API takes JSON or a query".into()
            })
        })?;
        if let Some(name) = credential_member(&value) {
            return Err(DraftError::Body(format!(
                "its member `{name}` is a credential, which goes into a header, the query or the path; see whether the API takes it there"
            )));
        }
        self.request.body = Some(body("", value));
        Ok(())
    }
}

/// `8.8.8.8.json` → the address and `.json`.
fn segment_part(segment: &str, plain: &str) -> Part {
    const ENDS: [&str; 4] = [".json", ".xml", ".csv", ".txt"];
    if plain.is_empty() {
        return Part::Literal(segment.into());
    }
    let end = ENDS
        .into_iter()
        .find(|end| plain.ends_with(end))
        .unwrap_or_default();
    Part::Slot {
        before: String::new(),
        slot: Slot::of("", Value::from(plain.trim_end_matches(end))),
        after: end.into(),
    }
}

fn body(name: &str, value: Value) -> Body {
    match value {
        Value::Object(members) => Body::Object(
            members
                .into_iter()
                .map(|(name, value)| (name.clone(), body(&name, value)))
                .collect(),
        ),
        Value::Array(items) => {
            Body::Array(items.into_iter().map(|item| body(name, item)).collect())
        }
        value @ (Value::String(_) | Value::Number(_)) => Body::Slot(Slot::of(name, value)),
        value => Body::Fixed(value),
    }
}

fn credential_member(value: &Value) -> Option<&str> {
    match value {
        Value::Object(members) => members.iter().find_map(|(name, value)| {
            if value.is_string() && secret::is_name(name) {
                Some(name.as_str())
            } else {
                credential_member(value)
            }
        }),
        Value::Array(items) => items.iter().find_map(credential_member),
        _ => None,
    }
}

fn has_json_type(headers: &[(String, String)]) -> bool {
    headers
        .iter()
        .any(|(name, value)| name.eq_ignore_ascii_case("content-type") && value.contains("json"))
}

fn method(written: Option<&str>, posts: bool) -> Result<Method, DraftError> {
    match written.map(str::to_ascii_uppercase).as_deref() {
        Some("GET") => Ok(Method::Get),
        Some("POST") => Ok(Method::Post),
        None if posts => Ok(Method::Post),
        None => Ok(Method::Get),
        Some(other)
            if other.len() <= 10 && other.bytes().all(|byte| byte.is_ascii_alphabetic()) =>
        {
            Err(DraftError::Method(other.into()))
        }
        Some(_) => Err(DraftError::Method("anything else".into())),
    }
}

fn parse_url(text: &str) -> Result<url::Url, DraftError> {
    let whole = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    url::Url::parse(&whole).map_err(|error| DraftError::Url(error.to_string()))
}

/// Percent-decoded, as far as it is UTF-8.
fn decoded(text: &str) -> String {
    // A form's decoder turns `+` into a blank; in a path and in user names it is a plus.
    let pair = format!("v={}", text.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(pair.as_bytes())
        .next()
        .map_or_else(|| text.to_owned(), |(_, value)| value.into_owned())
}
