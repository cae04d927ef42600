//! Streams.

use crate::chat::{Event, Finish, Usage};
use crate::framing::{Frame, Frames, Framing};
use crate::ollama::StreamReader;

pub(super) const CALLS: &str = concat!(
    r#"{"model":"qwen3:8b","created_at":"2025-07-07T20:22:19.184789Z","message":{"role":"assistant","content":"","thinking":"Two"},"done":false}"#,
    "\n",
    r#"{"model":"qwen3:8b","created_at":"2025-07-07T20:22:19.284789Z","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"weather","arguments":{"city":"Lyon"}}}]},"done":false}"#,
    "\n",
    r#"{"model":"qwen3:8b","created_at":"2025-07-07T20:22:19.384789Z","message":{"role":"assistant","content":"","tool_calls":[{"function":{"index":0,"name":"weather","arguments":{"city":"Nice"}}}]},"done":false}"#,
    "\n",
    r#"{"model":"qwen3:8b","created_at":"2025-07-07T20:22:19.484789Z","message":{"role":"assistant","content":""},"done_reason":"stop","done":true,"total_duration":182242375,"prompt_eval_count":169,"eval_count":15}"#,
    "\n",
);

pub(super) const TEXT: &str = concat!(
    r#"{"model":"m","created_at":"2025-07-07T20:22:19Z","message":{"role":"assistant","content":"Bl","images":null},"done":false}"#,
    "\n",
    r#"{"model":"m","created_at":"2025-07-07T20:22:19Z","message":{"role":"assistant","content":"ue"},"done":false}"#,
    "\n",
    r#"{"model":"m","created_at":"2025-07-07T20:22:20Z","message":{"role":"assistant","content":""},"done_reason":"length","done":true,"eval_count":2}"#,
    "\n",
);

fn events(stream: &str) -> Vec<Event> {
    let mut frames = Frames::new(Framing::JsonLines);
    let mut reader = StreamReader::default();
    let mut events = Vec::new();
    frames.push(stream.as_bytes());
    while let Some(frame) = frames.next().unwrap() {
        reader.read(&frame, &mut events).unwrap();
    }
    reader.finish(&mut events);
    events
}

#[test]
fn text_comes_in_pieces_and_its_last_line_tells_the_rest() {
    let events = events(TEXT);
    let text = |text: &str| Event::Text {
        choice: 0,
        text: text.to_owned(),
    };
    assert!(
        matches!(&events[0], Event::Start { model, created: Some(1_751_919_739), .. } if model == "m")
    );
    assert_eq!(
        events[1..],
        [
            text("Bl"),
            text("ue"),
            Event::Finish {
                choice: 0,
                reason: Finish::Length,
                stop_sequence: None,
            },
            Event::Usage(Usage {
                output: 2,
                ..Usage::default()
            }),
            Event::End,
        ]
    );
}

#[test]
fn calls_in_lines_of_their_own_with_one_index_stay_apart() {
    let events = events(CALLS);
    let calls: Vec<(usize, &str, &str)> = events
        .iter()
        .filter_map(|event| match event {
            Event::ToolCall { call, id, name, .. } => Some((*call, &**id, &**name)),
            _ => None,
        })
        .collect();
    assert_eq!((calls[0].0, calls[1].0), (0, 1));
    assert_ne!(calls[0].1, calls[1].1);
    let arguments: Vec<(usize, &str)> = events
        .iter()
        .filter_map(|event| match event {
            Event::Arguments { call, fragment, .. } => Some((*call, &**fragment)),
            _ => None,
        })
        .collect();
    assert_eq!(
        arguments,
        [(0, r#"{"city":"Lyon"}"#), (1, r#"{"city":"Nice"}"#)]
    );
    assert!(events.iter().any(|event| matches!(
        event,
        Event::Finish {
            reason: Finish::ToolCalls,
            ..
        }
    )));
}

#[test]
fn a_stream_without_its_last_line_has_no_end() {
    let lines: Vec<&str> = TEXT.lines().collect();
    let cut = events(&format!("{}\n{}\n", lines[0], lines[1]));
    assert!(!cut.contains(&Event::End), "{cut:?}");
    assert_eq!(events(""), []);
}

#[test]
fn an_error_line_in_the_middle_is_a_failure() {
    // https://github.com/ollama/ollama/blob/main/docs/api/errors.mdx
    let line = TEXT.lines().next().unwrap();
    let events = events(&format!(
        "{line}\n{{\"error\":\"an error was encountered while running the model\"}}\n"
    ));
    let Some(Event::Failed(error)) = events.last() else {
        panic!("{events:?}")
    };
    assert_eq!(
        error.message,
        "an error was encountered while running the model"
    );
}

#[test]
fn the_end_is_told_once() {
    let last = TEXT.lines().last().unwrap();
    let events = events(&format!("{last}\n{last}\n"));
    assert_eq!(
        events.iter().filter(|event| **event == Event::End).count(),
        1
    );
}

#[test]
fn a_line_that_is_no_piece_is_malformed() {
    for data in ["", "{", "7", r#"{"error":{}}"#, r#"{"message":7}"#] {
        let frame = Frame {
            event: None,
            data: data.as_bytes(),
        };
        let result = StreamReader::default().read(&frame, &mut Vec::new());
        assert!(result.is_err(), "{data}");
    }
}
