//! What Anthropic sends.

use super::*;
use crate::chat::Event;
use crate::error::ProviderError;

#[test]
fn a_stream_with_all_kinds_of_blocks_is_read() {
    insta::assert_debug_snapshot!(read(STREAM));
}

#[test]
fn what_was_read_is_written_again_to_the_same_message() {
    let written = write(&read(STREAM));
    assert_eq!(assembled(&written)["content"], assembled(STREAM)["content"]);
    insta::assert_snapshot!(written);
}

#[test]
fn usage_is_cumulative_and_cached_tokens_are_counted_as_input() {
    let usage: Vec<_> = read(STREAM)
        .into_iter()
        .filter_map(|event| match event {
            Event::Start { usage, .. } => usage,
            Event::Usage(usage) => Some(usage),
            _ => None,
        })
        .collect();
    let first = usage.first().unwrap();
    let last = usage.last().unwrap();
    assert_eq!((first.input, first.output), (1110, 1));
    assert_eq!(
        (last.input, last.cached, last.cache_written),
        (3110, Some(1000), Some(100))
    );
    assert_eq!((last.output, last.reasoning), (89, Some(30)));
}

#[test]
fn an_error_event_is_a_failure_and_nothing_follows_it() {
    let body = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
    let error = ProviderError {
        status: Some(529),
        kind: Some("overloaded_error".into()),
        message: "Overloaded".into(),
        ..ProviderError::default()
    };
    assert_eq!(read(body), [Event::Failed(error.clone())]);
    let written = write(&[start(), text("x"), Event::Failed(error), Event::End]);
    let frames = frames_of(&written);
    let (name, data) = frames.last().unwrap();
    assert_eq!(name, "error");
    assert_eq!(data["error"]["type"], "overloaded_error");
}

#[test]
fn a_stream_that_is_cut_off_has_no_end() {
    let cut = STREAM.split("event: message_stop").next().unwrap();
    assert!(!read(cut).contains(&Event::End));
    assert_eq!(read(STREAM).last(), Some(&Event::End));
}

#[test]
fn a_server_that_sends_all_arguments_at_once_is_understood() {
    let body = "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"weather\",\"input\":{\"city\":\"Bern\"}}}\n\n\
        data: {\"type\":\"content_block_stop\",\"index\":0}\n\n";
    assert_eq!(
        read(body),
        [call(0, "a"), arguments(0, "{\"city\":\"Bern\"}")]
    );
}

#[test]
fn unknown_events_and_pings_disturb_nothing() {
    let body =
        "event: ping\ndata: {\"type\": \"ping\"}\n\nevent: new\ndata: {\"type\": \"new\"}\n\n";
    assert_eq!(read(body), [Event::KeepAlive]);
    assert_eq!(
        write(&[Event::KeepAlive]),
        "event: ping\ndata: {\"type\":\"ping\"}\n\n"
    );
}
