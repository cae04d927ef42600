//! How items end: each thing that was told piece by piece is told once more as a whole.

use super::super::super::item::{Content, Item, NO_ARGUMENTS, Progress, Summary};
use super::super::super::response::Outcome;
use super::super::sender::{Place, Sender};
use super::Output;

impl Output {
    /// Leaves what is open as it is, and says nothing of it.
    pub(in super::super) fn abandon(&mut self) {
        self.current = None;
        for entry in self.items.iter_mut().filter(|entry| entry.open) {
            entry.open = false;
            entry.item.set_progress(Progress::Incomplete);
        }
    }

    /// Ends what is open; the outcome is seen in the last item.
    pub(in super::super) fn close_all(&mut self, outcome: Outcome, out: &mut Vec<u8>) {
        self.current = None;
        let last = self.items.len().saturating_sub(1);
        for place in 0..self.items.len() {
            let outcome = if place == last {
                outcome
            } else {
                Outcome::Completed
            };
            self.close(place, outcome, out);
        }
    }

    pub(super) fn close_current(&mut self, out: &mut Vec<u8>) {
        if let Some(place) = self.current.take() {
            self.close(place, Outcome::Completed, out);
        }
    }

    pub(super) fn close(&mut self, place: usize, outcome: Outcome, out: &mut Vec<u8>) {
        if !self.items[place].open {
            return;
        }
        self.items[place].open = false;
        match &self.items[place].item {
            Item::Message { content, .. } if !content.is_empty() => self.close_piece(place, out),
            Item::Message { .. } | Item::ImageGenerationCall { .. } => {}
            Item::Reasoning { .. } => self.close_thought(place, out),
            Item::FunctionCall { .. } => self.close_call(place, out),
        }
        let item = &mut self.items[place].item;
        item.set_progress(outcome.of_last_item());
        let mut sender = Sender {
            out,
            sequence: &mut self.sequence,
        };
        sender.send("response.output_item.done", |event| {
            event.put("output_index", place);
            event.put("item", &*item);
        });
    }

    pub(super) fn close_piece(&mut self, item: usize, out: &mut Vec<u8>) {
        let Item::Message { id, content, .. } = &self.items[item].item else {
            return;
        };
        let Some(piece) = content.last() else {
            return;
        };
        let place = Place {
            id,
            item,
            piece: Some(content.len() - 1),
            summary: None,
        };
        let mut sender = Sender {
            out,
            sequence: &mut self.sequence,
        };
        match piece {
            Content::OutputText { text, logprobs, .. } => {
                sender.send("response.output_text.done", |event| {
                    place.write(event);
                    event.put("text", text);
                    event.put("logprobs", logprobs);
                });
            }
            Content::Refusal { refusal } => sender.send("response.refusal.done", |event| {
                place.write(event);
                event.put("refusal", refusal);
            }),
        }
        sender.send("response.content_part.done", |event| {
            place.write(event);
            event.put("part", piece);
        });
    }

    fn close_thought(&mut self, item: usize, out: &mut Vec<u8>) {
        let Item::Reasoning { id, summary, .. } = &self.items[item].item else {
            return;
        };
        let Some(part @ Summary::SummaryText { text }) = summary.last() else {
            return;
        };
        let place = Place {
            id,
            item,
            piece: None,
            summary: Some(summary.len() - 1),
        };
        let mut sender = Sender {
            out,
            sequence: &mut self.sequence,
        };
        sender.send("response.reasoning_summary_text.done", |event| {
            place.write(event);
            event.put("text", text);
        });
        sender.send("response.reasoning_summary_part.done", |event| {
            place.write(event);
            event.put("part", part);
        });
    }

    fn close_call(&mut self, item: usize, out: &mut Vec<u8>) {
        let Item::FunctionCall { id, arguments, .. } = &mut self.items[item].item else {
            return;
        };
        if arguments.trim().is_empty() {
            NO_ARGUMENTS.clone_into(arguments);
        }
        let place = Place {
            id,
            item,
            piece: None,
            summary: None,
        };
        let mut sender = Sender {
            out,
            sequence: &mut self.sequence,
        };
        sender.send("response.function_call_arguments.done", |event| {
            place.write(event);
            event.put("arguments", &*arguments);
        });
    }
}
