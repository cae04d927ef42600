//! Why an answer ended: `stop_reason` and [`Finish`].

use crate::chat::Finish;

/// Reads a `stop_reason`.
pub(super) fn read(reason: &str) -> Finish {
    match reason {
        "end_turn" | "stop_sequence" => Finish::Stop,
        "max_tokens" | "model_context_window_exceeded" => Finish::Length,
        "tool_use" => Finish::ToolCalls,
        "refusal" => Finish::Refusal,
        "pause_turn" => Finish::Pause,
        other => Finish::Other(other.to_owned()),
    }
}

/// The `stop_reason` to write. Clients go on to run tools only on `tool_use`, so an answer with calls says that even
/// where its provider said that it merely stopped.
pub(super) fn write(finish: &Finish, stop_sequence: Option<&str>, called: bool) -> &'static str {
    match finish {
        Finish::Stop | Finish::Other(_) if called => "tool_use",
        Finish::Stop if stop_sequence.is_some() => "stop_sequence",
        Finish::Stop | Finish::Other(_) => "end_turn",
        // Cut off: of Anthropic's words this one tells a client that the answer is not whole.
        Finish::Length | Finish::Failed => "max_tokens",
        Finish::ToolCalls => "tool_use",
        Finish::ContentFilter | Finish::Refusal => "refusal",
        Finish::Pause => "pause_turn",
    }
}
