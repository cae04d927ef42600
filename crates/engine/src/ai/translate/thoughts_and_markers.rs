//! Cache markers and thoughts of an Anthropic client's, as the built-in files of OpenRouter and DeepSeek have them sent, and
//! what those tell of caches and thoughts in answers.

use serde_json::{Value, json};

use super::fixtures::{World, call};
use super::{Received, Spoken, incoming};
use crate::ai::{Door, ModelCall};

/// A turn in which the model thought and called a tool, with markers where Anthropic's clients put them.
fn conversation() -> ModelCall {
    let marker = json!({"type": "ephemeral"});
    let body = json!({
        "model": "auto", "max_tokens": 99,
        "system": [{"type": "text", "text": "A", "cache_control": marker}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "hi", "cache_control": marker}]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "T", "signature": "c2ln"},
                {"type": "tool_use", "id": "toolu_a", "name": "weather", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_a", "content": "1"}]}],
        "tools": [{"name": "weather", "input_schema": {"type": "object"}, "cache_control": marker}],
    });
    call(Door::Messages, body.to_string())
}

fn sent(provider: &str, model: &str, call: &ModelCall) -> Value {
    serde_json::from_str(&World::built_in(provider).sent(call, model)).unwrap()
}

/// What a caller of Anthropic's dialect gets of an answer.
fn answered(provider: &str, body: &Value) -> Value {
    let world = World::built_in(provider);
    let call = conversation();
    let outgoing = world.send(&call, "m").unwrap();
    let received = Received {
        body: body.to_string().into(),
        content_type: None,
        created: 7,
        request_id: "r-1",
    };
    let dialect = world.dialect(&call);
    let incoming = incoming(&call, &Spoken::new(&call), dialect, &outgoing, received);
    serde_json::from_slice(&incoming.unwrap().body).unwrap()
}

#[test]
fn openrouter_is_told_markers_and_thoughts_with_their_tokens() {
    let sent = sent("openrouter", "anthropic/claude-opus-4.5", &conversation());
    let marker = json!({"type": "ephemeral"});
    assert_eq!(sent["messages"][0]["content"][0]["cache_control"], marker);
    assert_eq!(sent["messages"][1]["content"][0]["cache_control"], marker);
    assert_eq!(sent["tools"][0]["cache_control"], marker);
    let said = &sent["messages"][2];
    assert_eq!(said["reasoning_content"], "T");
    assert_eq!(said["reasoning_details"][0]["signature"], "c2ln");
}

#[test]
fn deepseek_gets_its_thoughts_back_with_the_call_and_no_markers() {
    let call = conversation();
    let sent = sent("deepseek", "deepseek-v4-pro", &call);
    assert!(!sent.to_string().contains("cache_control"), "{sent}");
    assert_eq!(sent["messages"][0]["content"], "A");
    let said = &sent["messages"][2];
    assert_eq!(said["reasoning_content"], "T");
    assert!(said.get("reasoning_details").is_none(), "{said}");
}

#[test]
fn a_conversation_that_another_provider_began_is_one_that_deepseek_takes() {
    let body = json!({"model": "auto", "messages": [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "weather?"},
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "call_a", "type": "function", "function": {"name": "weather", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "call_a", "content": "1"}]});
    let sent = sent(
        "deepseek",
        "deepseek-v4-pro",
        &call(Door::Chat, body.to_string()),
    );
    assert_eq!(sent["messages"][3]["reasoning_content"], "");
    assert!(sent["messages"][1].get("reasoning_content").is_none());
}

#[test]
fn what_came_from_their_caches_and_what_they_thought_is_told() {
    // https://api-docs.deepseek.com/guides/kv_cache, https://api-docs.deepseek.com/guides/thinking_mode
    let message = json!({"role": "assistant", "content": "Blue", "reasoning_content": "T"});
    let deepseek = answered(
        "deepseek",
        &json!({"id": "c", "object": "chat.completion", "created": 1, "model": "deepseek-v4-pro",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 9, "total_tokens": 109,
                "prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 36}}),
    );
    assert_eq!(deepseek["usage"]["cache_read_input_tokens"], 64);
    assert_eq!(deepseek["usage"]["input_tokens"], 36);
    assert_eq!(deepseek["content"][0]["thinking"], "T");
    // https://openrouter.ai/docs/guides/best-practices/prompt-caching
    let details = json!([{"type": "reasoning.text", "text": "T", "signature": "c2ln", "index": 0}]);
    let message = json!({"role": "assistant", "content": "Blue", "reasoning": "T", "reasoning_details": details});
    let openrouter = answered(
        "openrouter",
        &json!({"id": "c", "object": "chat.completion", "created": 1, "model": "anthropic/claude-opus-4.5",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 9, "total_tokens": 109,
                "prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 30}}}),
    );
    assert_eq!(openrouter["usage"]["cache_read_input_tokens"], 60);
    assert_eq!(openrouter["usage"]["cache_creation_input_tokens"], 30);
    assert_eq!(openrouter["content"][0]["thinking"], "T");
}
