//! What an answer took: this dialect's members, and where its relatives put them.

use serde_json::Value;

use crate::{
    chat::Usage,
    openai::{fields::whole, json::Object},
};

/// Reads a `usage`. None where it tells nothing.
pub(crate) fn read_usage(usage: &Value) -> Option<Usage> {
    let count = |name: &str| usage.get(name).and_then(whole);
    let of = |part: &str, name: &str| usage.get(part)?.get(name).and_then(whole);
    let (prompt, completion) = ("prompt_tokens_details", "completion_tokens_details");
    Tokens {
        // The Responses API, and embeddings of some, name them `input_tokens`.
        input: count("prompt_tokens").or_else(|| count("input_tokens")),
        output: count("completion_tokens").or_else(|| count("output_tokens")),
        total: count("total_tokens"),
        cached: of(prompt, "cached_tokens")
            .or_else(|| of("input_tokens_details", "cached_tokens"))
            // DeepSeek's, and Moonshot's.
            .or_else(|| count("prompt_cache_hit_tokens"))
            .or_else(|| count("cached_tokens")),
        cache_written: of(prompt, "cache_write_tokens"),
        reasoning: of(completion, "reasoning_tokens")
            .or_else(|| of("output_tokens_details", "reasoning_tokens")),
        input_audio: of(prompt, "audio_tokens"),
        output_audio: of(completion, "audio_tokens"),
    }
    .usage()
}

/// The counts as they are told.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    pub(crate) input: Option<u64>,
    pub(crate) output: Option<u64>,
    pub(crate) total: Option<u64>,
    pub(crate) cached: Option<u64>,
    pub(crate) cache_written: Option<u64>,
    pub(crate) reasoning: Option<u64>,
    pub(crate) input_audio: Option<u64>,
    pub(crate) output_audio: Option<u64>,
}

impl Tokens {
    /// What they mean. xAI and Gemini leave thoughts out of `completion_tokens`, but not out of `total_tokens`: what is
    /// missing from the sum was thought.
    pub(crate) fn usage(self) -> Option<Usage> {
        if self.input.is_none() && self.output.is_none() && self.total.is_none() {
            return None;
        }
        let input = self.input.unwrap_or(0);
        let told = self.output.unwrap_or(0);
        let total = self.total.filter(|_| self.input.is_some());
        let missing = total.map_or(0, |total| total.saturating_sub(input.saturating_add(told)));
        Some(Usage {
            input,
            output: told.saturating_add(missing),
            cached: self.cached,
            cache_written: self.cache_written,
            reasoning: self.reasoning.or((missing > 0).then_some(missing)),
            input_audio: self.input_audio,
            output_audio: self.output_audio,
        })
    }
}

/// Writes a `usage`.
pub(crate) fn write_usage(object: &mut Object<'_>, usage: &Usage) {
    object.object("usage", |out| {
        out.put("prompt_tokens", usage.input);
        out.put("completion_tokens", usage.output);
        out.put("total_tokens", usage.input.saturating_add(usage.output));
        if usage.cached.is_some() || usage.cache_written.is_some() || usage.input_audio.is_some() {
            out.object("prompt_tokens_details", |details| {
                details.some("cached_tokens", usage.cached);
                details.some("cache_write_tokens", usage.cache_written);
                details.some("audio_tokens", usage.input_audio);
            });
        }
        if usage.reasoning.is_some() || usage.output_audio.is_some() {
            out.object("completion_tokens_details", |details| {
                details.some("reasoning_tokens", usage.reasoning);
                details.some("audio_tokens", usage.output_audio);
            });
        }
    });
}
