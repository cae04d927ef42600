//! Gemini's `usageMetadata`.

use serde::Deserialize;

use crate::chat::Usage;

/// As Gemini writes it. Cumulative: that of a later chunk replaces that of an earlier one.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Wire {
    prompt_token_count: Option<u64>,
    tool_use_prompt_token_count: Option<u64>,
    cached_content_token_count: Option<u64>,
    candidates_token_count: Option<u64>,
    thoughts_token_count: Option<u64>,
    total_token_count: Option<u64>,
    prompt_tokens_details: Option<Vec<OfModality>>,
    candidates_tokens_details: Option<Vec<OfModality>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfModality {
    modality: Option<String>,
    token_count: Option<u64>,
}

impl Wire {
    /// In the common form, whose `output` has the thoughts in it and Gemini's `candidatesTokenCount` has not.
    pub(super) fn usage(&self) -> Usage {
        let input = self
            .prompt_token_count
            .unwrap_or(0)
            .saturating_add(self.tool_use_prompt_token_count.unwrap_or(0));
        let output = match (self.candidates_token_count, self.total_token_count) {
            (Some(written), _) => written.saturating_add(self.thoughts_token_count.unwrap_or(0)),
            (None, Some(total)) => total.saturating_sub(input),
            (None, None) => self.thoughts_token_count.unwrap_or(0),
        };
        Usage {
            input,
            output,
            cached: self.cached_content_token_count,
            cache_written: None,
            reasoning: self.thoughts_token_count,
            input_audio: audio(self.prompt_tokens_details.as_deref()),
            output_audio: audio(self.candidates_tokens_details.as_deref()),
        }
    }
}

fn audio(details: Option<&[OfModality]>) -> Option<u64> {
    details?
        .iter()
        .find(|detail| detail.modality.as_deref() == Some("AUDIO"))?
        .token_count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(json: &str) -> Usage {
        serde_json::from_str::<Wire>(json).unwrap().usage()
    }

    #[test]
    fn thoughts_are_part_of_the_output() {
        let usage = usage(
            r#"{"promptTokenCount": 40, "cachedContentTokenCount": 32, "candidatesTokenCount": 10,
                "thoughtsTokenCount": 90, "toolUsePromptTokenCount": 5, "totalTokenCount": 145,
                "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 33}, {"modality": "AUDIO", "tokenCount": 7}]}"#,
        );
        assert_eq!((usage.input, usage.output), (45, 100));
        assert_eq!(usage.total(), 145);
        assert_eq!((usage.cached, usage.reasoning), (Some(32), Some(90)));
        assert_eq!((usage.input_audio, usage.output_audio), (Some(7), None));
    }

    #[test]
    fn what_was_written_follows_from_the_total_where_it_is_not_said() {
        // An answer that thought and was cut off before its first word has no `candidatesTokenCount`.
        let usage =
            usage(r#"{"promptTokenCount": 8, "thoughtsTokenCount": 61, "totalTokenCount": 69}"#);
        assert_eq!((usage.input, usage.output), (8, 61));
    }
}
