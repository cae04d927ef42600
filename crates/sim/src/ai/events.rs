//! An answer as the events of a stream, and the events as pieces in each dialect.

use bytes::Bytes;
use guichet_catalogue::model::Dialect;
use guichet_dialects::anthropic;
use guichet_dialects::chat::{Answer, Choice, Event, Part, Usage};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};

use super::voice::Voice;
use super::{chunks, gemini, mind, ollama};
use crate::alphabet::{Part as Place, Piece, Stream};
use crate::pacing::Pacing;

/// An answer as a stream in this voice. `usage` says whether the caller asked for it.
#[must_use]
pub fn stream(voice: Voice, answer: &Answer, usage: bool, pacing: Pacing) -> Stream {
    let events = events(answer, pacing.chunks);
    let pieces = match voice.dialect {
        Dialect::OpenAi => chunks::pieces(voice, &events, usage),
        Dialect::Anthropic => anthropic_pieces(&events),
        Dialect::Gemini => gemini::pieces(answer, &events),
        Dialect::Ollama => ollama::pieces(answer, &events),
    };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(voice.content_type()));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Stream {
        voice,
        headers,
        pieces,
        pacing,
    }
}

/// The events of a whole answer; texts in at most `most` pieces.
pub(crate) fn events(answer: &Answer, most: Option<usize>) -> Vec<Event> {
    let usage = answer.usage.unwrap_or_default();
    let mut events = vec![Event::Start {
        id: answer.id.clone(),
        model: answer.model.clone(),
        created: answer.created,
        usage: Some(Usage {
            input: usage.input,
            ..Usage::default()
        }),
    }];
    for choice in &answer.choices {
        say(choice, most, &mut events);
    }
    for choice in &answer.choices {
        events.push(Event::Finish {
            choice: choice.index,
            reason: choice.finish.clone(),
            stop_sequence: choice.stop_sequence.clone(),
        });
    }
    events.push(Event::Usage(usage));
    events.push(Event::End);
    events
}

fn say(said: &Choice, most: Option<usize>, events: &mut Vec<Event>) {
    let choice = said.index;
    let mut calls = 0;
    for part in &said.parts {
        match part {
            Part::Text {
                text, signature, ..
            } => {
                let texts = mind::pieces(text, most).map(str::to_owned);
                events.extend(texts.map(|text| Event::Text { choice, text }));
                let signature = signature.clone();
                events.extend(signature.map(|signature| Event::Signature { choice, signature }));
            }
            Part::Thinking {
                text, signature, ..
            } => {
                let texts = mind::pieces(text, most).map(str::to_owned);
                events.extend(texts.map(|text| Event::Thinking { choice, text }));
                let signature = signature.clone();
                events.extend(signature.map(|signature| Event::Signature { choice, signature }));
            }
            Part::ToolCall {
                id,
                name,
                arguments,
                signature,
                ..
            } => {
                events.push(Event::ToolCall {
                    choice,
                    call: calls,
                    id: id.clone(),
                    name: name.clone(),
                    signature: signature.clone(),
                });
                let fragments = halves(arguments).map(|fragment| Event::Arguments {
                    choice,
                    call: calls,
                    fragment: fragment.to_owned(),
                });
                events.extend(fragments);
                calls += 1;
            }
            part => events.push(Event::Whole {
                choice,
                part: part.clone(),
            }),
        }
    }
    if let Some(value) = said.logprobs.clone() {
        events.push(Event::Logprobs { choice, value });
    }
}

/// Arguments come in fragments that are no JSON by themselves.
fn halves(text: &str) -> impl Iterator<Item = &str> {
    let middle = text.len() / 2;
    let middle = (middle..=text.len()).find(|at| text.is_char_boundary(*at));
    let (first, second) = text.split_at(middle.unwrap_or(0));
    [first, second].into_iter().filter(|half| !half.is_empty())
}

/// Where events of this kind stand in a stream that has said something, or not yet.
pub(crate) fn place(event: &Event, begun: bool) -> Place {
    match event {
        event if event.is_semantic() => Place::Said,
        Event::Finish { .. } | Event::Usage(_) | Event::End => Place::Closing,
        _ if begun => Place::Said,
        _ => Place::Opening,
    }
}

/// Collects pieces; what says nothing is left out.
#[derive(Default)]
pub(crate) struct Pieces {
    pieces: Vec<Piece>,
    begun: bool,
}

impl Pieces {
    pub(crate) fn add(&mut self, event: &Event, bytes: Vec<u8>) {
        let part = place(event, self.begun);
        self.begun |= part == Place::Said;
        self.put(part, bytes);
    }

    pub(crate) fn put(&mut self, part: Place, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.pieces.push(Piece {
                part,
                bytes: Bytes::from(bytes),
            });
        }
    }

    pub(crate) fn done(self) -> Vec<Piece> {
        self.pieces
    }
}

fn anthropic_pieces(events: &[Event]) -> Vec<Piece> {
    let mut writer = anthropic::StreamWriter::default();
    let mut pieces = Pieces::default();
    for event in events {
        let mut out = Vec::new();
        writer.write(event, &mut out);
        if matches!(event, Event::Start { .. }) {
            writer.write(&Event::KeepAlive, &mut out);
        }
        pieces.add(event, out);
    }
    pieces.done()
}
