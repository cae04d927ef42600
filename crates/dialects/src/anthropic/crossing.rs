//! Between OpenAI's dialect and this one: what a client of the one and a provider of the other say to each other.

use serde_json::{Value, json};

use super::{StreamReader, StreamWriter, read_request, write_answer, write_request};
use crate::framing::{Frames, Framing};
use crate::openai::chat;

fn json_of(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap()
}

/// Shape: <https://platform.openai.com/docs/api-reference/chat/create>.
#[test]
fn a_conversation_of_an_openai_client_reaches_anthropic_whole() {
    let asked = json!({
        "model": "claude-opus-4-6",
        "messages": [
            {"role": "system", "content": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]},
            {"role": "user", "content": [
                {"type": "text", "text": "Weather here?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}]},
            {"role": "assistant", "content": null, "reasoning_details": [
                {"type": "reasoning.text", "text": "Bern.", "signature": "SIG"}],
             "tool_calls": [
                {"id": "call.1", "type": "function", "function": {"name": "weather", "arguments": "{\"city\":\"Bern\"}"}},
                {"id": "call_2", "type": "function", "function": {"name": "clock", "arguments": ""}}]},
            {"role": "tool", "tool_call_id": "call.1", "content": "sun"},
            {"role": "tool", "tool_call_id": "call_2", "content": "noon"},
            {"role": "user", "content": "And?"},
        ],
        "tools": [{"type": "function", "function": {"name": "weather", "description": "d",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}],
        "tool_choice": "auto",
        "parallel_tool_calls": false,
        "reasoning_effort": "high",
        "max_completion_tokens": 900,
        "stop": "END",
        "seed": 3,
        "stream": true,
    });
    let request = chat::read_request(asked.to_string().as_bytes()).unwrap();
    let written = write_request(&request, 4096);
    assert_eq!(written.dropped, ["seed"]);
    insta::assert_snapshot!(String::from_utf8(written.body).unwrap());
}

/// Shape: <https://platform.openai.com/docs/api-reference/chat/object>.
#[test]
fn an_answer_of_an_openai_provider_is_a_message_and_comes_back_as_a_turn() {
    let answered = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gemini-3",
        "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
            "role": "assistant", "content": "Let me see.", "reasoning_content": "Bern.",
            "tool_calls": [{"id": "call_1", "type": "function",
                "function": {"name": "weather", "arguments": "{\"city\":\"Bern\"}"},
                "extra_content": {"google": {"thought_signature": "TOKEN"}}}]}}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120,
            "prompt_tokens_details": {"cached_tokens": 60},
            "completion_tokens_details": {"reasoning_tokens": 8}},
    });
    let answer = chat::read_answer(answered.to_string().as_bytes()).unwrap();
    let message = json_of(&write_answer(&answer));
    assert_eq!(message["usage"]["input_tokens"], 40);
    assert_eq!(message["stop_reason"], "tool_use");

    let again = json!({"model": "gemini-3", "max_tokens": 1, "messages": [
        {"role": "assistant", "content": message["content"]}]});
    let request = read_request(again.to_string().as_bytes()).unwrap();
    assert_eq!(request.messages[0].parts, answer.choices[0].parts);
}

#[test]
fn a_stream_of_anthropic_is_the_same_answer_after_a_way_through_openai() {
    const STREAM: &str = include_str!("stream/fixtures/thinking_search_and_tools.txt");
    let mut here = StreamReader::default();
    let mut there = chat::StreamReader::default();
    let mut to_openai = chat::StreamWriter::new(true);
    let mut back = StreamWriter::default();
    let mut frames = Frames::new(Framing::ServerSentEvents);
    frames.push(STREAM.as_bytes());
    let (mut events, mut chunks) = (Vec::new(), Vec::new());
    while let Some(frame) = frames.next().unwrap() {
        here.read(&frame, &mut events).unwrap();
    }
    for event in &events {
        to_openai.write(event, &mut chunks);
    }
    let mut frames = Frames::new(Framing::ServerSentEvents);
    frames.push(&chunks);
    let (mut events, mut out) = (Vec::new(), Vec::new());
    while let Some(frame) = frames.next().unwrap() {
        there.read(&frame, &mut events).unwrap();
    }
    for event in &events {
        back.write(event, &mut out);
    }
    insta::assert_snapshot!(String::from_utf8(out).unwrap());
}
