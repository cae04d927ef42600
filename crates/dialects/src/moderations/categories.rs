//! The categories' names.

/// Those that official clients expect in every judgement, whoever judged.
///
/// Source: openai-python 3.54, `types/moderation.py`.
pub const CATEGORIES: [&str; 13] = [
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
];

/// Mistral's words for some of them. Source: <https://docs.mistral.ai/capabilities/guardrailing>.
const OTHERS: [(&str, &str); 5] = [
    ("hate_and_discrimination", "hate"),
    ("violence_and_threats", "violence"),
    ("dangerous_and_criminal_content", "illicit"),
    ("selfharm", "self-harm"),
    ("self_harm", "self-harm"),
];

/// OpenAI's word for a provider's; what has none (`pii`, `health`, `law`) keeps its own.
#[must_use]
pub fn category(word: &str) -> &str {
    OTHERS
        .iter()
        .find(|(theirs, _)| *theirs == word)
        .map_or(word, |(_, ours)| ours)
}
