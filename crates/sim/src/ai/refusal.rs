//! What is refused, in the shape of each provider. Sources: the error pages of their documentation.

use guichet_catalogue::model::Dialect;
use guichet_engine::transport::UpstreamResponse;
use serde_json::{Value, json};

use super::gemini;
use crate::alphabet::made;

/// Why a request is refused, quotas aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No credential, or it is in the wrong place.
    Unauthorized,
    /// A key in the URL.
    KeyInUrl,
    /// Nothing is served there.
    NoSuchPath,
    /// No such model.
    NoSuchModel(String),
    /// The request is wrong.
    Wrong(String),
    /// A member that the provider does not know, by name.
    Unknown(String),
    /// The conversation is longer than the model's context: tokens, and how many there may be.
    TooLong(u64, u64),
}

/// The answer that says so.
pub(crate) fn answer(provider: &str, dialect: Dialect, refusal: &Refusal) -> UpstreamResponse {
    let (status, body) = told(provider, dialect, refusal);
    json_answer(status, &body)
}

/// A JSON answer.
pub(crate) fn json_answer(status: u16, body: &Value) -> UpstreamResponse {
    UpstreamResponse {
        body: body.to_string().into(),
        ..made(status, "application/json", "")
    }
}

fn told(provider: &str, dialect: Dialect, refusal: &Refusal) -> (u16, Value) {
    match (provider, refusal) {
        ("xai", Refusal::Unauthorized) => {
            let message =
                "Incorrect API key provided. You can obtain an API key from https://console.x.ai.";
            let code = "Client specified an invalid argument";
            return (400, json!({"code": code, "error": message}));
        }
        ("deepseek", Refusal::NoSuchModel(_)) => {
            return (
                400,
                shaped(
                    provider,
                    dialect,
                    400,
                    "Model Not Exist",
                    "invalid_request_error",
                    "invalid_request_error",
                ),
            );
        }
        ("huggingface", Refusal::NoSuchModel(model)) => {
            let message = format!(
                "The requested model '{model}' is not supported by any provider you have enabled."
            );
            return (
                400,
                shaped(
                    provider,
                    dialect,
                    400,
                    &message,
                    "invalid_request_error",
                    "model_not_supported",
                ),
            );
        }
        ("mistral", Refusal::NoSuchModel(model)) => {
            let message = format!("Invalid model: {model}");
            return (
                400,
                shaped(provider, dialect, 400, &message, "invalid_model", "1500"),
            );
        }
        ("perplexity", Refusal::NoSuchModel(model)) => {
            let message = format!(
                "Invalid model '{model}'. Permitted models can be found in the documentation at https://docs.perplexity.ai/guides/model-cards."
            );
            return (
                400,
                shaped(provider, dialect, 400, &message, "invalid_model", "400"),
            );
        }
        ("zai", Refusal::NoSuchModel(_)) => {
            return (
                400,
                coded("1211", "Unknown Model, please check the model code."),
            );
        }
        ("zai", Refusal::Unauthorized) => {
            return (
                401,
                coded("1001", "Header中未收到Authorization参数,无法进行身份验证。"),
            );
        }
        ("mistral", Refusal::Unknown(name)) => return (422, extra_forbidden(name)),
        _ => {}
    }
    let (status, message, kind, code) = usual(provider, dialect, refusal);
    (
        status,
        shaped(provider, dialect, status, &message, kind, code),
    )
}

/// Status, sentence, kind and code.
fn usual(
    provider: &str,
    dialect: Dialect,
    refusal: &Refusal,
) -> (u16, String, &'static str, &'static str) {
    let invalid = "invalid_request_error";
    match (refusal, dialect) {
        (Refusal::Unauthorized | Refusal::KeyInUrl, Dialect::Gemini) => {
            let message = "API key not valid. Please pass a valid API key.";
            (400, message.into(), "INVALID_ARGUMENT", "API_KEY_INVALID")
        }
        (Refusal::KeyInUrl, _) => (
            400,
            "an API key does not belong into a URL".into(),
            invalid,
            "key_in_url",
        ),
        (Refusal::Unauthorized, Dialect::Anthropic) => (
            401,
            "x-api-key header is required".into(),
            "authentication_error",
            "",
        ),
        (Refusal::Unauthorized, Dialect::Ollama) => (401, "unauthorized".into(), "", ""),
        (Refusal::Unauthorized, Dialect::OpenAi) if provider == "cloudflare" => {
            (401, "Authentication error".into(), invalid, "10000")
        }
        (Refusal::Unauthorized, Dialect::OpenAi) => {
            (401, "Invalid API Key".into(), invalid, "invalid_api_key")
        }
        (Refusal::NoSuchPath, _) => (404, "404 page not found".into(), "not_found_error", ""),
        (Refusal::NoSuchModel(model), _) => (
            404,
            no_model(provider, dialect, model),
            missing(dialect),
            if provider == "cloudflare" {
                "5007"
            } else {
                "model_not_found"
            },
        ),
        (Refusal::Wrong(message), _) => (400, message.clone(), wrong(dialect), "invalid_value"),
        (Refusal::Unknown(name), _) => (
            400,
            format!("property '{name}' is unsupported"),
            wrong(dialect),
            "unsupported_parameter",
        ),
        (Refusal::TooLong(tokens, most), Dialect::Anthropic) => (
            400,
            format!("prompt is too long: {tokens} tokens > {most} maximum"),
            invalid,
            "",
        ),
        (Refusal::TooLong(tokens, most), Dialect::Gemini) => (
            400,
            format!(
                "The input token count ({tokens}) exceeds the maximum number of tokens allowed ({most})."
            ),
            wrong(dialect),
            "",
        ),
        (Refusal::TooLong(..), Dialect::Ollama) => (
            400,
            "the input length exceeds the context length".into(),
            "",
            "",
        ),
        (Refusal::TooLong(tokens, most), Dialect::OpenAi) => (
            400,
            format!(
                "This model's maximum context length is {most} tokens. However, your messages resulted in {tokens} tokens. Please reduce the length of the messages."
            ),
            invalid,
            "context_length_exceeded",
        ),
    }
}

fn wrong(dialect: Dialect) -> &'static str {
    if dialect == Dialect::Gemini {
        "INVALID_ARGUMENT"
    } else {
        "invalid_request_error"
    }
}

fn missing(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Gemini => "NOT_FOUND",
        Dialect::Anthropic => "not_found_error",
        Dialect::OpenAi | Dialect::Ollama => "invalid_request_error",
    }
}

fn no_model(provider: &str, dialect: Dialect, model: &str) -> String {
    match dialect {
        Dialect::Gemini => format!(
            "models/{model} is not found for API version v1beta, or is not supported for generateContent. Call ListModels to see the list of available models and their supported methods."
        ),
        Dialect::Anthropic => format!("model: {model}"),
        Dialect::Ollama => format!("model '{model}' not found"),
        Dialect::OpenAi if provider == "nvidia" => {
            format!("Function '{model}': Not found for account 'sim'")
        }
        Dialect::OpenAi if provider == "openrouter" => format!("No endpoints found for {model}."),
        Dialect::OpenAi if provider == "cohere" => format!(
            "model '{model}' not found, make sure the correct model ID was used and that you have access to the model."
        ),
        Dialect::OpenAi => {
            format!("The model `{model}` does not exist or you do not have access to it.")
        }
    }
}

/// A body of the provider's shape.
pub(crate) fn shaped(
    provider: &str,
    dialect: Dialect,
    status: u16,
    message: &str,
    kind: &str,
    code: &str,
) -> Value {
    match dialect {
        Dialect::Anthropic => json!({
            "type": "error", "error": {"type": kind, "message": message}, "request_id": "req_sim",
        }),
        Dialect::Gemini => {
            let reason = (code == "API_KEY_INVALID").then(|| {
                json!({
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": code,
                    "domain": "googleapis.com",
                })
            });
            gemini::error(status, kind, message, reason.into_iter().collect())
        }
        Dialect::Ollama => json!({ "error": message }),
        Dialect::OpenAi => of_openais_like(provider, status, message, kind, code),
    }
}

fn of_openais_like(provider: &str, status: u16, message: &str, kind: &str, code: &str) -> Value {
    let code_or_null = if code.is_empty() {
        json!(null)
    } else {
        json!(code)
    };
    match provider {
        "mistral" => json!({
            "object": "error", "message": message, "type": kind, "param": null, "code": code_or_null,
        }),
        "cerebras" => json!({
            "message": message, "type": kind, "param": null, "code": code_or_null,
        }),
        "cohere" => json!({"id": "sim", "message": message}),
        "cloudflare" => json!({
            "result": null, "success": false, "messages": [],
            "errors": [{"code": code.parse::<u32>().unwrap_or(5_004), "message": message}],
        }),
        "nvidia" => json!({"status": status, "title": title(status), "detail": message}),
        "openrouter" => {
            json!({"error": {"message": message, "code": status}, "user_id": "user_sim"})
        }
        "xai" => json!({"code": kind, "error": message}),
        "zai" => coded("1210", message),
        _ => json!({"error": {
            "message": message, "type": kind, "param": null, "code": code_or_null,
        }}),
    }
}

fn title(status: u16) -> &'static str {
    let known = http::StatusCode::from_u16(status).ok();
    known
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Error")
}

fn coded(code: &str, message: &str) -> Value {
    json!({"error": {"code": code, "message": message}})
}

/// Mistral's validation, which is pydantic's.
fn extra_forbidden(name: &str) -> Value {
    json!({
        "object": "error", "type": "invalid_request_error", "param": null, "code": null,
        "message": {"detail": [{
            "type": "extra_forbidden", "loc": ["body", name], "msg": "Extra inputs are not permitted",
        }]},
    })
}
