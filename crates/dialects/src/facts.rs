//! What choosing a provider must know of a chat request, whatever its dialect.
//!
//! **Invariant:** no text of the conversation is kept.

use crate::chat::{Effort, Format, Media, Part, Request, ToolChoice};

/// What a request needs, and how large it is.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a need of its own, and is asked for alone"
)]
pub struct Facts {
    /// The model, as the caller names it.
    pub model: Option<String>,
    /// Models in the order in which they are to be tried (OpenRouter's `models`).
    pub models: Vec<String>,
    /// Whether the answer comes as a stream.
    pub stream: bool,
    /// Whether the caller wants the usage at the stream's end.
    pub stream_usage: bool,
    /// How many answers; 0 = not said, which is one.
    pub choices: u64,
    /// The most tokens of an answer.
    pub max_tokens: Option<u64>,
    /// How many messages there are.
    pub messages: usize,
    /// How many tools may be called.
    pub tools: usize,
    /// Whether one of them must be.
    pub tool_forced: bool,
    /// Whether several may be called at once, where the caller says so.
    pub parallel_tool_calls: Option<bool>,
    /// The form of the text.
    pub format: FormatKind,
    /// How many pictures are shown.
    pub images: usize,
    /// How many sounds are played.
    pub audios: usize,
    /// How many documents are given.
    pub files: usize,
    /// Whether the answer is to be spoken.
    pub speaks: bool,
    /// Whether likelihoods of tokens are wanted.
    pub logprobs: bool,
    /// How tokens are drawn.
    pub temperature: Option<f64>,
    /// For answers that can be repeated.
    pub seed: Option<i64>,
    /// Whether the model is to think first.
    pub reasoning: bool,
    /// The size of all text: messages, calls, results, tools, schemas.
    pub text: TextSize,
}

/// The form of the text that is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FormatKind {
    /// Free.
    #[default]
    Free,
    /// Any JSON object.
    Json,
    /// JSON within a schema.
    Schema,
}

/// How much text there is, as far as tokens can be guessed from it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TextSize {
    /// Bytes of characters below U+0250: Latin letters, figures, marks.
    pub latin: u64,
    /// Characters of all other scripts.
    pub wide: u64,
}

impl TextSize {
    /// Counts a text.
    pub fn add(&mut self, text: &str) {
        if text.is_ascii() {
            self.latin += text.len() as u64;
            return;
        }
        for character in text.chars() {
            if (character as u32) < 0x250 {
                self.latin += character.len_utf8() as u64;
            } else {
                self.wide += 1;
            }
        }
    }
}

/// What a picture takes: 85 tokens and 170 for each tile of 512 pixels at OpenAI, 258 a tile at Google, up to 1,600 at
/// Anthropic. Nobody decodes pictures here, so all are of the middle.
const IMAGE: u64 = 1000;
/// A minute of speech: 32 tokens a second at Google, 10 at OpenAI; how long it is nobody measures here.
const AUDIO: u64 = 2000;
/// Some pages.
const FILE: u64 = 3000;
/// Role, marks of beginning and end (OpenAI's cookbook counts 3 and a name).
const MESSAGE: u64 = 4;

impl Facts {
    /// How many tokens the request is, roughly: four bytes of Latin text are one, a character of any other script is
    /// one; a message is four more, and what is not text is counted flat. It is meant to be rather too high than too
    /// low; what was really used is settled afterwards.
    #[must_use]
    pub fn estimate_input_tokens(&self) -> u64 {
        let count = |number: usize, each: u64| each.saturating_mul(number as u64);
        self.text
            .latin
            .div_ceil(4)
            .saturating_add(self.text.wide)
            .saturating_add(count(self.messages, MESSAGE))
            .saturating_add(count(self.images, IMAGE))
            .saturating_add(count(self.audios, AUDIO))
            .saturating_add(count(self.files, FILE))
    }

    /// Whether the same request should give the same answer, so that one can be kept.
    #[must_use]
    pub fn is_deterministic(&self) -> bool {
        self.temperature == Some(0.0) && self.choices <= 1
    }

    fn part(&mut self, part: &Part) {
        match part {
            Part::Text { text, .. } | Part::Thinking { text, .. } | Part::Refusal(text) => {
                self.text.add(text);
            }
            Part::Image { .. } => self.images += 1,
            Part::Audio { .. } => self.audios += 1,
            Part::File { media, .. } => self.file(media),
            Part::ToolCall {
                name, arguments, ..
            } => {
                self.text.add(name);
                self.text.add(arguments);
            }
            Part::ToolResult { parts, .. } => parts.iter().for_each(|part| self.part(part)),
            Part::Other { value } => self.text.add(&value.to_string()),
        }
    }

    /// A document that is nothing but text is counted as text.
    fn file(&mut self, media: &Media) {
        match media {
            Media::Inline { media_type, data } if media_type == "text/plain" => self.text.add(data),
            _ => self.files += 1,
        }
    }
}

impl From<&Request> for Facts {
    fn from(request: &Request) -> Self {
        let sampling = &request.sampling;
        let mut facts = Self {
            model: Some(request.model.clone()).filter(|model| !model.is_empty()),
            models: names(request.extra.get("models")),
            stream: request.stream,
            stream_usage: request.stream_usage,
            choices: sampling.choices.unwrap_or(0),
            max_tokens: sampling.max_tokens,
            messages: request.messages.len(),
            tools: request.tools.len(),
            tool_forced: matches!(
                request.tool_choice,
                Some(
                    ToolChoice::Required
                        | ToolChoice::Named(_)
                        | ToolChoice::Allowed { required: true, .. }
                )
            ),
            parallel_tool_calls: request.parallel_tool_calls,
            format: match &request.format {
                None | Some(Format::Text) => FormatKind::Free,
                Some(Format::Json) => FormatKind::Json,
                Some(Format::Schema { .. }) => FormatKind::Schema,
            },
            speaks: names(request.extra.get("modalities"))
                .iter()
                .any(|name| name == "audio"),
            logprobs: sampling.logprobs == Some(true),
            temperature: sampling.temperature,
            seed: sampling.seed,
            reasoning: request.reasoning.as_ref().is_some_and(|reasoning| {
                reasoning
                    .effort
                    .as_ref()
                    .is_some_and(|effort| *effort != Effort::None)
                    || reasoning.budget_tokens.is_some_and(|budget| budget != 0)
            }),
            ..Self::default()
        };
        for part in request.messages.iter().flat_map(|message| &message.parts) {
            facts.part(part);
        }
        for tool in &request.tools {
            facts.text.add(&tool.name);
            facts
                .text
                .add(tool.description.as_deref().unwrap_or_default());
            if let Some(schema) = &tool.parameters {
                facts.text.add(schema.text());
            }
            if let Some(tool) = &tool.built_in {
                facts.text.add(&tool.to_string());
            }
        }
        if let Some(Format::Schema { schema, .. }) = &request.format {
            facts.text.add(schema.text());
        }
        facts
    }
}

fn names(list: Option<&serde_json::Value>) -> Vec<String> {
    let list = list
        .and_then(serde_json::Value::as_array)
        .into_iter()
        .flatten();
    list.filter_map(|name| name.as_str().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latin_text_is_four_bytes_a_token_and_other_scripts_a_character() {
        let mut size = TextSize::default();
        size.add("abcdefgh");
        assert_eq!(size, TextSize { latin: 8, wide: 0 });
        size.add("é漢字🙂");
        assert_eq!(size, TextSize { latin: 10, wide: 3 });
        let facts = Facts {
            messages: 2,
            images: 1,
            text: size,
            ..Facts::default()
        };
        assert_eq!(facts.estimate_input_tokens(), 3 + 3 + 8 + 1000);
    }

    #[test]
    fn only_a_single_answer_without_chance_can_be_kept() {
        let facts = |temperature, choices| Facts {
            choices,
            temperature,
            ..Facts::default()
        };
        assert!(facts(Some(0.0), 0).is_deterministic());
        assert!(facts(Some(0.0), 1).is_deterministic());
        assert!(!facts(Some(0.0), 2).is_deterministic());
        assert!(!facts(Some(0.2), 1).is_deterministic());
        assert!(!facts(None, 1).is_deterministic(), "the default is warm");
    }
}
