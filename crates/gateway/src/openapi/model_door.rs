//! The doors under `/v1`: what the gateway itself reads and answers. The rest of a body is OpenAI's or Anthropic's, whose
//! references describe it.

use guichet_catalogue::model::Catalogue;
use guichet_engine::ai;
use guichet_engine::policy::Policy;
use serde_json::{Value, json};

use super::model_body;
use crate::ai::headers::{MAX_WAIT, TIMEOUT};
use crate::router::{Door, Route};

const OPENAI: &str = "https://platform.openai.com/docs/api-reference";
const ANTHROPIC: &str = "https://platform.claude.com/docs/en/api";

/// A door's operation; none where the route is another kind of door.
pub(super) fn operation(route: &Route, catalogue: &Catalogue) -> Option<Value> {
    let described = match route.door {
        Door::Ask(door) => asked(door, catalogue),
        Door::CountTokens => json!({
            "requestBody": model_body::counted(),
            "responses": responses(&json!({ "application/json": any() })),
            "externalDocs": { "url": format!("{ANTHROPIC}/messages-count-tokens") },
        }),
        Door::Models | Door::Model => json!({
            "description": "In OpenAI's shape; in Anthropic's where the request carries `anthropic-version`.",
            "responses": responses(&json!({ "application/json": any() })),
            "externalDocs": { "url": format!("{OPENAI}/models") },
        }),
        _ => return None,
    };
    Some(described)
}

fn asked(door: ai::Door, catalogue: &Catalogue) -> Value {
    let mut described = json!({
        "requestBody": model_body::described(door),
        "responses": responses(&answers(door)),
        "externalDocs": { "url": reference(door) },
    });
    described["responses"]["200"]["headers"] = headers();
    described["parameters"] = wishes(catalogue);
    described
}

/// Where the body is described by whoever made it.
fn reference(door: ai::Door) -> String {
    let page = match door {
        ai::Door::Messages => return format!("{ANTHROPIC}/messages"),
        ai::Door::Rerank => return "https://docs.cohere.com/reference/rerank".to_owned(),
        ai::Door::Chat => "chat/create",
        ai::Door::Responses => "responses/create",
        ai::Door::Completions => "completions/create",
        ai::Door::Embeddings => "embeddings/create",
        ai::Door::Speech => "audio/createSpeech",
        ai::Door::Transcription => "audio/createTranscription",
        ai::Door::Translation => "audio/createTranslation",
        ai::Door::Images => "images/create",
        ai::Door::Moderations => "moderations/create",
    };
    format!("{OPENAI}/{page}")
}

fn answers(door: ai::Door) -> Value {
    match door {
        ai::Door::Chat | ai::Door::Responses | ai::Door::Completions | ai::Door::Messages => {
            json!({ "application/json": any(), "text/event-stream": {} })
        }
        ai::Door::Speech => json!({ "audio/*": {} }),
        ai::Door::Transcription | ai::Door::Translation => {
            json!({ "application/json": any(), "text/plain": {}, "text/vtt": {}, "text/event-stream": {} })
        }
        _ => json!({ "application/json": any() }),
    }
}

fn any() -> Value {
    json!({ "schema": { "type": "object", "additionalProperties": true } })
}

fn responses(content: &Value) -> Value {
    json!({
        "200": { "description": "Done", "content": content },
        "default": {
            "description": "Why there is no answer: the error object of OpenAI, or of Anthropic for its clients",
            "content": { "application/json": any() },
        },
    })
}

/// How a call may be served, besides what the body says. Every other value is refused.
fn wishes(catalogue: &Catalogue) -> Value {
    let header = |name: &str, description: &str, schema: Value| {
        json!({
            "name": format!("x-guichet-{name}"), "in": "header",
            "description": description, "schema": schema,
        })
    };
    let words = |words: &[&str]| json!({ "type": "string", "enum": words });
    let ids = catalogue.ai.order.iter().map(ToString::to_string);
    let providers: Vec<_> = ids.clone().chain(ids.map(|id| format!("!{id}"))).collect();
    let (least, most) = (TIMEOUT.start(), TIMEOUT.end());
    json!([
        header(
            "providers",
            "`a,b`: only these, in this order; `!c`: never this one",
            json!({ "type": "array", "items": { "type": "string", "enum": providers } }),
        ),
        header(
            "policy",
            "In which order candidates are asked",
            words(&Policy::ALL.map(Policy::as_str)),
        ),
        header("free", "`only`: no model that costs", words(&["only"])),
        header(
            "private",
            "`true`: no provider that trains on what it is sent",
            words(&["true", "false"]),
        ),
        header(
            "licence",
            "`commercial`: only providers whose terms allow it",
            words(&["commercial", "any"]),
        ),
        header(
            "cache",
            "`on`: an answer that was given to the same request before will do",
            words(&["on", "off"]),
        ),
        header(
            "resume",
            "`on`: another candidate continues a stream that broke off",
            words(&["on", "off"]),
        ),
        header(
            "past-content-policy",
            "`on`: the next candidate is asked when one declines",
            words(&["on", "off"]),
        ),
        header(
            "timeout-ms",
            "How long to wait for an answer, or for a stream to begin",
            json!({ "type": "integer", "minimum": least, "maximum": most }),
        ),
        header(
            "max-wait-ms",
            "How much of it may be spent on waiting for a provider's quota",
            json!({ "type": "integer", "minimum": MAX_WAIT.start(), "maximum": MAX_WAIT.end() }),
        ),
    ])
}

fn headers() -> Value {
    let text =
        |description: &str| json!({ "description": description, "schema": { "type": "string" } });
    json!({
        "X-Guichet-Provider": text("Who answered"),
        "X-Guichet-Model": text("The provider's name for the model that answered"),
        "X-Guichet-Attempts": { "description": "How many attempts it took", "schema": { "type": "integer" } },
        "X-Guichet-Cost": text("US dollars, where the price is known"),
        "X-Guichet-Dropped": text("Members of the request that the provider's dialect cannot say"),
        "X-Request-Id": text("The caller's own where it is a sane token, else a new one"),
    })
}
