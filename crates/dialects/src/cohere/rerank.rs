//! `POST /v2/rerank`, the provider side: texts only, and only the members that it knows.
//!
//! Source: <https://docs.cohere.com/reference/rerank>.

use crate::openai::json::object;
use crate::rerank::RerankRequest;
use crate::written::Written;

pub use crate::rerank::read_answer;

/// What callers may have written that Cohere knows by the same name.
const OWN: [&str; 2] = ["max_tokens_per_doc", "priority"];

/// The request for Cohere.
#[must_use]
pub fn write_request(request: &RerankRequest) -> Written {
    let mut body = Vec::new();
    object(&mut body, |body| {
        body.put("model", &request.model);
        body.put("query", &request.query);
        body.put("documents", &request.documents);
        body.some("top_n", request.top);
        for name in OWN {
            body.some(name, request.extra.get(name));
        }
    });
    let known = |name: &&String| !OWN.contains(&name.as_str());
    Written {
        body,
        dropped: request.extra.keys().filter(known).cloned().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rerank::read_request;

    #[test]
    fn what_it_does_not_know_is_named_and_not_sent() {
        let request = read_request(
            br#"{"model":"m","query":"q","documents":["a"],"max_tokens_per_doc":9,"rank_fields":["x"],"return_documents":true}"#,
        )
        .unwrap();
        let written = write_request(&request);
        assert_eq!(
            String::from_utf8(written.body).unwrap(),
            r#"{"model":"m","query":"q","documents":["a"],"max_tokens_per_doc":9}"#
        );
        assert_eq!(written.dropped, ["rank_fields"]);
    }
}
