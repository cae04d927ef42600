//! What each provider documents to refuse, so that the catalogue's quirks prove themselves. Made from the providers'
//! documentation, not from the catalogue.

use serde_json::{Map, Value};

use super::refusal::Refusal;
use guichet_catalogue::model::Task;

type Body = Map<String, Value>;

/// Members of a conversation's request that are refused, by provider; models that they concern (empty: all).
const REFUSED: [(&str, &[&str]); 4] = [
    // https://console.groq.com/docs/openai
    ("groq", &["logprobs", "top_logprobs", "logit_bias"]),
    // https://inference-docs.cerebras.ai/resources/openai
    (
        "cerebras",
        &["frequency_penalty", "logit_bias", "presence_penalty"],
    ),
    // https://docs.x.ai/docs/models: models that think
    ("xai", &["presence_penalty", "frequency_penalty"]),
    ("perplexity", &["tools"]),
];

/// All that Mistral knows. Source: <https://docs.mistral.ai/api>.
const MISTRAL_CHAT: [&str; 20] = [
    "frequency_penalty",
    "guardrails",
    "max_tokens",
    "messages",
    "metadata",
    "model",
    "n",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_mode",
    "random_seed",
    "reasoning_effort",
    "response_format",
    "safe_prompt",
    "stop",
    "stream",
    "temperature",
    "tool_choice",
];
const MISTRAL_MORE: [&str; 2] = ["tools", "top_p"];
const MISTRAL_EMBEDDINGS: [&str; 6] = [
    "encoding_format",
    "input",
    "metadata",
    "model",
    "output_dimension",
    "output_dtype",
];

/// What is wrong with a request of OpenAI's dialect, if something is.
pub(crate) fn check(provider: &str, task: Task, body: &Body) -> Result<(), Refusal> {
    if provider == "mistral" {
        return mistral(task, body);
    }
    if task != Task::Chat {
        return Ok(());
    }
    let refused = REFUSED.iter().find(|(known, _)| *known == provider);
    for name in refused.map_or(&[][..], |(_, names)| names) {
        if body.get(*name).is_some_and(|value| !value.is_null()) {
            return Err(Refusal::Unknown((*name).to_owned()));
        }
    }
    match provider {
        "groq" => groq(body),
        "cohere" => cohere(body),
        "deepseek" => deepseek(body),
        "openai" => openai(body),
        "perplexity" => perplexity(body),
        "zai" => zai(body),
        _ => Ok(()),
    }
}

fn wrong(message: impl Into<String>) -> Result<(), Refusal> {
    Err(Refusal::Wrong(message.into()))
}

fn messages(body: &Body) -> &[Value] {
    let messages = body.get("messages").and_then(Value::as_array);
    messages.map_or(&[], Vec::as_slice)
}

fn role(message: &Value) -> &str {
    message["role"].as_str().unwrap_or_default()
}

fn mistral(task: Task, body: &Body) -> Result<(), Refusal> {
    let known = |name: &str| match task {
        Task::Chat => MISTRAL_CHAT.contains(&name) || MISTRAL_MORE.contains(&name),
        Task::Embeddings => MISTRAL_EMBEDDINGS.contains(&name),
        _ => true,
    };
    if let Some(name) = body.keys().find(|name| !known(name)) {
        return Err(Refusal::Unknown(name.clone()));
    }
    let developer = messages(body)
        .iter()
        .any(|message| role(message) == "developer");
    if developer {
        return wrong("Input should be 'system', 'user', 'assistant' or 'tool'");
    }
    Ok(())
}

fn groq(body: &Body) -> Result<(), Refusal> {
    if let Some(at) = messages(body)
        .iter()
        .position(|message| message.get("name").is_some())
    {
        return Err(Refusal::Unknown(format!("messages.{at}.name")));
    }
    let choices = body.get("n").and_then(Value::as_u64).unwrap_or(1);
    if choices != 1 {
        return wrong("'n' : number must be at most 1");
    }
    Ok(())
}

fn cohere(body: &Body) -> Result<(), Refusal> {
    if body.get("tool_choice").is_some_and(Value::is_object) {
        return wrong("invalid request: tool_choice must be one of REQUIRED, NONE");
    }
    Ok(())
}

fn deepseek(body: &Body) -> Result<(), Refusal> {
    let found = messages(body)
        .iter()
        .any(|message| role(message) == "developer");
    if found {
        return wrong(
            "Failed to deserialize the JSON body into the target type: messages[0].role: unknown variant `developer`, expected one of `system`, `user`, `assistant`, `tool`",
        );
    }
    Ok(())
}

/// Models that think take the new name only.
fn openai(body: &Body) -> Result<(), Refusal> {
    let model = body
        .get("model")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let thinks = model.starts_with("gpt-5") || model.starts_with("o3") || model.starts_with("o4");
    if thinks && body.get("max_tokens").is_some_and(|most| !most.is_null()) {
        return wrong(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        );
    }
    Ok(())
}

fn perplexity(body: &Body) -> Result<(), Refusal> {
    let turns = messages(body)
        .iter()
        .map(role)
        .skip_while(|role| *role == "system");
    let turns: Vec<&str> = turns.collect();
    let in_turn = |pair: &[&str]| (pair[0] == "assistant") != (pair[1] == "assistant");
    let starts_well = turns.first().is_none_or(|first| *first != "assistant");
    if !starts_well || !turns.windows(2).all(in_turn) || turns.contains(&"system") {
        return wrong(
            "After the (optional) system message(s), user or tool message(s) should alternate with assistant message(s).",
        );
    }
    Ok(())
}

fn zai(body: &Body) -> Result<(), Refusal> {
    let temperature = body
        .get("temperature")
        .and_then(Value::as_f64)
        .unwrap_or(0.5);
    if !(0.0..=1.0).contains(&temperature) {
        return wrong("Invalid API parameter: temperature must be within [0.0, 1.0]");
    }
    Ok(())
}
