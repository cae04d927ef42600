//! Whatever arrives, nothing panics, and what is cut off is never taken for whole.

use proptest::prelude::*;

use super::{answers, streams};
use crate::chat::Event;
use crate::framing::Frame;
use crate::ollama::{StreamReader, embeddings, read_answer, read_error, read_model, read_models};

fn read_all(body: &[u8]) {
    let _ = read_answer(body);
    let _ = read_error(body);
    let _ = read_models(body);
    let _ = read_model("m", body);
    let _ = embeddings::read_answer(body);
    let frame = Frame {
        event: None,
        data: body,
    };
    let mut events = Vec::new();
    let mut reader = StreamReader::default();
    let _ = reader.read(&frame, &mut events);
    reader.finish(&mut events);
}

#[test]
fn what_was_cut_off_is_malformed_wherever_it_was_cut() {
    for end in 0..answers::CALLS.len() {
        assert!(
            read_answer(&answers::CALLS.as_bytes()[..end]).is_err(),
            "{end}"
        );
    }
    for line in streams::CALLS.lines().chain(streams::TEXT.lines()) {
        for end in 0..line.len() {
            let frame = Frame {
                event: None,
                data: &line.as_bytes()[..end],
            };
            let mut events = Vec::new();
            assert!(StreamReader::default().read(&frame, &mut events).is_err());
            assert!(!events.contains(&Event::End));
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        read_all(&body);
    }

    #[test]
    fn a_changed_byte_is_survived(at in 0..answers::CALLS.len(), byte in any::<u8>()) {
        let mut body = answers::CALLS.as_bytes().to_vec();
        body[at] = byte;
        read_all(&body);
    }
}
