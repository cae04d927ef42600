//! Ollama's errors: a text, in a body or in a line of a stream.

use serde::Deserialize;
use serde_json::Value;

use crate::error::ProviderError;

#[derive(Deserialize)]
struct Wire {
    error: Value,
}

/// Reads an error. The kind is never said natively; the object of its OpenAI-like side is understood too, since
/// Ollama's cloud and servers in front of it answer with either.
#[must_use]
pub fn read_error(body: &[u8]) -> Option<ProviderError> {
    let Wire { error } = serde_json::from_slice(body).ok()?;
    if let Value::String(message) = error {
        return Some(ProviderError {
            message,
            ..ProviderError::default()
        });
    }
    let text = |name: &str| error[name].as_str().map(str::to_owned);
    Some(ProviderError {
        status: error["code"]
            .as_u64()
            .and_then(|code| u16::try_from(code).ok()),
        kind: text("type"),
        code: text("code"),
        param: text("param"),
        message: text("message")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_the_message() {
        // https://github.com/ollama/ollama/blob/main/docs/api/errors.mdx
        let error = read_error(br#"{"error":"model \"llama9\" not found"}"#).unwrap();
        assert_eq!(error.message, "model \"llama9\" not found");
        assert_eq!(error.status, None);
    }

    #[test]
    fn the_openai_like_object_is_understood() {
        let error = read_error(
            br#"{"error":{"message":"slow down","type":"rate_limit_error","param":null,"code":null}}"#,
        )
        .unwrap();
        assert_eq!(error.kind.as_deref(), Some("rate_limit_error"));
        assert_eq!(error.message, "slow down");
    }

    #[test]
    fn what_is_no_error_is_none() {
        for body in [
            "",
            "{}",
            "[]",
            r#"{"error":null}"#,
            r#"{"error":{}}"#,
            r#"{"done":true}"#,
        ] {
            assert_eq!(read_error(body.as_bytes()), None, "{body}");
        }
    }
}
