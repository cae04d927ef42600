//! `options`: how tokens are drawn, how many, and how large the context is.

use serde_json::{Map, Value};

use crate::chat::Request;

/// The penalty that OpenAI has not, under the names that servers have for it.
const REPEAT_PENALTIES: [&str; 2] = ["repeat_penalty", "repetition_penalty"];

/// What the request says, over what the caller wrote in `options` itself. A context that the caller made larger than
/// is needed stays so.
pub(super) fn write(request: &Request, num_ctx: Option<u64>) -> Map<String, Value> {
    let mut options = match request.extra.get("options") {
        Some(Value::Object(options)) => options.clone(),
        _ => Map::new(),
    };
    let theirs = options.get("num_ctx").and_then(Value::as_u64);
    let sampling = &request.sampling;
    let stop = (!sampling.stop.is_empty()).then(|| sampling.stop.clone().into());
    let repeat_penalty = REPEAT_PENALTIES
        .iter()
        .find_map(|name| request.extra.get(*name).cloned());
    let said: [(&str, Option<Value>); 11] = [
        ("num_ctx", num_ctx.max(theirs).map(Value::from)),
        ("num_predict", sampling.max_tokens.map(Value::from)),
        ("temperature", sampling.temperature.map(Value::from)),
        ("top_p", sampling.top_p.map(Value::from)),
        ("top_k", sampling.top_k.map(Value::from)),
        ("min_p", sampling.min_p.map(Value::from)),
        ("seed", sampling.seed.map(Value::from)),
        ("stop", stop),
        ("repeat_penalty", repeat_penalty),
        (
            "presence_penalty",
            sampling.presence_penalty.map(Value::from),
        ),
        (
            "frequency_penalty",
            sampling.frequency_penalty.map(Value::from),
        ),
    ];
    for (name, value) in said {
        if let Some(value) = value {
            options.insert(name.to_owned(), value);
        }
    }
    options
}
