//! Gemini's own list of models (`/v1beta/models`), which tells more than its OpenAI-like one.

use serde::Deserialize;

use crate::error::Malformed;
use crate::models::{Abilities, ListedModel};

#[derive(Deserialize)]
struct List {
    models: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    name: String,
    input_token_limit: Option<u64>,
    output_token_limit: Option<u64>,
    supported_generation_methods: Option<Vec<String>>,
    thinking: Option<bool>,
}

/// Reads a page of the list. Names come as they must stand in a URL's last part: without `models/`.
pub fn read_models(body: &[u8]) -> Result<Vec<ListedModel>, Malformed> {
    let list: List = serde_json::from_slice(body)
        .map_err(|_| Malformed::new("models", "must be Gemini's list of models"))?;
    Ok(list.models.into_iter().map(listed).collect())
}

fn listed(entry: Entry) -> ListedModel {
    let methods = entry.supported_generation_methods;
    let can = |method: &str| Some(methods.as_ref()?.iter().any(|known| known == method));
    ListedModel {
        abilities: Abilities {
            chat: can("generateContent"),
            embeddings: can("embedContent"),
            thinking: entry.thinking,
            ..Abilities::default()
        },
        id: entry
            .name
            .strip_prefix("models/")
            .map_or_else(|| entry.name.clone(), str::to_owned),
        owned_by: Some("google".to_owned()),
        context: entry.input_token_limit,
        output: entry.output_token_limit,
        ..ListedModel::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_limits_and_methods_are_told() {
        // https://ai.google.dev/api/models
        let models = read_models(
            br#"{"models":[{"name":"models/gemini-3-flash-preview","version":"3","displayName":"Gemini 3 Flash",
            "inputTokenLimit":1048576,"outputTokenLimit":65536,"thinking":true,
            "supportedGenerationMethods":["generateContent","countTokens","batchGenerateContent"]}],
            "nextPageToken":"abc"}"#,
        )
        .unwrap();
        let model = &models[0];
        assert_eq!(model.id, "gemini-3-flash-preview");
        assert_eq!(
            (model.context, model.output),
            (Some(1_048_576), Some(65_536))
        );
        assert_eq!(
            (model.abilities.chat, model.abilities.embeddings),
            (Some(true), Some(false))
        );
        assert!(read_models(br#"{"data":[]}"#).is_err());
    }
}
