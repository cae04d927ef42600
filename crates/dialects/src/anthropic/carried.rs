//! Tokens of other providers that an Anthropic client carries for us.
//!
//! Gemini wants the `thoughtSignature` of a text or a call back with it, and Anthropic's blocks have no place for one.
//! But every Anthropic client gives `redacted_thinking` back unread: so the token goes into a block of its own, marked
//! with what it belongs to, and is put back in its place when the conversation comes again.

use memchr::memmem;

use crate::chat::Part;
use crate::gemini::OWN_SIGNATURE;

/// Before the token of the block that follows.
const NEXT: &str = "guichet.signature.next.";
/// Before the token of the block that came before: in a stream the text is out already.
const PREVIOUS: &str = "guichet.signature.previous.";

/// Before both.
const OURS: &str = "guichet.signature.";

/// Whether Anthropic may have made a token: another provider's is marked as such, by us or where it was read.
pub(super) fn is_own(token: &str) -> bool {
    !token.starts_with(OURS) && !token.starts_with(OWN_SIGNATURE)
}

/// Whether a body may hold tokens of other providers, which Anthropic would refuse.
#[must_use]
pub fn may_hold_foreign_tokens(body: &[u8]) -> bool {
    [OURS, OWN_SIGNATURE]
        .iter()
        .any(|mark| memmem::find(body, format!("\"{mark}").as_bytes()).is_some())
}

/// The `data` of a `redacted_thinking` that carries the token of the next block.
pub(super) fn for_next(signature: &str) -> String {
    format!("{NEXT}{signature}")
}

/// The `data` of a `redacted_thinking` that carries the token of the block before.
pub(super) fn for_previous(signature: &str) -> String {
    format!("{PREVIOUS}{signature}")
}

/// The token that a part has for somebody else, as the `data` that carries it. A token without a text (Gemini ends
/// streams with one) comes after what it is the end of.
pub(super) fn token_of(part: &Part) -> Option<String> {
    match part {
        Part::Text {
            text,
            signature: Some(token),
            ..
        } if text.is_empty() => Some(for_previous(token)),
        Part::Text {
            signature: Some(token),
            ..
        }
        | Part::ToolCall {
            signature: Some(token),
            ..
        } => Some(for_next(token)),
        _ => None,
    }
}

/// Puts carried tokens back where they belong.
pub(super) fn restore(parts: Vec<Part>) -> Vec<Part> {
    let mut restored: Vec<Part> = Vec::with_capacity(parts.len());
    let mut waiting = None;
    for mut part in parts {
        match carried(&part) {
            Some((PREVIOUS, token)) => {
                let token = Some(token.to_owned());
                match restored.last_mut().and_then(signature_of) {
                    Some(place @ None) => *place = token,
                    _ => restored.push(bare(token)),
                }
            }
            Some((_, token)) => waiting = Some(token.to_owned()),
            None => {
                if waiting.is_some()
                    && let Some(place) = signature_of(&mut part)
                {
                    *place = waiting.take();
                }
                restored.push(part);
            }
        }
    }
    restored
}

/// A token on its own.
fn bare(signature: Option<String>) -> Part {
    Part::Text {
        text: String::new(),
        cache: None,
        citations: None,
        signature,
    }
}

fn carried(part: &Part) -> Option<(&'static str, &str)> {
    let Part::Thinking {
        signature: Some(data),
        redacted: true,
        ..
    } = part
    else {
        return None;
    };
    [NEXT, PREVIOUS]
        .into_iter()
        .find_map(|mark| Some((mark, data.strip_prefix(mark)?)))
}

fn signature_of(part: &mut Part) -> Option<&mut Option<String>> {
    match part {
        Part::Text { signature, .. } | Part::ToolCall { signature, .. } => Some(signature),
        _ => None,
    }
}
