//! A whole answer of `/api/chat`, and the shape that it shares with a line of a stream.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::calls::{CallIds, compact, hash};
use crate::chat::{Answer, Choice, Extra, Finish, Media, Part, Usage};
use crate::error::Malformed;
use crate::timestamp;

/// An answer, or a line of one.
#[derive(Deserialize)]
pub(super) struct Wire<'a> {
    pub(super) model: Option<String>,
    created_at: Option<String>,
    #[serde(borrow)]
    message: Option<Message<'a>>,
    pub(super) done: Option<bool>,
    done_reason: Option<String>,
    prompt_eval_count: Option<u64>,
    eval_count: Option<u64>,
    logprobs: Option<Vec<Value>>,
    #[serde(borrow)]
    pub(super) error: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Message<'a> {
    content: Option<String>,
    thinking: Option<String>,
    images: Option<Vec<String>>,
    #[serde(borrow)]
    tool_calls: Option<Vec<Call<'a>>>,
}

#[derive(Deserialize)]
struct Call<'a> {
    id: Option<String>,
    #[serde(borrow)]
    function: Function<'a>,
}

#[derive(Deserialize)]
struct Function<'a> {
    name: String,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

/// Reads a whole answer.
pub fn read_answer(body: &[u8]) -> Result<Answer, Malformed> {
    let mut wire = Wire::read(body)?;
    if wire.done != Some(true) {
        return Err(Malformed::new(
            "done",
            "must be true: the answer is not whole",
        ));
    }
    let parts = wire.parts(&mut CallIds::default());
    let has_calls = parts
        .iter()
        .any(|part| matches!(part, Part::ToolCall { .. }));
    Ok(Answer {
        id: wire.id(),
        created: wire.created(),
        usage: wire.usage(),
        choices: vec![Choice {
            index: 0,
            finish: wire.finish(has_calls),
            logprobs: wire.logprobs(),
            parts,
            stop_sequence: None,
        }],
        model: wire.model.unwrap_or_default(),
        extra: Extra::new(),
    })
}

impl<'a> Wire<'a> {
    /// Reads the shape. The reason does not repeat what was said: it may stand in a log.
    pub(super) fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        serde_json::from_slice(body).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Malformed::new(
                "",
                format!("is not an answer of Ollama (line {line}, column {column})"),
            )
        })
    }

    /// Ollama gives no id; the model and the time to the nanosecond make one.
    pub(super) fn id(&self) -> String {
        let texts = [self.model.as_deref(), self.created_at.as_deref()];
        format!("chatcmpl-{:016x}", hash(texts.into_iter().flatten()))
    }

    pub(super) fn created(&self) -> Option<i64> {
        self.created_at.as_deref().and_then(timestamp::seconds)
    }

    /// What is said, in order: thoughts, words, pictures, calls.
    pub(super) fn parts(&mut self, ids: &mut CallIds) -> Vec<Part> {
        let message = self.message.take().unwrap_or_default();
        let mark = self.created_at.as_deref().unwrap_or_default();
        let full = |text: Option<String>| text.filter(|text| !text.is_empty());
        let thinking = full(message.thinking).map(|text| Part::Thinking {
            text,
            signature: None,
            redacted: false,
        });
        let words = full(message.content).map(Part::text);
        let images = message.images.unwrap_or_default().into_iter().map(image);
        let calls = message.tool_calls.unwrap_or_default().into_iter();
        let calls = calls.map(|call| tool_call(call, ids, mark));
        let said = thinking.into_iter().chain(words);
        said.chain(images).chain(calls).collect()
    }

    /// Why it ended. Ollama says `stop` also when it wants tools to be called, and older servers say nothing.
    pub(super) fn finish(&self, has_calls: bool) -> Finish {
        match self.done_reason.as_deref() {
            Some("length") => Finish::Length,
            Some("stop" | "") | None if has_calls => Finish::ToolCalls,
            Some("stop" | "") | None => Finish::Stop,
            // `load`, `unload`: the server only moved the model; nothing was asked.
            Some(word) => Finish::Other(word.to_owned()),
        }
    }

    /// What it took. The server leaves out what is 0: of a prompt that it had seen before nothing is read again.
    pub(super) fn usage(&self) -> Option<Usage> {
        let (input, output) = (self.prompt_eval_count, self.eval_count);
        (input.is_some() || output.is_some()).then(|| Usage {
            input: input.unwrap_or(0),
            output: output.unwrap_or(0),
            ..Usage::default()
        })
    }

    /// Likelihoods, as OpenAI writes them: Ollama's tokens are the same, but for what it leaves out.
    pub(super) fn logprobs(&mut self) -> Option<Value> {
        let mut tokens = self.logprobs.take().filter(|tokens| !tokens.is_empty())?;
        for token in tokens.iter_mut().filter_map(Value::as_object_mut) {
            for (name, absent) in [("bytes", Value::Null), ("top_logprobs", json!([]))] {
                token.entry(name).or_insert(absent);
            }
        }
        Some(json!({ "content": tokens, "refusal": null }))
    }
}

fn tool_call(call: Call<'_>, ids: &mut CallIds, mark: &str) -> Part {
    let Function { name, arguments } = call.function;
    let arguments = arguments_of(arguments.map_or("", RawValue::get));
    Part::ToolCall {
        id: ids.next(call.id.as_deref(), &[mark, &name, &arguments]),
        name,
        arguments,
        signature: None,
        cache: None,
    }
}

/// Arguments are an object; some servers that speak this dialect give a text with JSON in it, as OpenAI does.
fn arguments_of(raw: &str) -> String {
    match raw {
        "" | "null" => "{}".to_owned(),
        text if text.starts_with('"') => serde_json::from_str(text)
            .ok()
            .filter(|text: &String| !text.is_empty())
            .unwrap_or_else(|| "{}".to_owned()),
        object => compact(object),
    }
}

/// Pictures come without their type; the first bytes tell it, here in base64.
fn image(data: String) -> Part {
    const TYPES: [(&str, &str); 3] = [
        ("/9j/", "image/jpeg"),
        ("R0lGOD", "image/gif"),
        ("UklGR", "image/webp"),
    ];
    let known = TYPES.iter().find(|(start, _)| data.starts_with(start));
    Part::Image {
        media: Media::Inline {
            media_type: known.map_or("image/png", |(_, name)| name).to_owned(),
            data,
        },
        detail: None,
        cache: None,
    }
}
