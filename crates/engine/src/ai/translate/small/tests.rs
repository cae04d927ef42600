use serde_json::{Value, json};

use super::super::fixtures::{World, call, text};
use super::super::{Spoken, incoming};
use super::*;
use crate::ai::Door;

const TASKS: &str =
    "'chat', 'embeddings', 'rerank', 'moderation', 'images', 'speech', 'transcription'";

fn openai(more: &str) -> World {
    World::new("openai", TASKS, more)
}

fn ask(door: Door, body: &Value) -> ModelCall {
    call(door, body.to_string())
}

fn answered(
    world: &World,
    call: &ModelCall,
    kind: Option<&str>,
    body: impl Into<Bytes>,
) -> Result<Incoming, NotAnAnswer> {
    let outgoing = world.send(call, "m").unwrap();
    let received = Received {
        body: body.into(),
        content_type: kind,
        created: 7,
        request_id: "r-1",
    };
    incoming(
        call,
        &Spoken::new(call),
        world.dialect(call),
        &outgoing,
        received,
    )
}

fn read(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap()
}

#[test]
fn vectors_in_base64_are_asked_for_as_numbers_and_written_here() {
    let world = openai("");
    let body = json!({"model": "auto", "input": ["a", "b"], "encoding_format": "base64", "odd": 1});
    let call = ask(Door::Embeddings, &body);
    let sent = world.send(&call, "m").unwrap();
    assert_eq!(
        read(text(&sent).as_bytes()),
        json!({"model": "m", "input": ["a", "b"], "odd": 1})
    );
    let answer = r#"{"object":"list","model":"m","data":[{"index":1,"embedding":[1.0]},{"index":0,"embedding":[0.0]}],"usage":{"prompt_tokens":2,"total_tokens":2}}"#;
    let incoming = answered(&world, &call, None, answer).unwrap();
    let body = read(&incoming.body);
    assert_eq!(
        (&body["data"][0]["embedding"], &body["data"][1]["embedding"]),
        (&json!("AAAAAA=="), &json!("AACAPw=="))
    );
    assert_eq!(incoming.usage.map(|usage| usage.input), Some(2));
}

#[test]
fn vectors_as_numbers_are_passed_on_untouched_and_as_many_as_inputs() {
    let world = openai("");
    let call = ask(
        Door::Embeddings,
        &json!({"model": "auto", "input": ["a", "b"]}),
    );
    let answer =
        r#"{"data":[{"index":0,"embedding":[0.10]}, {"index":1,"embedding":[2e-1]}],"x":1}"#;
    assert_eq!(answered(&world, &call, None, answer).unwrap().body, answer);
    let one = r#"{"data":[{"index":0,"embedding":[0.10]}]}"#;
    assert!(
        matches!(answered(&world, &call, None, one), Err(NotAnAnswer::Malformed(detail)) if detail.contains("`data`"))
    );
    let empty = r#"{"data":[{"index":0,"embedding":[]},{"index":1,"embedding":[]}]}"#;
    assert!(answered(&world, &call, None, empty).is_err());
    let error = r#"{"error":{"message":"no such model"}}"#;
    assert!(
        matches!(answered(&world, &call, None, error), Err(NotAnAnswer::Error(error)) if error.message == "no such model")
    );
}

#[test]
fn vectors_of_gemini_and_ollama_are_those_of_openai_to_the_caller() {
    let call = ask(
        Door::Embeddings,
        &json!({"model": "auto", "input": ["a", "b"], "dimensions": 2}),
    );
    let cases = [
        (
            "gemini",
            r#"{"embeddings":[{"values":[1,0]},{"values":[0,1]}]}"#,
        ),
        (
            "ollama",
            r#"{"model":"m","embeddings":[[1,0],[0,1]],"prompt_eval_count":2}"#,
        ),
    ];
    for (dialect, answer) in cases {
        let world = World::new(dialect, "'embeddings'", "");
        let sent = world.send(&call, "m").unwrap();
        assert!(!sent.verbatim);
        let body = read(&answered(&world, &call, None, answer).unwrap().body);
        assert_eq!(body["data"][1]["embedding"], json!([0.0, 1.0]), "{dialect}");
        assert_eq!(body["object"], "list");
    }
    let tokens = ask(
        Door::Embeddings,
        &json!({"model": "auto", "input": [[1, 2]]}),
    );
    let sent = World::new("gemini", "'embeddings'", "").send(&tokens, "m");
    assert_eq!(sent.err(), Some(NotSent::Unsayable("input[0]".into())));
}

#[test]
fn quirks_of_conversations_do_not_touch_other_tasks() {
    let world = openai(
        "[quirks]\ndefaults = { max_tokens = 4096 }\ndrop = ['user']\nrename = { dimensions = 'output_dimension' }\n",
    );
    let call = ask(
        Door::Embeddings,
        &json!({"model": "auto", "input": "a", "user": "u", "dimensions": 3}),
    );
    let sent = world.send(&call, "m").unwrap();
    assert_eq!(
        read(text(&sent).as_bytes()),
        json!({"model": "m", "input": "a", "output_dimension": 3})
    );
    assert_eq!(sent.dropped, ["user"]);
}

#[test]
fn ranks_are_of_the_documents_that_were_sent() {
    let world = World::new("openai", TASKS, "[task.rerank]\npath = '/v2/rerank'\n");
    let call = ask(
        Door::Rerank,
        &json!({"model": "auto", "query": "q", "documents": ["a", "b"], "return_documents": true, "rank_fields": ["x"]}),
    );
    let sent = world.send(&call, "m").unwrap();
    assert_eq!(sent.path, "/v2/rerank");
    assert_eq!(
        read(text(&sent).as_bytes()),
        json!({"model": "m", "query": "q", "documents": ["a", "b"]})
    );
    assert_eq!(sent.dropped, ["rank_fields"]);
    let answer = r#"{"id":"1","results":[{"index":0,"relevance_score":0.1},{"index":1,"relevance_score":0.9}]}"#;
    let body = read(&answered(&world, &call, None, answer).unwrap().body);
    assert_eq!(
        body["results"][0],
        json!({"index": 1, "relevance_score": 0.9, "document": {"text": "b"}})
    );
    for wrong in [
        r#"{"results":[]}"#,
        r#"{"results":[{"index":2,"relevance_score":1}]}"#,
    ] {
        assert!(answered(&world, &call, None, wrong).is_err());
    }
}

#[test]
fn judgements_have_every_category_that_clients_expect() {
    let world = openai("");
    let call = ask(Door::Moderations, &json!({"input": "x"}));
    assert_eq!(
        text(&world.send(&call, "m").unwrap()),
        r#"{"input":"x","model":"m"}"#
    );
    let answer = r#"{"id":"1","model":"m","results":[{"categories":{"sexual":true},"category_scores":{"sexual":0.9}}]}"#;
    let body = read(&answered(&world, &call, None, answer).unwrap().body);
    assert_eq!(body["results"][0]["flagged"], true);
    for category in CATEGORIES {
        assert!(
            body["results"][0]["categories"][category].is_boolean(),
            "{category}"
        );
    }
    assert!(answered(&world, &call, None, r#"{"results":[]}"#).is_err());
}

#[test]
fn pictures_are_asked_for_as_each_provider_wants() {
    let call = ask(
        Door::Images,
        &json!({"model": "auto", "prompt": "a cat", "size": "512x256", "response_format": "b64_json"}),
    );
    assert_eq!(
        read(openai("").sent(&call, "m").as_bytes()),
        json!({"model": "m", "prompt": "a cat", "size": "512x256", "response_format": "b64_json"})
    );
    assert_eq!(
        read(
            openai("[quirks]\ndrop = ['size']\n")
                .sent(&call, "m")
                .as_bytes()
        ),
        json!({"model": "m", "prompt": "a cat", "width": 512, "height": 256, "response_format": "base64"})
    );
    let run = World::new("openai", TASKS, "[task.images]\npath = '/ai/run/{model}'\n");
    let sent = run.send(&call, "@cf/a/b").unwrap();
    assert_eq!(sent.path, "/ai/run/@cf/a/b");
    let picture = answered(&run, &call, Some("image/png"), &b"\x89PNG"[..]).unwrap();
    let body = read(&picture.body);
    assert_eq!(
        (&body["created"], &body["data"][0]["b64_json"]),
        (&json!(7), &json!("iVBORw=="))
    );
    let two = ask(
        Door::Images,
        &json!({"model": "auto", "prompt": "p", "n": 2}),
    );
    assert_eq!(
        run.send(&two, "m").err(),
        Some(NotSent::Unsayable("n".into()))
    );
}

#[test]
fn speech_is_sound_and_nothing_else() {
    let world = openai("");
    let call = ask(
        Door::Speech,
        &json!({"model": "auto", "input": "hi", "voice": "v", "response_format": "wav"}),
    );
    let sound = |kind| {
        answered(&world, &call, kind, &b"RIFF\x00"[..])
            .unwrap()
            .content_type
    };
    assert_eq!(sound(Some("audio/x-wav")), "audio/x-wav");
    assert_eq!(sound(None), "audio/wav");
    assert_eq!(sound(Some("application/octet-stream")), "audio/wav");
    let not = |kind, body: &'static str| answered(&world, &call, kind, body).err();
    assert!(matches!(
        not(None, r#"{"error":{"message":"no"}}"#),
        Some(NotAnAnswer::Error(_))
    ));
    assert!(not(Some("text/html"), "<html>").is_some());
    assert!(not(Some("application/json"), "RIFF").is_some());
    assert!(not(Some("audio/mpeg"), "").is_some());
}

fn recording(fields: &[(&str, &str)]) -> ModelCall {
    let mut body = String::new();
    for (name, value) in fields {
        body.push_str(&format!(
            "--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    body.push_str(&format!(
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\n{}\r\n--b--\r\n",
        "R".repeat(100_000)
    ));
    let mut call = call(Door::Transcription, body);
    call.content_type = Some("multipart/form-data; boundary=b".to_owned());
    call
}

#[test]
fn a_recording_goes_out_uncopied_with_another_model() {
    let call = recording(&[("model", "auto")]);
    let sent = openai("").send(&call, "whisper").unwrap();
    assert_eq!(sent.content_type, "multipart/form-data; boundary=b");
    assert!(text(&sent).contains("\r\n\r\nwhisper\r\n"));
    let shared = |piece: &&Bytes| call.body.as_ptr_range().contains(&piece.as_ptr());
    let copied: usize = sent
        .body
        .iter()
        .filter(|piece| !shared(piece))
        .map(Bytes::len)
        .sum();
    assert_eq!(copied, "whisper".len());
    assert!(matches!(
        openai("").send(&recording(&[("model", "m"), ("stream", "true")]), "m"),
        Err(NotSent::Wrong(_))
    ));
}

#[test]
fn a_transcript_is_what_the_format_says() {
    let world = openai("");
    let json = recording(&[("model", "auto")]);
    let good = r#"{"text":"hello","usage":{"type":"tokens","input_tokens":4,"output_tokens":2}}"#;
    let incoming = answered(&world, &json, None, good).unwrap();
    assert_eq!(
        (
            incoming.body.as_ref(),
            incoming.usage.map(|usage| usage.total())
        ),
        (good.as_bytes(), Some(6))
    );
    assert!(matches!(
        answered(&world, &json, None, r#"{"error":"busy"}"#),
        Err(NotAnAnswer::Error(_))
    ));
    assert!(answered(&world, &json, None, "<html>").is_err());
    let subtitles = recording(&[("model", "auto"), ("response_format", "vtt")]);
    assert_eq!(
        answered(&world, &subtitles, None, "WEBVTT\n")
            .unwrap()
            .content_type,
        "text/vtt; charset=utf-8"
    );
    assert!(answered(&world, &subtitles, None, "<html>").is_err());
    assert!(answered(&world, &subtitles, None, r#"{"error":{"message":"x"}}"#).is_err());
}
