//! What is asked, read from a caller and written for a provider.

mod messages;
#[cfg(test)]
mod properties;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::read_request;
pub(crate) use read::role;
pub use write::{Accepts, write_request, write_request_for};

/// Members that only this dialect and its relatives have, and that go out again as they came in. Whatever else rides in
/// `extra` is another dialect's. `metadata` is not among them: Anthropic has one of its own.
pub(super) const OWN: &[&str] = &[
    "audio",
    "chat_template_kwargs",
    "function_call",
    "functions",
    "modalities",
    "models",
    "plugins",
    "prediction",
    "prompt_cache_key",
    "prompt_cache_retention",
    "provider",
    "repetition_penalty",
    "response_format",
    "route",
    "safe_prompt",
    "safety_identifier",
    "store",
    "top_a",
    "transforms",
    "verbosity",
    "web_search_options",
];

/// The same for messages.
pub(super) const OWN_IN_MESSAGES: &[&str] = &["function_call", "prefix", "weight"];
