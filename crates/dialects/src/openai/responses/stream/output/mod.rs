//! The items of a stream's answer as they grow, and the events that tell of it.

mod closing;

use serde_json::Value;

use super::super::carried::encrypted;
use super::super::item::{Content, Item, Maker, Summary};
use super::super::response::{Outcome, refuses};
use super::super::sources::{annotations, likelihoods};
use super::sender::{Place, Sender};
use crate::chat::{Event, Part};

/// What the model has said so far.
#[derive(Debug, Default)]
pub(super) struct Output {
    maker: Maker,
    items: Vec<Entry>,
    /// The message or the thought that goes on.
    current: Option<usize>,
    /// Where the calls are among the items: by the place that events call them by.
    calls: Vec<(usize, usize)>,
    /// The number of the next event.
    pub(super) sequence: u64,
}

#[derive(Debug)]
struct Entry {
    item: Item,
    open: bool,
}

impl Output {
    /// Ids of items come from the response's.
    pub(super) fn name(&mut self, response_id: &str) {
        self.maker = Maker::new(response_id);
    }

    pub(super) fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().map(|entry| &entry.item)
    }

    /// Whether the model declined in words.
    pub(super) fn refuses(&self) -> bool {
        self.items().any(refuses)
    }

    /// Takes a piece of the answer; what is not one is passed over.
    pub(super) fn write(&mut self, event: &Event, out: &mut Vec<u8>) {
        match event {
            Event::Text { text, .. } => self.text(text, out),
            Event::Refusal { text, .. } => self.refusal(text, out),
            Event::Thinking { text, .. } => self.thought(text, out),
            Event::Signature { signature, .. } => self.sign(signature, out),
            Event::ToolCall {
                call,
                id,
                name,
                signature,
                ..
            } => {
                self.close_current(out);
                let item = self.maker.call(id, name, signature.as_deref());
                let place = self.open(item, out);
                self.calls.push((*call, place));
            }
            Event::Arguments { call, fragment, .. } => self.arguments(*call, fragment, out),
            Event::Whole { part, .. } => self.whole(part, out),
            Event::Citations { value, .. } => self.cite(value, out),
            Event::Logprobs { value, .. } => self.weigh(value),
            Event::Start { .. }
            | Event::Finish { .. }
            | Event::Usage(_)
            | Event::KeepAlive
            | Event::Failed(_)
            | Event::End => {}
        }
    }

    fn text(&mut self, delta: &str, out: &mut Vec<u8>) {
        let (item, piece) = self.piece(false, out);
        if let Some((Content::OutputText { text, .. }, place, mut sender)) =
            self.piece_at(item, piece, out)
        {
            text.push_str(delta);
            sender.send("response.output_text.delta", |event| {
                place.write(event);
                event.put("delta", delta);
                event.put("logprobs", [(); 0]);
            });
        }
    }

    fn refusal(&mut self, delta: &str, out: &mut Vec<u8>) {
        let (item, piece) = self.piece(true, out);
        if let Some((Content::Refusal { refusal }, place, mut sender)) =
            self.piece_at(item, piece, out)
        {
            refusal.push_str(delta);
            sender.send("response.refusal.delta", |event| {
                place.write(event);
                event.put("delta", delta);
            });
        }
    }

    /// The item and the piece to go on with: a message, whose last piece is of the kind.
    fn piece(&mut self, refusal: bool, out: &mut Vec<u8>) -> (usize, usize) {
        let item = match self.current {
            Some(place)
                if matches!(
                    self.items[place].item,
                    Item::Message {
                        extra_content: None,
                        ..
                    }
                ) =>
            {
                place
            }
            _ => {
                self.close_current(out);
                let message = self.maker.message();
                let place = self.open(message, out);
                self.current = Some(place);
                place
            }
        };
        let Item::Message { content, .. } = &self.items[item].item else {
            return (item, 0);
        };
        let last = content.len();
        match content.last() {
            Some(Content::Refusal { .. }) if refusal => return (item, last - 1),
            Some(Content::OutputText { .. }) if !refusal => return (item, last - 1),
            Some(_) => self.close_piece(item, out),
            None => {}
        }
        let piece = if refusal {
            Content::Refusal {
                refusal: String::new(),
            }
        } else {
            Content::OutputText {
                text: String::new(),
                annotations: Vec::new(),
                logprobs: Vec::new(),
            }
        };
        self.begin_piece(item, piece, out);
        (item, last)
    }

    fn begin_piece(&mut self, item: usize, piece: Content, out: &mut Vec<u8>) {
        let mut sender = Sender {
            out,
            sequence: &mut self.sequence,
        };
        if let Item::Message { id, content, .. } = &mut self.items[item].item {
            let place = Place {
                id,
                item,
                piece: Some(content.len()),
                summary: None,
            };
            sender.send("response.content_part.added", |event| {
                place.write(event);
                event.put("part", &piece);
            });
            content.push(piece);
        }
    }

    fn piece_at<'s>(
        &'s mut self,
        item: usize,
        piece: usize,
        out: &'s mut Vec<u8>,
    ) -> Option<(&'s mut Content, Place<'s>, Sender<'s>)> {
        let sender = Sender {
            out,
            sequence: &mut self.sequence,
        };
        match &mut self.items.get_mut(item)?.item {
            Item::Message { id, content, .. } => {
                let place = Place {
                    id,
                    item,
                    piece: Some(piece),
                    summary: None,
                };
                Some((content.get_mut(piece)?, place, sender))
            }
            _ => None,
        }
    }

    fn thought(&mut self, delta: &str, out: &mut Vec<u8>) {
        let item = match self.current {
            // A thought that has its token is over; the next words are another.
            Some(place)
                if matches!(
                    self.items[place].item,
                    Item::Reasoning {
                        encrypted_content: None,
                        ..
                    }
                ) =>
            {
                place
            }
            _ => self.begin_thought(out),
        };
        let mut sender = Sender {
            out,
            sequence: &mut self.sequence,
        };
        let Item::Reasoning { id, summary, .. } = &mut self.items[item].item else {
            return;
        };
        let place = Place {
            id,
            item,
            piece: None,
            summary: Some(0),
        };
        if summary.is_empty() {
            let empty = Summary::SummaryText {
                text: String::new(),
            };
            sender.send("response.reasoning_summary_part.added", |event| {
                place.write(event);
                event.put("part", &empty);
            });
            summary.push(empty);
        }
        if let Some(Summary::SummaryText { text }) = summary.last_mut() {
            text.push_str(delta);
        }
        sender.send("response.reasoning_summary_text.delta", |event| {
            place.write(event);
            event.put("delta", delta);
        });
    }

    fn begin_thought(&mut self, out: &mut Vec<u8>) -> usize {
        self.close_current(out);
        let thought = self.maker.thought();
        let place = self.open(thought, out);
        self.current = Some(place);
        place
    }

    /// A token belongs to what goes on, or to what came last; before anything, it is a thought of its own.
    fn sign(&mut self, signature: &str, out: &mut Vec<u8>) {
        let open = self.items.iter().rposition(|entry| entry.open);
        let place = match self.current.or(open) {
            Some(place) => place,
            None => self.begin_thought(out),
        };
        self.items[place].item.sign(signature);
    }

    fn arguments(&mut self, call: usize, fragment: &str, out: &mut Vec<u8>) {
        let Some((_, place)) = self.calls.iter().rev().find(|(known, _)| *known == call) else {
            return;
        };
        let mut sender = Sender {
            out,
            sequence: &mut self.sequence,
        };
        if let Item::FunctionCall { id, arguments, .. } = &mut self.items[*place].item {
            arguments.push_str(fragment);
            let place = Place {
                id,
                item: *place,
                piece: None,
                summary: None,
            };
            sender.send("response.function_call_arguments.delta", |event| {
                place.write(event);
                event.put("delta", fragment);
            });
        }
    }

    fn whole(&mut self, part: &Part, out: &mut Vec<u8>) {
        match part {
            Part::Text {
                text,
                citations,
                signature,
                ..
            } => {
                self.text(text, out);
                if let Some(value) = citations {
                    self.cite(value, out);
                }
                if let Some(signature) = signature {
                    self.sign(signature, out);
                }
            }
            Part::Refusal(words) => self.refusal(words, out),
            Part::Thinking {
                text,
                signature,
                redacted,
            } => {
                self.begin_thought(out);
                if !text.is_empty() {
                    self.thought(text, out);
                }
                if let Some(token) = signature {
                    self.sign(&encrypted(token, *redacted), out);
                }
                self.close_current(out);
            }
            other => {
                self.close_current(out);
                if let Some(mut item) = self.maker.whole(other) {
                    item.set_progress(Outcome::InProgress.of_last_item());
                    let place = self.open(item, out);
                    self.close(place, Outcome::Completed, out);
                }
            }
        }
    }

    fn cite(&mut self, citations: &Value, out: &mut Vec<u8>) {
        let (item, piece) = self.piece(false, out);
        let Some((
            Content::OutputText {
                text,
                annotations: known,
                ..
            },
            place,
            mut sender,
        )) = self.piece_at(item, piece, out)
        else {
            return;
        };
        for annotation in annotations(citations, text.chars().count()) {
            sender.send("response.output_text.annotation.added", |event| {
                place.write(event);
                event.put("annotation_index", known.len());
                event.put("annotation", &annotation);
            });
            known.push(annotation);
        }
    }

    /// Likelihoods are told once the text is whole: which delta they belong to is not known for certain.
    fn weigh(&mut self, value: &Value) {
        let Some(Item::Message { content, .. }) =
            self.current.map(|place| &mut self.items[place].item)
        else {
            return;
        };
        if let Some(Content::OutputText { logprobs, .. }) = content.last_mut() {
            logprobs.extend(likelihoods(value));
        }
    }

    fn open(&mut self, item: Item, out: &mut Vec<u8>) -> usize {
        let place = self.items.len();
        self.sender(out)
            .send("response.output_item.added", |event| {
                event.put("output_index", place);
                event.put("item", &item);
            });
        self.items.push(Entry { item, open: true });
        place
    }

    pub(super) fn sender<'s>(&'s mut self, out: &'s mut Vec<u8>) -> Sender<'s> {
        Sender {
            out,
            sequence: &mut self.sequence,
        }
    }
}
