//! Gemini's errors: Google's `google.rpc.Status`, alone or in an array of one.

use serde::Deserialize;
use serde_json::Value;

use crate::error::ProviderError;

#[derive(Deserialize)]
#[serde(untagged)]
enum Wire {
    // First, because serde would read an object's members from an array, too.
    InArray(Vec<Body>),
    Alone(Body),
}

#[derive(Deserialize)]
struct Body {
    error: Status,
}

#[derive(Deserialize)]
#[expect(
    clippy::struct_field_names,
    reason = "Google calls one of the status' members status"
)]
struct Status {
    code: Option<u16>,
    status: Option<String>,
    message: Option<String>,
    details: Option<Vec<Value>>,
}

/// Reads an error, of a refused request or in a frame of a stream. `kind` is the status (`RESOURCE_EXHAUSTED`), `code`
/// the reason of its `ErrorInfo` (`API_KEY_INVALID`), `param` the first field of its `BadRequest`. What
/// `QuotaFailure` and `RetryInfo` say is not read here.
#[must_use]
pub fn read_error(body: &[u8]) -> Option<ProviderError> {
    let Body { error } = match serde_json::from_slice(body).ok()? {
        Wire::InArray(bodies) => bodies.into_iter().next()?,
        Wire::Alone(body) => body,
    };
    if error.code.is_none() && error.status.is_none() && error.message.is_none() {
        return None;
    }
    let details = error.details.as_deref().unwrap_or_default();
    Some(ProviderError {
        status: error.code,
        code: text(details, "/reason"),
        param: text(details, "/fieldViolations/0/field"),
        kind: error.status,
        message: error.message.unwrap_or_default(),
    })
}

fn text(details: &[Value], pointer: &str) -> Option<String> {
    let found = details.iter().find_map(|detail| detail.pointer(pointer))?;
    found
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Shapes: https://ai.google.dev/gemini-api/docs/troubleshooting and
    // https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto
    const BAD_KEY: &str = r#"{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key.",
        "status": "INVALID_ARGUMENT", "details": [
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"},
        {"@type": "type.googleapis.com/google.rpc.LocalizedMessage", "locale": "en-US", "message": "API key not valid."}]}}"#;

    #[test]
    fn a_bad_key_is_told_from_a_bad_request() {
        let error = read_error(BAD_KEY.as_bytes()).unwrap();
        assert_eq!(error.status, Some(400));
        assert_eq!(error.kind.as_deref(), Some("INVALID_ARGUMENT"));
        assert_eq!(error.code.as_deref(), Some("API_KEY_INVALID"));
    }

    #[test]
    fn an_array_of_one_is_the_one() {
        assert_eq!(
            read_error(format!("[{BAD_KEY}]").as_bytes()),
            read_error(BAD_KEY.as_bytes())
        );
    }

    #[test]
    fn the_field_that_is_wrong_is_named() {
        let error = read_error(
            br#"{"error": {"code": 400, "message": "Invalid JSON payload received.", "status": "INVALID_ARGUMENT",
                "details": [{"@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [{"field": "generation_config.top_k", "description": "Invalid value."}]}]}}"#,
        )
        .unwrap();
        assert_eq!(error.param.as_deref(), Some("generation_config.top_k"));
    }

    #[test]
    fn an_error_within_a_stream_needs_no_details() {
        let error =
            read_error(br#"{"error":{"code":503,"status":"UNAVAILABLE","message":"overloaded"}}"#)
                .unwrap();
        assert_eq!(error.status, Some(503));
        assert_eq!(error.kind.as_deref(), Some("UNAVAILABLE"));
    }

    #[test]
    fn what_is_no_error_is_none() {
        for body in [
            "",
            "{}",
            "[]",
            "null",
            "<html>",
            r#"{"error":{}}"#,
            r#"{"candidates":[]}"#,
        ] {
            assert_eq!(read_error(body.as_bytes()), None, "{body}");
        }
    }
}
