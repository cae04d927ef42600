//! Single events as server-sent events: numbered, and each with its name twice, as the dialect wants it.

use crate::openai::json::{Object, object};

/// Appends events to a body.
pub(super) struct Sender<'s> {
    pub(super) out: &'s mut Vec<u8>,
    /// The number of the next event.
    pub(super) sequence: &'s mut u64,
}

impl Sender<'_> {
    /// Appends an event with what `fill` says of it.
    pub(super) fn send(&mut self, kind: &str, fill: impl FnOnce(&mut Object<'_>)) {
        self.out.extend_from_slice(b"event: ");
        self.out.extend_from_slice(kind.as_bytes());
        self.out.extend_from_slice(b"\ndata: ");
        let sequence = *self.sequence;
        object(self.out, |event| {
            event.put("type", kind);
            event.put("sequence_number", sequence);
            fill(event);
        });
        self.out.extend_from_slice(b"\n\n");
        *self.sequence += 1;
    }
}

/// Where in the answer something happens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'s> {
    pub(super) id: &'s str,
    pub(super) item: usize,
    /// Of a message, which piece.
    pub(super) piece: Option<usize>,
    /// Of a thought, which piece.
    pub(super) summary: Option<usize>,
}

impl Place<'_> {
    pub(super) fn write(&self, event: &mut Object<'_>) {
        event.put("item_id", self.id);
        event.put("output_index", self.item);
        event.some("content_index", self.piece);
        event.some("summary_index", self.summary);
    }
}
