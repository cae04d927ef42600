//! Opaque tokens of other dialects in the places that Responses has for them, and back.

use serde_json::{Value, json};

/// Stands before the token of a thought that is nothing but a token (Anthropic's `redacted_thinking`). Tokens are
/// base64, so none begins with it.
const REDACTED: &str = "redacted:";

/// The `encrypted_content` of a thought.
pub(super) fn encrypted(signature: &str, redacted: bool) -> String {
    if redacted {
        format!("{REDACTED}{signature}")
    } else {
        signature.to_owned()
    }
}

/// The token in an `encrypted_content`, and whether it is all there is of the thought.
pub(super) fn decrypted(encrypted: String) -> (String, bool) {
    match encrypted.strip_prefix(REDACTED) {
        Some(token) => (token.to_owned(), true),
        None => (encrypted, false),
    }
}

/// The `extra_content` of a call or a text.
pub(super) fn extra_content(signature: &str) -> Value {
    json!({"google": {"thought_signature": signature}})
}

/// The token in an `extra_content`.
pub(super) fn signature_in(extra_content: &Value) -> Option<String> {
    let signature = extra_content.pointer("/google/thought_signature")?;
    signature.as_str().map(str::to_owned)
}
