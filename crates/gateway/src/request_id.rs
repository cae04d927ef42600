//! The id that follows a request through answers and logs: the caller's own where it is a sane token, else a new one.

use std::sync::Arc;

use http::HeaderMap;
use http::header::HeaderName;
use jiff::Timestamp;
use uuid::Builder;
use uuid::fmt::Hyphenated;

/// The header in both directions.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longer ones are not kept. Whatever else: an id needs no escapes in JSON, on which its writers rely.
const LONGEST: usize = 64;

/// The id of a request with these headers that came at this moment.
pub(crate) fn of(headers: &HeaderMap, at: Timestamp) -> Arc<str> {
    let given = headers
        .get(X_REQUEST_ID)
        .and_then(|value| value.to_str().ok());
    given
        .filter(|id| is_sane(id))
        .map_or_else(|| new(at), Arc::from)
}

fn is_sane(id: &str) -> bool {
    let sane = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=LONGEST).contains(&id.len()) && id.bytes().all(sane)
}

/// A UUID of version 7: in the order of time. It names a request and guards nothing, so that fast randomness will do.
fn new(at: Timestamp) -> Arc<str> {
    let mut random = [0; 10];
    fastrand::fill(&mut random);
    let milliseconds = u64::try_from(at.as_millisecond()).unwrap_or(0);
    let uuid = Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid();
    let mut text = [0; Hyphenated::LENGTH];
    Arc::from(&*uuid.hyphenated().encode_lower(&mut text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_header(value: &str) -> Arc<str> {
        let mut headers = HeaderMap::new();
        headers.insert(X_REQUEST_ID, value.parse().unwrap());
        of(&headers, Timestamp::now())
    }

    #[test]
    fn a_sane_id_of_the_caller_is_kept() {
        assert_eq!(&*of_header("order-7_a.B"), "order-7_a.B");
    }

    #[test]
    fn any_other_is_replaced() {
        for id in ["", "a b", "a\"b", "é", &"x".repeat(65)] {
            let new = of_header(id);
            assert_eq!(
                uuid::Uuid::parse_str(&new).unwrap().get_version_num(),
                7,
                "{id}"
            );
        }
    }
}
