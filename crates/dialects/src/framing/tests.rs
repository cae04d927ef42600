use proptest::prelude::*;

use super::*;

type Owned = (Option<String>, Vec<u8>);

/// Every event of a body that arrives in pieces of the given sizes, over and over.
fn decode(framing: Framing, body: &[u8], sizes: &[usize]) -> (Vec<Owned>, u64) {
    let mut frames = Frames::new(framing);
    let mut seen = Vec::new();
    let mut rest = body;
    let mut sizes = sizes.iter().copied().cycle();
    while !rest.is_empty() {
        let size = sizes.next().unwrap_or(1).clamp(1, rest.len());
        frames.push(&rest[..size]);
        rest = &rest[size..];
        while let Some(frame) = frames.next().unwrap() {
            seen.push((frame.event.map(str::to_owned), frame.data.to_vec()));
        }
    }
    while let Some(frame) = frames.last().unwrap() {
        seen.push((frame.event.map(str::to_owned), frame.data.to_vec()));
    }
    (seen, frames.comments())
}

fn named(event: &str, data: &str) -> Owned {
    (Some(event.into()), data.as_bytes().to_vec())
}

fn plain(data: &str) -> Owned {
    (None, data.as_bytes().to_vec())
}

const BODY: &str = "\u{feff}: keep-alive\r\n\r\nevent: one\r\ndata: {\"a\":1}\r\n\r\n:\n\nid: 7\ndata:x\ndata: y\ndata\n\nevent: ping\n\nretry: 5\rdata: z\r\rdata: [DONE]";

#[test]
fn an_event_is_the_same_wherever_the_network_splits_it() {
    let whole = decode(Framing::ServerSentEvents, BODY.as_bytes(), &[BODY.len()]);
    assert_eq!(
        whole.0,
        [
            named("one", "{\"a\":1}"),
            plain("x\ny\n"),
            plain("z"),
            plain("[DONE]")
        ]
    );
    assert_eq!(whole.1, 3, "two comments and an event without data");
    for size in 1..BODY.len() {
        assert_eq!(
            decode(Framing::ServerSentEvents, BODY.as_bytes(), &[size]),
            whole
        );
    }
}

#[test]
fn lines_of_json_come_one_by_one_and_the_last_needs_no_end() {
    let body = b"{\"a\":1}\n\n  \r\n{\"b\":\"\\n\"}\r\n{\"c\":3}";
    let (seen, comments) = decode(Framing::JsonLines, body, &[3, 1, 4]);
    let texts: Vec<_> = seen
        .iter()
        .map(|(_, data)| std::str::from_utf8(data.trim_ascii()).unwrap())
        .collect();
    assert_eq!(texts, ["{\"a\":1}", "{\"b\":\"\\n\"}", "{\"c\":3}"]);
    assert_eq!(comments, 2);
}

#[test]
fn an_event_without_end_is_refused_and_comments_do_not_pile_up() {
    let mut frames = Frames::new(Framing::ServerSentEvents);
    let comment = [b":".as_slice(), &vec![b'x'; 1 << 20], b"\n"].concat();
    for _ in 0..20 {
        frames.push(&comment);
        assert_eq!(frames.next(), Ok(None));
    }
    assert!(!frames.pending());
    frames.push(b"data: ");
    for _ in 0..8 {
        assert_eq!(frames.next(), Ok(None));
        frames.push(&vec![b'x'; 1 << 20]);
    }
    assert!(frames.pending());
    assert_eq!(frames.next(), Err(too_long()));
}

#[test]
fn what_is_written_is_read_again() {
    let mut out = Vec::new();
    write_frame(&mut out, Some("message_start"), b"{\"a\":\n1}");
    write_frame(&mut out, None, b"[DONE]");
    assert_eq!(
        out,
        b"event: message_start\ndata: {\"a\":\ndata: 1}\n\ndata: [DONE]\n\n"
    );
    let (seen, _) = decode(Framing::ServerSentEvents, &out, &[5]);
    assert_eq!(
        seen,
        [named("message_start", "{\"a\":\n1}"), plain("[DONE]")]
    );
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_and_pieces_do_not_matter(
        body in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b':'), Just(b' '), Just(b'd'), any::<u8>()], 0..200),
        sizes in proptest::collection::vec(1usize..9, 1..5),
    ) {
        for framing in [Framing::ServerSentEvents, Framing::JsonLines] {
            prop_assert_eq!(decode(framing, &body, &sizes), decode(framing, &body, &[body.len().max(1)]));
        }
    }
}
