//! Anthropic's `usage`: there `input_tokens` leaves out what came from a cache or was put into one.

use serde::{Deserialize, Serialize};

use crate::chat::Usage;

/// `usage` as it stands in an answer, in `message_start` and, with fewer members, in `message_delta`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counts {
    #[serde(skip_serializing_if = "Option::is_none")]
    input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_creation_input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_read_input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens_details: Option<Details>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Details {
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_tokens: Option<u64>,
}

impl Counts {
    /// Takes a later report: all counts are cumulative, and what it leaves out stays as it was.
    pub(super) fn update(&mut self, later: Self) {
        let take = |old: &mut Option<u64>, new: Option<u64>| *old = new.or(*old);
        take(&mut self.input_tokens, later.input_tokens);
        take(
            &mut self.cache_creation_input_tokens,
            later.cache_creation_input_tokens,
        );
        take(
            &mut self.cache_read_input_tokens,
            later.cache_read_input_tokens,
        );
        take(&mut self.output_tokens, later.output_tokens);
        self.output_tokens_details = later.output_tokens_details.or(self.output_tokens_details);
    }

    /// In the common form: all that was read, cached or not.
    pub(super) fn common(self) -> Usage {
        let known = |count: Option<u64>| count.unwrap_or(0);
        Usage {
            input: known(self.input_tokens)
                .saturating_add(known(self.cache_read_input_tokens))
                .saturating_add(known(self.cache_creation_input_tokens)),
            output: known(self.output_tokens),
            cached: self.cache_read_input_tokens,
            cache_written: self.cache_creation_input_tokens,
            reasoning: self
                .output_tokens_details
                .and_then(|details| details.thinking_tokens),
            ..Usage::default()
        }
    }
}

impl From<Usage> for Counts {
    fn from(usage: Usage) -> Self {
        let cached = usage.cached.unwrap_or(0);
        let written = usage.cache_written.unwrap_or(0);
        Self {
            input_tokens: Some(usage.input.saturating_sub(cached).saturating_sub(written)),
            cache_creation_input_tokens: Some(written),
            cache_read_input_tokens: Some(cached),
            output_tokens: Some(usage.output),
            output_tokens_details: usage.reasoning.map(|thinking| Details {
                thinking_tokens: Some(thinking),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_cached_is_counted_once_in_each_convention() {
        let counts: Counts = serde_json::from_str(
            r#"{"input_tokens":10,"cache_read_input_tokens":900,"cache_creation_input_tokens":90,
                "output_tokens":7,"output_tokens_details":{"thinking_tokens":3},"service_tier":"standard"}"#,
        )
        .unwrap();
        let usage = counts.common();
        assert_eq!((usage.input, usage.output), (1000, 7));
        assert_eq!((usage.cached, usage.cache_written), (Some(900), Some(90)));
        assert_eq!(usage.reasoning, Some(3));
        assert_eq!(Counts::from(usage), counts);
    }

    #[test]
    fn a_later_report_replaces_what_it_names_and_keeps_the_rest() {
        let mut counts: Counts =
            serde_json::from_str(r#"{"input_tokens":25,"output_tokens":1}"#).unwrap();
        counts.update(serde_json::from_str(r#"{"output_tokens":15,"input_tokens":null}"#).unwrap());
        assert_eq!((counts.common().input, counts.common().output), (25, 15));
    }
}
