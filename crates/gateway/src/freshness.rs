//! What the headers say of an answer's age: `Age`, `Cache-Control`, `Cache-Status` (RFC 9211), `ETag`.

use guichet_catalogue::model::Operation;
use guichet_engine::answer::{Answer, Served};
use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL, ETAG, HeaderName, HeaderValue, IF_NONE_MATCH};

use crate::envelope::whole_seconds;
use crate::reply::Response;
use crate::values::Values;

const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// How old an answer is, and for how long it may be kept.
#[derive(Clone)]
pub(crate) struct Freshness {
    cache_status: HeaderValue,
    cache_control: HeaderValue,
    age: Option<HeaderValue>,
}

impl Freshness {
    pub(crate) fn of(answer: &Answer, operation: &Operation) -> Self {
        let fresh = operation.fresh.map(whole_seconds);
        let mut values = Values::default();
        let is_kept = matches!(answer.served, Served::Cached | Served::Stale);
        Self {
            cache_status: cache_status(&mut values, answer, fresh),
            cache_control: cache_control(&mut values, answer, fresh),
            age: is_kept.then(|| values.number(whole_seconds(answer.age)).end()),
        }
    }

    /// Says so.
    pub(crate) fn tell(self, response: &mut Response) {
        let headers = response.headers_mut();
        headers.insert(CACHE_STATUS, self.cache_status);
        headers.insert(CACHE_CONTROL, self.cache_control);
        if let Some(age) = self.age {
            headers.insert(AGE, age);
        }
    }
}

fn cache_status(values: &mut Values, answer: &Answer, fresh: Option<u64>) -> HeaderValue {
    let left = whole_seconds(answer.fresh_for);
    let status = values.text("guichet; ");
    match answer.served {
        Served::Cached => status.text("hit; ttl=").number(left),
        Served::Stale => {
            let over = whole_seconds(answer.age).saturating_sub(fresh.unwrap_or(0));
            let status = status.text("hit; ttl=-").number(over);
            status.text("; detail=stale-if-error")
        }
        Served::Fresh | Served::Local if left > 0 => {
            status.text("fwd=miss; stored; ttl=").number(left)
        }
        Served::Fresh | Served::Local if fresh.is_some() => status.text("fwd=miss"),
        Served::Fresh | Served::Local => status.text("fwd=bypass"),
    }
    .end()
}

/// `max-age` counts from the answer's birth, as `Age` does.
fn cache_control(values: &mut Values, answer: &Answer, fresh: Option<u64>) -> HeaderValue {
    if fresh.is_none() {
        return HeaderValue::from_static("no-store");
    }
    match whole_seconds(answer.fresh_for) {
        0 => HeaderValue::from_static("private, max-age=0"),
        left => {
            let total = whole_seconds(answer.age) + left;
            values.text("private, max-age=").number(total).end()
        }
    }
}

/// A validator. It is weak, because the `meta` beside the data differs from answer to answer.
pub(crate) fn etag(digest: u128) -> HeaderValue {
    let mut values = Values::default();
    values.text("W/\"").hexadecimal(digest).text("\"").end()
}

/// Whether the caller has this already.
pub(crate) fn is_known(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    if !headers.contains_key(IF_NONE_MATCH) {
        return false;
    }
    let Ok(etag) = etag.to_str() else {
        return false;
    };
    let known = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok());
    known
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || bare(tag) == bare(etag))
}

fn bare(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

/// Sets the validator.
pub(crate) fn set_etag(response: &mut Response, etag: HeaderValue) {
    response.headers_mut().insert(ETAG, etag);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;

    use super::*;

    fn answer(served: Served, age: u64, fresh_for: u64) -> Answer {
        Answer {
            data: Bytes::from_static(b"1"),
            digest: 1,
            provider: "p".into(),
            served,
            age: Duration::from_secs(age),
            fresh_for: Duration::from_secs(fresh_for),
            observed_at: None,
            attribution: guichet_engine::answer::Attributions::default(),
            attempts: Vec::new(),
            next_cursor: None,
        }
    }

    fn told(answer: &Answer, fresh: Option<u64>) -> (String, String) {
        let mut values = Values::default();
        let text = |value: HeaderValue| value.to_str().unwrap().to_owned();
        (
            text(cache_status(&mut values, answer, fresh)),
            text(cache_control(&mut values, answer, fresh)),
        )
    }

    #[test]
    fn each_way_of_answering_has_its_words() {
        let pair = |status: &str, control: &str| (status.to_owned(), control.to_owned());
        assert_eq!(
            told(&answer(Served::Fresh, 0, 600), Some(600)),
            pair("guichet; fwd=miss; stored; ttl=600", "private, max-age=600")
        );
        assert_eq!(
            told(&answer(Served::Cached, 68, 532), Some(600)),
            pair("guichet; hit; ttl=532", "private, max-age=600")
        );
        assert_eq!(
            told(&answer(Served::Stale, 900, 0), Some(600)),
            pair(
                "guichet; hit; ttl=-300; detail=stale-if-error",
                "private, max-age=0"
            )
        );
        assert_eq!(
            told(&answer(Served::Local, 0, 0), None),
            pair("guichet; fwd=bypass", "no-store")
        );
    }

    #[test]
    fn a_validator_is_known_in_any_list_and_strength() {
        let etag = etag(1);
        let given = |list: &str| {
            HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_str(list).unwrap())])
        };
        let text = etag.to_str().unwrap();
        assert!(is_known(&given(&format!("\"x\", {text}")), &etag));
        assert!(is_known(&given(text.trim_start_matches("W/")), &etag));
        assert!(is_known(&given("*"), &etag));
        assert!(!is_known(&given("\"x\""), &etag));
        assert!(!is_known(&HeaderMap::new(), &etag));
    }
}
