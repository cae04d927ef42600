//! Who comes in: the one place where a key is read from a request.
//!
//! **Invariant:** nothing of a presented key is ever told or logged.

use std::sync::Arc;

use guichet_access::{Access, Familiar, Principal, Refusal};
use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderValue};

use crate::codes::Code;
use crate::problem::Problem;

/// Headers that hold a bare key, for clients made for other services.
const KEY_HEADERS: [&str; 2] = ["x-api-key", "x-goog-api-key"];

/// Says who presents a key over this connection, or why nobody does.
pub(crate) fn principal(
    access: &Access,
    headers: &HeaderMap,
    familiar: &Familiar,
) -> Result<Arc<Principal>, Problem> {
    let key = presented(headers)?;
    access
        .authenticate_again(key, familiar)
        .map_err(|refusal| Problem::new(code(refusal), refusal.to_string()))
}

/// Whether the request brings something that claims to be a key.
pub(crate) fn brings_key(headers: &HeaderMap) -> bool {
    headers.contains_key(AUTHORIZATION)
        || KEY_HEADERS.iter().any(|name| headers.contains_key(*name))
}

fn presented(headers: &HeaderMap) -> Result<&str, Problem> {
    if let Some(value) = headers.get(AUTHORIZATION) {
        return bearer(text(value)?);
    }
    match KEY_HEADERS.iter().find_map(|name| headers.get(*name)) {
        Some(value) => Ok(text(value)?.trim_ascii()),
        None => Err(Problem::new(
            Code::MissingKey,
            "send your key as `Authorization: Bearer gch_…`, or in the header `x-api-key`",
        )),
    }
}

fn bearer(value: &str) -> Result<&str, Problem> {
    const SCHEME: &str = "bearer ";
    match value.trim_ascii().split_at_checked(SCHEME.len()) {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case(SCHEME) => Ok(key.trim_ascii()),
        _ => Err(Problem::new(
            Code::MalformedKey,
            "`Authorization` must be `Bearer ` and the key",
        )),
    }
}

fn text(value: &HeaderValue) -> Result<&str, Problem> {
    value.to_str().map_err(|_| {
        Problem::new(
            Code::MalformedKey,
            "the key holds characters that no key has",
        )
    })
}

fn code(refusal: Refusal) -> Code {
    match refusal {
        Refusal::Malformed => Code::MalformedKey,
        Refusal::Checksum => Code::MistypedKey,
        Refusal::Unknown => Code::UnknownKey,
        Refusal::Expired => Code::ExpiredKey,
        Refusal::Revoked => Code::RevokedKey,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &'static str, value: &str) -> Result<String, Code> {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        presented(&headers)
            .map(str::to_owned)
            .map_err(|problem| problem.code)
    }

    #[test]
    fn a_key_may_come_in_three_headers() {
        for (name, value) in [
            ("authorization", "Bearer k"),
            ("authorization", "bearer  k "),
            ("x-api-key", "k"),
            ("x-goog-api-key", "k"),
        ] {
            assert_eq!(read(name, value).as_deref(), Ok("k"), "{name}: {value}");
        }
    }

    #[test]
    fn no_key_and_a_strange_one_are_told_apart() {
        assert_eq!(
            presented(&HeaderMap::new()).unwrap_err().code,
            Code::MissingKey
        );
        assert_eq!(read("authorization", "Basic dTpw"), Err(Code::MalformedKey));
        assert_eq!(read("authorization", "gch_abc"), Err(Code::MalformedKey));
        assert_eq!(read("x-api-key", "clé"), Err(Code::MalformedKey));
    }
}
