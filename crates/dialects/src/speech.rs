//! Speech from text: the common form. The answer is sound, and passed on as it comes.

use crate::chat::Extra;

/// A request for speech.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SpeechRequest {
    /// The model, as the caller names it.
    pub model: String,
    /// What is to be said.
    pub input: String,
    /// Whose voice; a name of the provider's.
    pub voice: String,
    /// `mp3`, `wav`, `opus` …; none = as the provider likes, which is `mp3` at most.
    pub format: Option<String>,
    /// 1 = as a person speaks.
    pub speed: Option<f64>,
    /// How it is to be said.
    pub instructions: Option<String>,
    /// What only the caller's dialect has.
    pub extra: Extra,
}

impl SpeechRequest {
    /// The media type of the answer, where the provider does not say it.
    #[must_use]
    pub fn media_type(&self) -> &'static str {
        match self.format.as_deref() {
            Some("wav") => "audio/wav",
            Some("opus" | "ogg") => "audio/ogg",
            Some("aac") => "audio/aac",
            Some("flac") => "audio/flac",
            Some("pcm") => "audio/pcm",
            _ => "audio/mpeg",
        }
    }
}
