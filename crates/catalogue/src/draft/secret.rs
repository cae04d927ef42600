//! Credentials within requests: how they are recognized, and how it is made sure that none is written down.

use serde_json::Value;

use super::{Draft, DraftError};

/// Where a credential goes: `[auth]` of a provider file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Header(String),
    Bearer,
    Basic,
    Query(String),
    Path,
    /// A token's server, and what to ask it for.
    Oauth2Client {
        token_url: String,
        scope: Option<String>,
    },
}

impl Place {
    /// In words for notes.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Header(name) => format!("the header `{name}`"),
            Self::Bearer => "the bearer token".into(),
            Self::Basic => "the user and password".into(),
            Self::Query(name) => format!("the query parameter `{name}`"),
            Self::Path => "the part of the path".into(),
            Self::Oauth2Client { .. } => "the client's id and secret (`id:secret`)".into(),
        }
    }
}

/// Names of query parameters, headers and members that hold credentials, without `-`, `_` and capitals.
const NAMES: &[&str] = &[
    "accesskey",
    "appid",
    "appkey",
    "auth",
    "authkey",
    "authorization",
    "authtoken",
    "clientsecret",
    "jwt",
    "key",
    "password",
    "passwd",
    "pwd",
    "secret",
    "sessionid",
    "sig",
    "signature",
    "token",
    "userkey",
    "xauthkey",
    "xkey",
];
/// Ends of such names.
const ENDS: &[&str] = &[
    "apikey",
    "apitoken",
    "accesstoken",
    "authtoken",
    "secret",
    "secretkey",
    "subscriptionkey",
    "licensekey",
    "password",
];
/// Schemes of `Authorization` besides Bearer and Basic that may be named, since they are no secrets themselves.
const SCHEMES: &[&str] = &[
    "Token",
    "ApiKey",
    "Api-Key",
    "Key",
    "Client-ID",
    "DeepL-Auth-Key",
];

/// Whether a value under this name is a credential.
pub(super) fn is_name(name: &str) -> bool {
    let plain = plain(name);
    NAMES.contains(&plain.as_str()) || ENDS.iter().any(|end| plain.ends_with(end))
}

/// Whether a header of this name holds a credential: also `X-…-Key` and `X-…-Token`.
pub(super) fn is_header(name: &str) -> bool {
    let plain = plain(name);
    is_name(name)
        || (plain.starts_with('x') && (plain.ends_with("key") || plain.ends_with("token")))
}

/// The name in lower case, letters and digits only.
fn plain(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|character| character.to_ascii_lowercase())
        .collect()
}

/// Whether a text looks like a generated key: long, one word, letters and digits mixed throughout.
pub(super) fn looks_generated(text: &str) -> bool {
    const SHORTEST: usize = 20;
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
    text.len() >= SHORTEST
        && digits >= 3
        && letters >= 5
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-:~+/=".contains(&byte))
}

/// The scheme of an `Authorization` header other than Bearer and Basic, where it is one that is known.
pub(super) fn scheme(value: &str) -> Option<&'static str> {
    let (first, _) = value.split_once(' ')?;
    SCHEMES
        .iter()
        .copied()
        .find(|scheme| scheme.eq_ignore_ascii_case(first))
}

/// The credentials of one command, for no other use than to keep them out of what is written.
#[derive(Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// Texts shorter than this are too common to be told from others by themselves.
    const TELLING: usize = 8;
    /// What stands in place of a credential.
    const REMOVED: &'static str = "(removed)";

    /// Remembers a credential and, of `user:password`, the parts too.
    pub(super) fn add(&mut self, secret: &str) {
        let parts = secret
            .split([':', ' '])
            .filter(|part| part.len() >= Self::TELLING);
        self.0.extend(parts.map(str::to_owned));
        if !secret.is_empty() {
            self.0.push(secret.to_owned());
        }
    }

    /// Takes the credentials out of an answer that repeats them.
    pub(super) fn scrub(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.scrubbed(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.scrub(item)),
            Value::Object(members) => {
                for (name, mut member) in std::mem::take(members) {
                    self.scrub(&mut member);
                    members.insert(self.scrubbed(&name), member);
                }
            }
            Value::Number(number) if self.0.contains(&number.to_string()) => {
                *value = Value::from(Self::REMOVED);
            }
            _ => {}
        }
    }

    /// The text without credentials.
    pub(super) fn scrubbed(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.0 {
            if text == *secret {
                return Self::REMOVED.into();
            }
            if secret.len() >= Self::TELLING {
                text = text.replace(secret, Self::REMOVED);
            }
        }
        text
    }

    /// The draft, if it shows none of them.
    pub(super) fn guard(&self, draft: Draft) -> Result<Draft, DraftError> {
        let shown = |text: &String| {
            self.0
                .iter()
                .any(|secret| secret.len() >= Self::TELLING && text.contains(secret))
        };
        if draft.files.iter().any(|(_, text)| shown(text)) || draft.notes.iter().any(shown) {
            return Err(DraftError::Exposed);
        }
        Ok(draft)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_credentials_are_recognized_in_every_spelling() {
        for name in [
            "key",
            "API_KEY",
            "apikey",
            "appid",
            "access-token",
            "token",
            "x-rapidapi-key".split('-').next_back().unwrap(),
        ] {
            assert!(is_name(name), "{name}");
        }
        for name in [
            "X-API-Key",
            "x-rapidapi-key",
            "X-Auth-Token",
            "Ocp-Apim-Subscription-Key",
        ] {
            assert!(is_header(name), "{name}");
        }
        for name in ["keyword", "page_token", "q", "accept", "limit", "monkey"] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn generated_keys_are_told_from_words_and_numbers() {
        assert!(looks_generated("8f2b9c1d4e5a6f708192a3b4c5d6e7f8"));
        assert!(looks_generated("bot123456:ABCdefGhIJKlmNoPQRst"));
        for text in [
            "temperature_2m,relative_humidity_2m",
            "2026-11-22T10:31:00Z",
            "geolocation-by-address",
            "48.8566",
        ] {
            assert!(!looks_generated(text), "{text}");
        }
    }
}
