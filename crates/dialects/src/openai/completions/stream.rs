//! A stream of texts, written from the events of the common form.

use std::collections::BTreeMap;

use super::answer::{finish_word, write_head};
use super::echo::Echo;
use super::likelihoods::Likelihoods;
use crate::chat::{Event, Part, Usage};
use crate::error::{DoorError, ErrorKind};
use crate::framing::write_frame;
use crate::openai::chat::{write_stream_error, write_usage};
use crate::openai::json::object;

/// Writes the stream of one request's answers.
#[derive(Debug)]
pub struct StreamWriter {
    echo: Echo,
    id: String,
    model: String,
    created: i64,
    usage: Option<Usage>,
    /// How many characters each answer that has begun has so far.
    lengths: BTreeMap<usize, usize>,
}

/// What one event adds to an answer.
#[derive(Default)]
struct Delta<'e> {
    text: &'e str,
    likelihoods: Option<Likelihoods>,
    finish: Option<&'static str>,
}

impl StreamWriter {
    /// For the answer to the request that `echo` repeats.
    #[must_use]
    pub fn new(echo: Echo) -> Self {
        Self {
            echo,
            id: String::new(),
            model: String::new(),
            created: 0,
            usage: None,
            lengths: BTreeMap::new(),
        }
    }

    /// Appends what an event is in this dialect. Thoughts and calls have no place in it.
    pub fn write(&mut self, event: &Event, out: &mut Vec<u8>) {
        match event {
            Event::Start {
                id,
                model,
                created,
                usage,
            } => {
                self.id.clone_from(id);
                self.model.clone_from(model);
                self.created = created.unwrap_or(0);
                self.usage = *usage;
            }
            Event::Text { choice, text }
            | Event::Refusal { choice, text }
            | Event::Whole {
                choice,
                part: Part::Text { text, .. } | Part::Refusal(text),
            } => {
                self.tell(
                    *choice,
                    Delta {
                        text,
                        ..Delta::default()
                    },
                    out,
                );
            }
            Event::Logprobs { choice, value } => self.weigh(*choice, value, out),
            Event::Finish { choice, reason, .. } => {
                let finish = Some(finish_word(reason));
                self.tell(
                    *choice,
                    Delta {
                        finish,
                        ..Delta::default()
                    },
                    out,
                );
            }
            Event::Usage(usage) => self.usage = Some(*usage),
            Event::KeepAlive => out.extend_from_slice(b": keep-alive\n\n"),
            Event::Failed(_) => write_stream_error(&broken_off(), out),
            Event::End => self.end(out),
            Event::Thinking { .. }
            | Event::Signature { .. }
            | Event::ToolCall { .. }
            | Event::Arguments { .. }
            | Event::Whole { .. }
            | Event::Citations { .. } => {}
        }
    }

    /// Likelihoods come after their text: their place is that many characters back.
    fn weigh(&mut self, choice: usize, value: &serde_json::Value, out: &mut Vec<u8>) {
        let length = self.lengths.get(&choice).copied().unwrap_or(0);
        let told = Likelihoods::of(value, 0).map_or(0, |told| told.characters());
        let likelihoods = Likelihoods::of(value, length.saturating_sub(told));
        self.tell(
            choice,
            Delta {
                likelihoods,
                ..Delta::default()
            },
            out,
        );
    }

    fn tell(&mut self, choice: usize, delta: Delta<'_>, out: &mut Vec<u8>) {
        if let Some(prompt) = self.begin(choice) {
            self.chunk(
                choice,
                Delta {
                    text: &prompt,
                    ..Delta::default()
                },
                out,
            );
        }
        self.chunk(choice, delta, out);
    }

    /// The prompt, if it is to come before the answer, and it has not begun.
    fn begin(&mut self, choice: usize) -> Option<String> {
        if self.lengths.contains_key(&choice) {
            return None;
        }
        self.lengths.insert(choice, 0);
        self.echo.prompt.clone()
    }

    fn chunk(&mut self, choice: usize, delta: Delta<'_>, out: &mut Vec<u8>) {
        if let Some(length) = self.lengths.get_mut(&choice) {
            *length += delta.text.chars().count();
        }
        let mut data = Vec::with_capacity(192 + delta.text.len());
        object(&mut data, |body| {
            write_head(body, &self.id, self.created, &self.model);
            body.list("choices", [delta], |out, delta| {
                object(out, |body| {
                    body.put("text", delta.text);
                    body.put("index", choice);
                    body.put("logprobs", delta.likelihoods);
                    body.put("finish_reason", delta.finish);
                });
            });
        });
        write_frame(out, None, &data);
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if self.echo.usage
            && let Some(usage) = &self.usage
        {
            let mut data = Vec::new();
            object(&mut data, |body| {
                write_head(body, &self.id, self.created, &self.model);
                body.put("choices", [(); 0]);
                write_usage(body, usage);
            });
            write_frame(out, None, &data);
        }
        write_frame(out, None, b"[DONE]");
    }
}

/// A provider's own words are for the operator.
fn broken_off() -> DoorError {
    DoorError {
        status: 502,
        kind: ErrorKind::Upstream,
        message: "the answer broke off; what came of it so far is not whole".to_owned(),
        param: None,
        code: None,
        request_id: None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::chat::Finish;

    fn written(echo: Echo, events: &[Event]) -> String {
        let mut writer = StreamWriter::new(echo);
        let mut out = Vec::new();
        for event in events {
            writer.write(event, &mut out);
        }
        String::from_utf8(out).unwrap()
    }

    fn start() -> Event {
        Event::Start {
            id: "1".to_owned(),
            model: "m-1".to_owned(),
            created: Some(1_700_000_000),
            usage: None,
        }
    }

    #[test]
    fn texts_come_after_their_prompt_and_the_usage_after_them() {
        let echo = Echo {
            prompt: Some("Once".to_owned()),
            usage: true,
        };
        let text = |text: &str| Event::Text {
            choice: 0,
            text: text.to_owned(),
        };
        insta::assert_snapshot!(written(
            echo,
            &[
                start(),
                Event::Thinking {
                    choice: 0,
                    text: "Hm.".to_owned()
                },
                text(" upon"),
                Event::Logprobs {
                    choice: 0,
                    value: json!({"content": [{"token": " upon", "logprob": -0.5}]})
                },
                Event::KeepAlive,
                text(" a"),
                Event::Finish {
                    choice: 0,
                    reason: Finish::Stop,
                    stop_sequence: None
                },
                Event::Usage(Usage {
                    input: 1,
                    output: 2,
                    ..Usage::default()
                }),
                Event::End,
            ]
        ));
    }

    #[test]
    fn a_failure_midway_is_an_error_and_no_end() {
        let stream = written(
            Echo::default(),
            &[
                start(),
                Event::Failed(crate::error::ProviderError::default()),
            ],
        );
        assert!(stream.starts_with("data: {\"error\":"), "{stream}");
        assert!(!stream.contains("[DONE]"));
    }
}
