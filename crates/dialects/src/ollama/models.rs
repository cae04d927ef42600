//! The models that a server has: `/api/tags` lists them, `/api/show` tells of one.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::Malformed;
use crate::models::{Abilities, ListedModel};
use crate::timestamp;

#[derive(Deserialize)]
struct Tags {
    models: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: Option<String>,
    model: Option<String>,
    modified_at: Option<String>,
    #[serde(default)]
    details: Details,
    capabilities: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Details {
    context_length: Option<u64>,
}

#[derive(Deserialize)]
struct Shown {
    model_info: Map<String, Value>,
    modified_at: Option<String>,
    capabilities: Option<Vec<String>>,
}

/// Reads the list of `/api/tags`. Older servers tell neither contexts nor capabilities there.
pub fn read_models(body: &[u8]) -> Result<Vec<ListedModel>, Malformed> {
    let tags: Tags = serde_json::from_slice(body)
        .map_err(|_| Malformed::new("models", "must be Ollama's list of models"))?;
    Ok(tags.models.into_iter().filter_map(listed).collect())
}

fn listed(entry: Entry) -> Option<ListedModel> {
    Some(ListedModel {
        id: entry.name.or(entry.model).filter(|name| !name.is_empty())?,
        context: entry.details.context_length.filter(|tokens| *tokens > 0),
        created: entry.modified_at.as_deref().and_then(timestamp::seconds),
        // What runs on one's own machine costs nothing by the token.
        free: Some(true),
        abilities: abilities(entry.capabilities.as_deref()),
        ..ListedModel::default()
    })
}

/// Reads what `/api/show` tells of the model that was asked for by this name.
pub fn read_model(name: &str, body: &[u8]) -> Result<ListedModel, Malformed> {
    let shown: Shown = serde_json::from_slice(body)
        .map_err(|_| Malformed::new("model_info", "must be Ollama's description of a model"))?;
    // Under the name of its architecture: `llama.context_length`.
    let context = shown
        .model_info
        .iter()
        .find(|(key, _)| key.ends_with(".context_length"));
    Ok(ListedModel {
        id: name.to_owned(),
        context: context.and_then(|(_, tokens)| tokens.as_u64()),
        created: shown.modified_at.as_deref().and_then(timestamp::seconds),
        free: Some(true),
        abilities: abilities(shown.capabilities.as_deref()),
        ..ListedModel::default()
    })
}

fn abilities(capabilities: Option<&[String]>) -> Abilities {
    let can = |word: &str| Some(capabilities?.iter().any(|known| known == word));
    Abilities {
        chat: can("completion"),
        embeddings: can("embedding"),
        tools: can("tools"),
        vision: can("vision"),
        thinking: can("thinking"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Shapes: https://github.com/ollama/ollama/blob/main/docs/api.md and api/types.go

    #[test]
    fn tags_tell_names_and_on_newer_servers_what_models_can_do() {
        let models = read_models(
            br#"{"models":[
            {"name":"qwen3:8b","model":"qwen3:8b","modified_at":"2025-05-10T08:06:48.639712648-07:00","size":1,"digest":"d",
             "details":{"family":"qwen3","context_length":40960},"capabilities":["completion","tools","thinking"]},
            {"name":"all-minilm:latest","modified_at":"2025-05-04T17:37:44-07:00","size":2,"digest":"e","details":{}}]}"#,
        )
        .unwrap();
        assert_eq!(models[0].id, "qwen3:8b");
        assert_eq!(
            (models[0].context, models[0].created),
            (Some(40_960), Some(1_746_889_608))
        );
        assert_eq!(
            (models[0].abilities.tools, models[0].abilities.vision),
            (Some(true), Some(false))
        );
        assert_eq!(models[1].abilities, Abilities::default());
    }

    #[test]
    fn show_tells_the_context_under_the_architecture() {
        let model = read_model(
            "llava",
            br#"{"details":{"family":"llama"},"capabilities":["completion","vision"],"model_info":
            {"general.architecture":"llama","llama.block_count":32,"llama.context_length":8192,"tokenizer.ggml.tokens":[]}}"#,
        )
        .unwrap();
        assert_eq!((&*model.id, model.context), ("llava", Some(8_192)));
        assert_eq!(model.abilities.vision, Some(true));
    }

    #[test]
    fn what_is_no_list_says_what_would_be_one() {
        assert!(read_models(b"Ollama is running").is_err());
        assert!(read_model("m", br#"{"error":"model not found"}"#).is_err());
    }
}
