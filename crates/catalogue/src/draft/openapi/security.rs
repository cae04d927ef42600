//! Security of an operation → where its credential goes.

use serde_json::Value;

use super::document::{Document, text};
use crate::draft::DraftError;
use crate::draft::request::Auth;
use crate::draft::secret::Place;

/// The first way to authorize that a provider file can hold; an empty alternative makes it optional.
pub(super) fn auth(
    document: &Document,
    operation: &Value,
    notes: &mut Vec<String>,
) -> Result<Option<Auth>, DraftError> {
    let own = operation.get("security").and_then(Value::as_array);
    let Some(written) = own.or_else(|| document.root["security"].as_array()) else {
        return Ok(None);
    };
    let names = |alternative: &Value| -> Vec<String> {
        alternative
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone())
            .collect()
    };
    let alternatives: Vec<Vec<String>> = written.iter().map(names).collect();
    let optional = alternatives.iter().any(Vec::is_empty);
    let mut real: Vec<&Vec<String>> = alternatives
        .iter()
        .filter(|names| !names.is_empty())
        .collect();
    // One credential is all that a provider file holds: an alternative that needs no more comes first.
    real.sort_by_key(|names| names.len());
    for names in &real {
        let scheme = document
            .root
            .pointer("/components/securitySchemes")
            .and_then(|all| all.get(&names[0]));
        let scheme = document.resolve(scheme.unwrap_or(&Value::Null))?;
        let scopes = scopes(written, &names[0]);
        let Some(place) = place(scheme, scopes, notes) else {
            continue;
        };
        if let [_, others @ ..] = names.as_slice()
            && !others.is_empty()
        {
            notes.push(format!(
                "The operation wants further credentials ({}); a provider file holds one.",
                others.join(", ")
            ));
        }
        return Ok(Some(Auth {
            place,
            variable: None,
            optional,
        }));
    }
    if !real.is_empty() {
        notes.push("None of the operation's ways to authorize is one that a provider file can hold: look for an API key.".into());
    }
    Ok(None)
}

/// What an operation wants to be allowed to do under a scheme.
fn scopes(alternatives: &[Value], scheme: &str) -> Option<String> {
    let scopes = alternatives.iter().find_map(|one| one.get(scheme))?;
    let scopes: Vec<&str> = scopes
        .as_array()?
        .iter()
        .filter_map(Value::as_str)
        .collect();
    (!scopes.is_empty()).then(|| scopes.join(" "))
}

fn place(scheme: &Value, scope: Option<String>, notes: &mut Vec<String>) -> Option<Place> {
    let name = || text(&scheme["name"]).to_owned();
    match (
        text(&scheme["type"]),
        text(&scheme["in"]),
        text(&scheme["scheme"]).to_ascii_lowercase().as_str(),
    ) {
        ("apiKey", "header", _) => Some(Place::Header(name())),
        ("apiKey", "query", _) => Some(Place::Query(name())),
        ("http", _, "bearer") => Some(Place::Bearer),
        ("http", _, "basic") => Some(Place::Basic),
        ("oauth2" | "openIdConnect", _, _) => {
            if let Some(token_url) = client_credentials(scheme) {
                return Some(Place::Oauth2Client { token_url, scope });
            }
            notes.push("The provider uses OAuth 2: store an access token that lasts; Guichet does not renew it.".into());
            Some(Place::Bearer)
        }
        _ => None,
    }
}

/// Where the flow that needs no person has its tokens, where that is a whole URL.
fn client_credentials(scheme: &Value) -> Option<String> {
    let url = text(scheme.pointer("/flows/clientCredentials/tokenUrl")?);
    url.starts_with("https://").then(|| url.to_owned())
}
