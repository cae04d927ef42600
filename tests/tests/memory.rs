//! What is left in memory when calls are over: nothing that grows with their number.
#![cfg(target_os = "linux")]

use bytes::Bytes;
use futures_util::StreamExt;
use guichet_catalogue::model::ai::Dialect::{Anthropic, OpenAi};
use guichet_engine::ai::{Door, ModelContent};
use guichet_tests::speakers::{Studio, asked, whole};

/// Before these, memory grows for good reasons: windows, breakers, what the allocator keeps.
const WARM_UP: usize = 400;
const STREAMS: usize = 3_000;
/// Far less than one open exchange for each stream, or the bytes that it said, would take.
const MOST: u64 = 4 << 20;

/// Bytes of this process that are in memory.
fn resident() -> u64 {
    const PAGE: u64 = 4096;
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let resident = pages
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<u64>().ok());
    PAGE * resident.unwrap_or_else(|| panic!("no resident pages in {pages:?}"))
}

/// Streams of which one half is heard to its end, and the other left in its middle.
async fn stream(studio: &Studio, times: usize) {
    for turn in 0..times {
        let door = [Door::Chat, Door::Messages, Door::Responses][turn % 3];
        let Ok(answer) = studio.ask(asked(door, true)).await else {
            panic!("somebody answers");
        };
        let ModelContent::Stream(mut pieces) = answer.content else {
            panic!("a stream was asked for");
        };
        while pieces.next().await.is_some() && turn % 2 == 0 {}
    }
    studio.speakers.forget();
    studio.records.lock().clear();
}

#[tokio::test(start_paused = true)]
async fn streams_that_are_over_leave_nothing_in_memory() {
    for dialect in [OpenAi, Anthropic] {
        let studio = Studio::of(&[("first", dialect, "")]).await;
        stream(&studio, WARM_UP).await;
        let before = resident();
        for _ in 0..STREAMS / WARM_UP {
            stream(&studio, WARM_UP).await;
        }
        let grown = resident().saturating_sub(before);
        println!(
            "{dialect:?}: {} KiB more after {STREAMS} streams",
            grown >> 10
        );
        assert!(grown < MOST, "{grown} bytes more after {STREAMS} streams");
        assert_eq!(studio.speakers.open("first"), 0);
    }
}

/// Of a picture in a request.
const PICTURE: usize = 256 << 10;
const CALLS: usize = 1_000;
const CALLS_AT_ONCE: usize = 20;

/// Calls with a picture each, so many at the same time, each another one.
async fn show(studio: &Studio, rounds: usize) {
    for round in 0..rounds {
        let calls = (0..CALLS_AT_ONCE).map(|place| {
            let mut call = asked(Door::Chat, false);
            let picture = format!("{round}/{place}/{}", "A".repeat(PICTURE));
            let body = format!(
                r#"{{"model":"m","messages":[{{"role":"user","content":[{{"type":"image_url","image_url":{{"url":"data:image/png;base64,{picture}"}}}}]}}]}}"#
            );
            call.body = Bytes::from(body);
            studio.ask(call)
        });
        for answer in futures_util::future::join_all(calls).await {
            let Ok(answer) = answer else {
                panic!("somebody answers");
            };
            assert!(whole(answer).await.contains("stop"));
        }
        studio.speakers.forget();
        studio.records.lock().clear();
    }
}

#[tokio::test(start_paused = true)]
async fn calls_with_pictures_leave_nothing_in_memory() {
    let studio = Studio::of(&[("first", OpenAi, "")]).await;
    show(&studio, 5).await;
    let before = resident();
    show(&studio, CALLS / CALLS_AT_ONCE).await;
    let grown = resident().saturating_sub(before);
    println!("{} KiB more after {CALLS} pictures", grown >> 10);
    // What the allocator keeps of a few rounds comes and goes; of all pictures that is little.
    let most = (CALLS * PICTURE) as u64 / 8;
    assert!(grown < most, "{grown} bytes more after {CALLS} pictures");
}
