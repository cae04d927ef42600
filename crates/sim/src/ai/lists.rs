//! The lists of models, with what each provider adds to them, and the other answers that tell a good key.

use std::sync::Arc;

use guichet_catalogue::model::ai::{Abilities, DiscoveryFormat};
use guichet_catalogue::model::{Dialect, Model, ModelServer, Provider, Task};
use guichet_engine::transport::UpstreamResponse;
use serde_json::{Value, json};

use super::refusal::json_answer;

/// What local servers have: name, task, context.
const LOCAL: [(&str, Task, u64); 3] = [
    ("llama3.2:latest", Task::Chat, 131_072),
    ("qwen3:8b", Task::Chat, 40_960),
    ("nomic-embed-text:latest", Task::Embeddings, 2_048),
];

/// A model as its provider serves it.
#[derive(Debug, Clone)]
pub(crate) struct Served {
    pub(crate) id: String,
    pub(crate) tasks: Vec<Task>,
    pub(crate) context: Option<u64>,
    pub(crate) abilities: Abilities,
    pub(crate) known: Option<Arc<Model>>,
}

/// The models of a provider: those of its file, or a few where each has its own.
pub(crate) fn models(server: &ModelServer) -> Vec<Served> {
    if server.models.is_empty() {
        let all = LOCAL.iter().map(|(id, task, context)| {
            let mut tasks = vec![*task];
            if *task == Task::Embeddings {
                tasks.push(Task::Rerank);
            } else {
                tasks.push(Task::Transcription);
            }
            Served {
                id: (*id).to_owned(),
                tasks,
                context: Some(*context),
                abilities: Abilities::ALL,
                known: None,
            }
        });
        return all.collect();
    }
    let of_file = |model: &Arc<Model>| Served {
        id: model.id.to_string(),
        tasks: model.tasks.clone(),
        context: model.context,
        abilities: model.abilities,
        known: Some(Arc::clone(model)),
    };
    server.models.values().map(of_file).collect()
}

/// The model of this id, as the provider reads ids: Ollama adds `:latest`, the router of Hugging Face lets one name who
/// serves it.
pub(crate) fn model(provider: &str, server: &ModelServer, id: &str) -> Option<Served> {
    let plain = match (provider, id.rsplit_once(':')) {
        ("huggingface", Some((plain, _))) => plain,
        _ => id.strip_prefix("models/").unwrap_or(id),
    };
    let latest = format!("{plain}:latest");
    let mut all = models(server);
    let at = all.iter().position(|model| {
        model.id == id || model.id == plain || (server.models.is_empty() && model.id == latest)
    })?;
    Some(all.swap_remove(at))
}

/// The answer to a GET below the base URL that lists models or tells of the key; none where nothing is.
pub(crate) fn answer(
    provider: &Provider,
    server: &ModelServer,
    path: &str,
) -> Option<UpstreamResponse> {
    let wanted = |known: &str| known.split('?').next() == Some(path);
    let named = [
        server.verify.as_deref(),
        server
            .discovery
            .as_ref()
            .map(|discovery| discovery.path.as_str()),
    ];
    let is_named = named.into_iter().flatten().any(wanted);
    let usual = ["/models", "/v1/models", "/api/tags"].contains(&path);
    if !is_named && !usual {
        return one(server, path);
    }
    let body = match (&*provider.id, path) {
        ("openrouter", "/key") => key(),
        ("xai", "/api-key") => {
            json!({"redacted_api_key": "xai-...sim", "team_blocked": false, "api_key_blocked": false})
        }
        _ => list(provider, server),
    };
    Some(json_answer(200, &body))
}

/// `GET /models/{id}`.
fn one(server: &ModelServer, path: &str) -> Option<UpstreamResponse> {
    let id = path
        .strip_prefix("/models/")
        .or(path.strip_prefix("/v1/models/"))?;
    let all = models(server);
    let model = all.iter().find(|model| model.id == id)?;
    let body = match server.dialect {
        Dialect::Anthropic => of_anthropic(model),
        Dialect::Gemini => of_gemini(model),
        Dialect::OpenAi | Dialect::Ollama => of_openai("", model),
    };
    Some(json_answer(200, &body))
}

fn key() -> Value {
    json!({"data": {
        "label": "sk-or-v1-sim", "limit": null, "limit_remaining": null, "usage": 0, "usage_daily": 0,
        "is_free_tier": true, "rate_limit": {"requests": -1, "interval": "10s"},
    }})
}

fn list(provider: &Provider, server: &ModelServer) -> Value {
    let all = models(server);
    let format = server.discovery.as_ref().map(|discovery| discovery.format);
    if server.dialect == Dialect::Ollama || format == Some(DiscoveryFormat::Ollama) {
        return json!({"models": all.iter().map(of_ollama).collect::<Vec<_>>()});
    }
    match (&*provider.id, server.dialect) {
        (_, Dialect::Gemini) => json!({"models": all.iter().map(of_gemini).collect::<Vec<_>>()}),
        (_, Dialect::Anthropic) => json!({
            "data": all.iter().map(of_anthropic).collect::<Vec<_>>(),
            "has_more": false, "first_id": null, "last_id": null,
        }),
        ("cohere", _) => json!({"models": all.iter().map(of_cohere).collect::<Vec<_>>()}),
        ("together", _) => all
            .iter()
            .map(|model| of_openai("together", model))
            .collect(),
        (id, _) => {
            let data: Vec<Value> = all.iter().map(|model| of_openai(id, model)).collect();
            json!({"object": "list", "data": data})
        }
    }
}

fn of_openai(provider: &str, model: &Served) -> Value {
    let mut entry =
        json!({"id": model.id, "object": "model", "created": 1_767_225_600, "owned_by": "sim"});
    let name = match provider {
        "groq" => "context_window",
        "mistral" => "max_context_length",
        "vllm" => "max_model_len",
        "openrouter" | "together" | "fireworks" => "context_length",
        "lmstudio" => "loaded_context_length",
        "llamacpp" => {
            entry["meta"] = json!({"n_ctx_train": model.context});
            return entry;
        }
        _ => return entry,
    };
    entry[name] = json!(model.context);
    match provider {
        "groq" => entry["active"] = json!(true),
        "openrouter" if model.id.ends_with(":free") => {
            entry["pricing"] = json!({"prompt": "0", "completion": "0"});
        }
        "together" => {
            entry["type"] = json!(if model.tasks.contains(&Task::Chat) {
                "chat"
            } else {
                "embedding"
            });
        }
        _ => {}
    }
    entry
}

fn of_anthropic(model: &Served) -> Value {
    json!({
        "type": "model", "id": model.id, "display_name": model.id, "created_at": "2026-01-01T00:00:00Z",
    })
}

fn of_gemini(model: &Served) -> Value {
    let methods = if model.tasks.contains(&Task::Embeddings) {
        json!(["embedContent", "batchEmbedContents"])
    } else {
        json!(["generateContent", "countTokens"])
    };
    json!({
        "name": format!("models/{}", model.id), "displayName": model.id,
        "inputTokenLimit": model.context, "thinking": model.abilities.reasoning,
        "supportedGenerationMethods": methods,
    })
}

fn of_cohere(model: &Served) -> Value {
    let endpoints: Vec<&str> = model
        .tasks
        .iter()
        .map(|task| {
            if *task == Task::Embeddings {
                "embed"
            } else {
                task.as_str()
            }
        })
        .collect();
    json!({"name": model.id, "endpoints": endpoints, "context_length": model.context})
}

fn of_ollama(model: &Served) -> Value {
    json!({
        "name": model.id, "model": model.id, "modified_at": "2026-11-01T10:31:00Z", "size": 2_019_393_189_u64,
        "digest": "0000000000000000000000000000000000000000000000000000000000000000",
        "details": {"family": "llama", "parameter_size": "3.2B", "quantization_level": "Q4_K_M"},
    })
}

/// Ollama's `/api/show`.
pub(crate) fn show(model: &Served) -> Value {
    let capabilities = if model.tasks.contains(&Task::Embeddings) {
        json!(["embedding"])
    } else {
        json!(["completion", "tools", "vision", "thinking"])
    };
    json!({
        "modified_at": "2026-11-01T10:31:00Z",
        "details": {"family": "llama", "parameter_size": "3.2B", "quantization_level": "Q4_K_M"},
        "model_info": {"general.architecture": "llama", "llama.context_length": model.context},
        "capabilities": capabilities,
    })
}
