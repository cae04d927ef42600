//! Why Gemini's answers end.

use crate::chat::Finish;

/// A `finishReason` in the common form. Gemini says `STOP` also when it wants tools to be called.
pub(super) fn finish(reason: &str, has_calls: bool) -> Finish {
    match reason {
        "STOP" if has_calls => Finish::ToolCalls,
        "STOP" => Finish::Stop,
        "MAX_TOKENS" => Finish::Length,
        "SAFETY"
        | "RECITATION"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION"
        | "MODEL_ARMOR"
        | "JAILBREAK" => Finish::ContentFilter,
        // The model wrote something that Gemini itself cannot read; another try may go well.
        "MALFORMED_FUNCTION_CALL"
        | "MALFORMED_RESPONSE"
        | "UNEXPECTED_TOOL_CALL"
        | "TOO_MANY_TOOL_CALLS"
        | "MISSING_THOUGHT_SIGNATURE"
        | "NO_IMAGE"
        | "IMAGE_OTHER" => Finish::Failed,
        word => Finish::Other(word.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_the_same_in_every_dialect() {
        for (reason, has_calls, expected) in [
            ("STOP", false, Finish::Stop),
            ("STOP", true, Finish::ToolCalls),
            ("MAX_TOKENS", false, Finish::Length),
            ("MAX_TOKENS", true, Finish::Length),
            ("SAFETY", false, Finish::ContentFilter),
            ("RECITATION", false, Finish::ContentFilter),
            ("PROHIBITED_CONTENT", false, Finish::ContentFilter),
            ("MALFORMED_FUNCTION_CALL", false, Finish::Failed),
            ("LANGUAGE", false, Finish::Other("LANGUAGE".to_owned())),
        ] {
            assert_eq!(finish(reason, has_calls), expected, "{reason}");
        }
    }
}
