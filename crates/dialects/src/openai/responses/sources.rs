//! Where a text has its facts from, and how likely its tokens were: the forms of other dialects in that of Responses.

use serde_json::{Map, Value, json};

/// The annotations of a text of this many characters. What names no page is left out: the official types have no
/// place for it.
pub(super) fn annotations(citations: &Value, characters: usize) -> Vec<Value> {
    match citations {
        Value::Array(list) => list
            .iter()
            .filter_map(|one| annotation(one, characters))
            .collect(),
        one => annotation(one, characters).into_iter().collect(),
    }
}

/// Chat nests the page within `url_citation`; Anthropic has it flat, and means the whole text by it.
fn annotation(citation: &Value, characters: usize) -> Option<Value> {
    let page = citation.get("url_citation").unwrap_or(citation);
    let url = page.get("url")?.as_str()?;
    let title = page.get("title").and_then(Value::as_str).unwrap_or(url);
    let place = |name: &str, default: usize| {
        page.get(name)
            .and_then(Value::as_u64)
            .map_or(json!(default), Value::from)
    };
    Some(json!({
        "type": "url_citation",
        "url": url,
        "title": title,
        "start_index": place("start_index", 0),
        "end_index": place("end_index", characters),
    }))
}

/// The likelihoods of a text's tokens, from the `logprobs` of a chat answer.
pub(super) fn likelihoods(logprobs: &Value) -> Vec<Value> {
    let Some(Value::Array(tokens)) = logprobs.get("content") else {
        return Vec::new();
    };
    tokens.iter().filter_map(likelihood).collect()
}

fn likelihood(token: &Value) -> Option<Value> {
    let mut told = with_bytes(token)?;
    let others = match token.get("top_logprobs") {
        Some(Value::Array(others)) => others
            .iter()
            .filter_map(with_bytes)
            .map(Value::Object)
            .collect(),
        _ => Vec::new(),
    };
    told.insert("top_logprobs".to_owned(), Value::Array(others));
    Some(Value::Object(told))
}

/// The bytes of a token must be there in Responses, and need not be in chat.
fn with_bytes(token: &Value) -> Option<Map<String, Value>> {
    let text = token.get("token")?.as_str()?;
    let bytes = match token.get("bytes") {
        Some(bytes @ Value::Array(_)) => bytes.clone(),
        _ => json!(text.as_bytes()),
    };
    let logprob = token.get("logprob").filter(|value| value.is_number())?;
    Some(Map::from_iter([
        ("token".to_owned(), json!(text)),
        ("bytes".to_owned(), bytes),
        ("logprob".to_owned(), logprob.clone()),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_named_in_one_form_whoever_named_it() {
        let chat = json!([{"type": "url_citation", "url_citation":
            {"url": "https://a.example", "title": "A", "start_index": 2, "end_index": 5}}]);
        let anthropic = json!([{"type": "web_search_result_location", "url": "https://a.example", "title": "A",
            "cited_text": "so", "encrypted_index": "x"}, {"type": "char_location", "document_index": 0}]);
        assert_eq!(annotations(&chat, 9)[0]["start_index"], 2);
        assert_eq!(
            annotations(&anthropic, 9),
            [
                json!({"type": "url_citation", "url": "https://a.example", "title": "A", "start_index": 0, "end_index": 9})
            ]
        );
    }

    #[test]
    fn a_token_without_bytes_gets_those_of_its_text() {
        let chat = json!({"content": [{"token": "é", "logprob": -0.5, "bytes": null, "top_logprobs": []}]});
        assert_eq!(
            likelihoods(&chat),
            [json!({"token": "é", "logprob": -0.5, "bytes": [195, 169], "top_logprobs": []})]
        );
    }
}
