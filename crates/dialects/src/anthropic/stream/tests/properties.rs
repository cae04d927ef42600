//! Whatever comes.

use proptest::prelude::*;

use super::*;
use crate::chat::{Event, Finish, Part};

fn any_event() -> impl Strategy<Value = Event> {
    let words = "[a-z{}\":\\\\]{0,4}";
    prop_oneof![
        words.prop_map(|word| text(&word)),
        words.prop_map(|text| Event::Thinking { choice: 0, text }),
        words.prop_map(|signature| Event::Signature {
            choice: 0,
            signature
        }),
        (0usize..3, words).prop_map(|(place, id)| call(place, &id)),
        (0usize..3, words).prop_map(|(place, fragment)| arguments(place, &fragment)),
        Just(Event::KeepAlive),
        words.prop_map(|data| Event::Whole {
            choice: 0,
            part: Part::Thinking {
                text: String::new(),
                signature: Some(data),
                redacted: true
            },
        }),
    ]
}

proptest! {
    #[test]
    fn whatever_comes_the_blocks_are_well_formed_and_no_text_is_lost(
        events in proptest::collection::vec(any_event(), 0..20),
    ) {
        let mut all = vec![start()];
        all.extend(events.iter().cloned());
        all.extend([finish(Finish::Stop), Event::End]);
        let message = assembled(&write(&all));
        let texts: String = message["content"].as_array().unwrap().iter()
            .filter_map(|block| block["text"].as_str()).collect();
        let expected: String = events.iter().filter_map(|event| match event {
            Event::Text { text, .. } => Some(text.as_str()),
            _ => None,
        }).collect();
        prop_assert_eq!(texts, expected);
    }

    #[test]
    fn no_bytes_make_it_panic(
        data in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..100),
            (0usize..STREAM.len(), "[\\[\\]{}\",:0-9]{0,3}").prop_map(|(at, with)| {
                let line = STREAM.lines().filter(|line| line.starts_with("data")).nth(at % 20).unwrap_or("");
                let cut = at % line.len().max(1);
                let cut = (0..=cut).rev().find(|cut| line.is_char_boundary(*cut)).unwrap_or(0);
                format!("{}{with}{}", &line[..cut], &line[cut..]).into_bytes()
            }),
        ],
    ) {
        let mut reader = StreamReader::default();
        let frame = crate::framing::Frame { event: None, data: data.strip_prefix(b"data: ").unwrap_or(&data) };
        let _ = reader.read(&frame, &mut Vec::new());
    }
}
