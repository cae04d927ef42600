//! Why an answer ended: this dialect's words, and those of its relatives.

use crate::chat::Finish;

/// Reads the word. `calls` = the answer has tool calls: some servers say `stop` all the same.
pub(crate) fn finish_of(word: &str, calls: bool) -> Finish {
    match word {
        "stop" | "eos" | "end_turn" | "stop_sequence" | "complete" | "" if calls => {
            Finish::ToolCalls
        }
        "stop" | "eos" | "end_turn" | "stop_sequence" | "complete" | "" => Finish::Stop,
        // Mistral's `model_length` is the end of the context.
        "length" | "max_tokens" | "model_length" | "MAX_TOKENS" => Finish::Length,
        "tool_calls" | "function_call" | "tool_use" => Finish::ToolCalls,
        "content_filter" | "safety" | "SAFETY" => Finish::ContentFilter,
        "refusal" => Finish::Refusal,
        // DeepSeek's for a machine that gave up midway.
        "error" | "insufficient_system_resource" => Finish::Failed,
        other => Finish::Other(other.to_owned()),
    }
}

/// OpenAI's word; its clients know no others but `error`, which OpenRouter made known.
pub(crate) fn finish_word(finish: &Finish) -> &str {
    match finish {
        Finish::Stop | Finish::Pause => "stop",
        Finish::Length => "length",
        Finish::ToolCalls => "tool_calls",
        Finish::ContentFilter | Finish::Refusal => "content_filter",
        Finish::Failed => "error",
        Finish::Other(word) => word,
    }
}
