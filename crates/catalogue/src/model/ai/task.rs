//! What models do, and the languages in which they are asked.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a model is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Continue a conversation.
    Chat,
    /// Turn texts into vectors.
    Embeddings,
    /// Read a text aloud.
    Speech,
    /// Write down what is said.
    Transcription,
    /// Write down in English what is said in any language.
    Translation,
    /// Paint.
    Images,
    /// Say what of a text is harmful.
    Moderation,
    /// Put documents in order of relevance.
    Rerank,
}

impl Task {
    /// All tasks, in the order of the list.
    pub const ALL: [Self; 8] = [
        Self::Chat,
        Self::Embeddings,
        Self::Speech,
        Self::Transcription,
        Self::Translation,
        Self::Images,
        Self::Moderation,
        Self::Rerank,
    ];

    /// Its name: that of its operation.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Embeddings => "embeddings",
            Self::Speech => "speech",
            Self::Transcription => "transcription",
            Self::Translation => "translation",
            Self::Images => "images",
            Self::Moderation => "moderation",
            Self::Rerank => "rerank",
        }
    }

    /// The task of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|task| task.as_str() == name)
    }
}

impl fmt::Display for Task {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The shape of requests and answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// OpenAI's, which most providers speak. Reranking, which OpenAI has not, is Cohere's shape, which the others took over.
    #[serde(rename = "openai")]
    OpenAi,
    /// Anthropic's messages.
    Anthropic,
    /// Gemini's own `generateContent`.
    Gemini,
    /// Ollama's own `/api/chat`.
    Ollama,
}

impl Dialect {
    /// Its name in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Ollama => "ollama",
        }
    }

    /// Where a task is asked for below the base URL, and where its stream is if that is elsewhere. `{model}` stands for
    /// the model's id. None where the dialect has no such task.
    #[must_use]
    pub fn path(self, task: Task) -> Option<(&'static str, Option<&'static str>)> {
        let path = match (self, task) {
            (Self::OpenAi, Task::Chat) => "/chat/completions",
            (Self::OpenAi, Task::Embeddings) => "/embeddings",
            (Self::OpenAi, Task::Speech) => "/audio/speech",
            (Self::OpenAi, Task::Transcription) => "/audio/transcriptions",
            (Self::OpenAi, Task::Translation) => "/audio/translations",
            (Self::OpenAi, Task::Images) => "/images/generations",
            (Self::OpenAi, Task::Moderation) => "/moderations",
            (Self::OpenAi, Task::Rerank) => "/rerank",
            (Self::Anthropic, Task::Chat) => "/v1/messages",
            (Self::Gemini, Task::Chat) => {
                return Some((
                    "/models/{model}:generateContent",
                    Some("/models/{model}:streamGenerateContent?alt=sse"),
                ));
            }
            (Self::Gemini, Task::Embeddings) => "/models/{model}:batchEmbedContents",
            (Self::Ollama, Task::Chat) => "/api/chat",
            (Self::Ollama, Task::Embeddings) => "/api/embed",
            (Self::Anthropic | Self::Gemini | Self::Ollama, _) => return None,
        };
        Some((path, None))
    }
}
