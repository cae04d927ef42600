//! Whatever arrives, nothing panics, and what is cut off is never taken for whole.

use proptest::prelude::*;

use super::{answers, streams};
use crate::chat::Event;
use crate::framing::Frame;
use crate::gemini::{StreamReader, embeddings, read_answer, read_error, read_models};

fn read_all(body: &[u8]) {
    let _ = read_answer(body);
    let _ = read_error(body);
    let _ = read_models(body);
    let _ = embeddings::read_answer(body);
    let frame = Frame {
        event: None,
        data: body,
    };
    let mut reader = StreamReader::default();
    let mut events = Vec::new();
    let _ = reader.read(&frame, &mut events);
    reader.finish(&mut events);
}

#[test]
fn an_answer_that_was_cut_off_is_malformed_wherever_it_was_cut() {
    for sample in [answers::CALLS, answers::TWO_CHOICES] {
        for end in 0..sample.len() {
            let cut = &sample.as_bytes()[..end];
            assert!(read_answer(cut).is_err(), "{end}");
            read_all(cut);
        }
    }
}

#[test]
fn a_chunk_that_was_cut_off_is_malformed_and_the_stream_has_no_end() {
    for sample in [streams::CALLS, streams::TEXT] {
        for chunk in sample
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
        {
            for end in 0..chunk.len() {
                let frame = Frame {
                    event: None,
                    data: &chunk.as_bytes()[..end],
                };
                let mut reader = StreamReader::default();
                let mut events = Vec::new();
                assert!(reader.read(&frame, &mut events).is_err());
                reader.finish(&mut events);
                assert!(!events.contains(&Event::End));
            }
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
