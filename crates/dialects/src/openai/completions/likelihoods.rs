//! How likely tokens were: chat's form in the older one, which has a list for each property.

use serde::Serialize;
use serde_json::{Map, Value};

/// A choice's `logprobs`.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct Likelihoods {
    tokens: Vec<String>,
    token_logprobs: Vec<Value>,
    top_logprobs: Vec<Map<String, Value>>,
    text_offset: Vec<usize>,
}

impl Likelihoods {
    /// From chat's `logprobs`; the text begins at `offset`, in characters. None = there are none.
    pub(super) fn of(logprobs: &Value, mut offset: usize) -> Option<Self> {
        let mut told = Self::default();
        for token in logprobs.get("content")?.as_array()? {
            let Some(text) = token.get("token").and_then(Value::as_str) else {
                continue;
            };
            told.tokens.push(text.to_owned());
            told.token_logprobs
                .push(token.get("logprob").cloned().unwrap_or_default());
            told.top_logprobs.push(others(token));
            told.text_offset.push(offset);
            offset += text.chars().count();
        }
        Some(told)
    }

    /// How long the tokens are together.
    pub(super) fn characters(&self) -> usize {
        self.tokens.iter().map(|token| token.chars().count()).sum()
    }
}

fn others(token: &Value) -> Map<String, Value> {
    let others = token.get("top_logprobs").and_then(Value::as_array);
    others
        .into_iter()
        .flatten()
        .filter_map(|other| {
            Some((
                other.get("token")?.as_str()?.to_owned(),
                other.get("logprob")?.clone(),
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_token_is_told_with_its_place_in_the_text() {
        let chat = json!({"content": [
            {"token": "Grü", "logprob": -0.5, "top_logprobs": [{"token": "Grü", "logprob": -0.5}, {"token": "A", "logprob": -1.5}]},
            {"token": "ße", "logprob": -0.25, "top_logprobs": []},
        ]});
        let told = Likelihoods::of(&chat, 10).unwrap();
        assert_eq!(
            json!(told),
            json!({"tokens": ["Grü", "ße"], "token_logprobs": [-0.5, -0.25],
                "top_logprobs": [{"Grü": -0.5, "A": -1.5}, {}], "text_offset": [10, 13]})
        );
        assert_eq!(Likelihoods::of(&Value::Null, 0), None);
    }
}
