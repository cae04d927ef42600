//! A request written in a provider's dialect, and what could not be said in it.

/// A body for a provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// The bytes to send: JSON.
    pub body: Vec<u8>,
    /// The caller's fields that this dialect cannot say, in a fixed order: `logit_bias`, `messages[1].content[0].image_url` …
    pub dropped: Vec<String>,
}
