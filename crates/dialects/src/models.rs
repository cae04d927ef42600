//! Lists of models, as servers that speak OpenAI's dialect give them at `/v1/models`, with what each adds to it.
//!
//! OpenAI's own entries have an id and little more. OpenRouter adds `context_length`, `top_provider`, `pricing` and
//! `architecture`; Groq `context_window`, `max_completion_tokens` and `active`; Mistral `max_context_length` and
//! `capabilities`; Together a bare list with `type`; vLLM `max_model_len`; LM Studio `loaded_context_length`;
//! llama.cpp `meta.n_ctx_train`.

use serde_json::Value;

use crate::error::Malformed;

/// A model that a provider lists. What the list does not say is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListedModel {
    /// As it must be named in a request.
    pub id: String,
    /// Whose it is.
    pub owned_by: Option<String>,
    /// How many tokens it reads and writes together at most.
    pub context: Option<u64>,
    /// How many tokens it writes at most.
    pub output: Option<u64>,
    /// When it was made or changed, in seconds since 1970.
    pub created: Option<i64>,
    /// Whether a token of it costs nothing.
    pub free: Option<bool>,
    /// What it can do.
    pub abilities: Abilities,
}

/// What a model can do, where a list says so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Abilities {
    /// It answers conversations.
    pub chat: Option<bool>,
    /// It makes vectors.
    pub embeddings: Option<bool>,
    /// It calls tools.
    pub tools: Option<bool>,
    /// It looks at pictures.
    pub vision: Option<bool>,
    /// It thinks before it answers.
    pub thinking: Option<bool>,
}

/// Where lists say how large the context is; the first that is there counts. What is set now comes before what the
/// model could do.
const CONTEXT: [&str; 9] = [
    "/top_provider/context_length",
    "/loaded_context_length",
    "/max_model_len",
    "/context_length",
    "/context_window",
    "/max_context_length",
    "/max_input_tokens",
    "/meta/n_ctx",
    "/meta/n_ctx_train",
];

const OUTPUT: [&str; 4] = [
    "/top_provider/max_completion_tokens",
    "/max_completion_tokens",
    "/max_output_tokens",
    "/max_tokens",
];

/// Reads a list: `{"data": […]}`, or the bare list of Together. Entries that the provider calls inactive are left out,
/// and those without an id.
pub fn read_models(body: &[u8]) -> Result<Vec<ListedModel>, Malformed> {
    let list: Value = serde_json::from_slice(body)
        .map_err(|_| Malformed::new("", "must be JSON: a list of models"))?;
    let entries = match &list {
        Value::Array(entries) => entries,
        list => list["data"]
            .as_array()
            .ok_or_else(|| Malformed::new("data", "must be a list of models"))?,
    };
    Ok(entries
        .iter()
        .filter(|entry| entry["active"] != Value::Bool(false))
        .filter_map(read_model)
        .collect())
}

fn read_model(entry: &Value) -> Option<ListedModel> {
    let id = entry["id"].as_str().filter(|id| !id.is_empty())?;
    Some(ListedModel {
        id: id.to_owned(),
        owned_by: first(entry, &["/owned_by", "/organization"], |value| {
            value.as_str().map(str::to_owned)
        }),
        context: first(entry, &CONTEXT, tokens),
        output: first(entry, &OUTPUT, tokens),
        created: first(entry, &["/created", "/created_at"], Value::as_i64).filter(|time| *time > 0),
        free: free(&entry["pricing"]),
        abilities: abilities(entry),
    })
}

fn first<T>(entry: &Value, places: &[&str], read: impl Fn(&Value) -> Option<T>) -> Option<T> {
    places.iter().find_map(|place| read(entry.pointer(place)?))
}

/// A number of tokens; 0 means that it is not known.
fn tokens(value: &Value) -> Option<u64> {
    value.as_u64().filter(|tokens| *tokens > 0)
}

/// OpenRouter's prices are texts (`"0.00000015"`), Together's numbers. Negative ones (OpenRouter's router) are unknown.
fn free(pricing: &Value) -> Option<bool> {
    let price = |name: &str| match &pricing[name] {
        Value::String(text) => text.parse::<f64>().ok(),
        value => value.as_f64(),
    };
    let prices = [
        price("prompt").or_else(|| price("input"))?,
        price("completion").or_else(|| price("output"))?,
    ];
    if prices.iter().any(|price| *price < 0.0) {
        return None;
    }
    // A request may cost something by itself.
    let request = price("request").unwrap_or(0.0);
    Some(prices.iter().all(|price| *price == 0.0) && request == 0.0)
}

fn abilities(entry: &Value) -> Abilities {
    let capability = |name: &str| entry["capabilities"][name].as_bool();
    let listed = |place: &str, word: &str| {
        let words = entry.pointer(place)?.as_array()?;
        Some(words.iter().any(|entry| entry == word))
    };
    let kind = entry["type"].as_str();
    Abilities {
        chat: capability("completion_chat").or(match kind {
            Some("chat" | "llm" | "vlm") => Some(true),
            Some("embedding" | "embeddings" | "rerank" | "image" | "audio" | "moderation") => {
                Some(false)
            }
            _ => None,
        }),
        embeddings: match kind {
            Some("embedding" | "embeddings") => Some(true),
            Some("chat" | "llm" | "vlm") => Some(false),
            _ => None,
        },
        tools: capability("function_calling")
            .or_else(|| listed("/supported_parameters", "tools"))
            .or_else(|| listed("/capabilities", "tool_use").filter(|has| *has)),
        vision: capability("vision")
            .or_else(|| listed("/architecture/input_modalities", "image"))
            .or_else(|| (kind == Some("vlm")).then_some(true)),
        thinking: capability("reasoning").or_else(|| listed("/supported_parameters", "reasoning")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(entry: &str) -> ListedModel {
        let list = format!(r#"{{"object":"list","data":[{entry}]}}"#);
        read_models(list.as_bytes()).unwrap().remove(0)
    }

    #[test]
    fn openai_lists_names_and_owners() {
        // https://platform.openai.com/docs/api-reference/models/list
        let model = one(
            r#"{"id":"gpt-4o-mini","object":"model","created":1721172741,"owned_by":"system"}"#,
        );
        assert_eq!(
            model,
            ListedModel {
                id: "gpt-4o-mini".to_owned(),
                owned_by: Some("system".to_owned()),
                created: Some(1_721_172_741),
                ..ListedModel::default()
            }
        );
    }

    #[test]
    fn openrouter_tells_prices_and_what_is_looked_at() {
        // https://openrouter.ai/docs/api-reference/list-available-models
        let model = one(
            r#"{"id":"meta/llama-4:free","created":1743881822,"context_length":1048576,
            "architecture":{"input_modalities":["text","image"],"output_modalities":["text"]},
            "pricing":{"prompt":"0","completion":"0","request":"0","image":"0"},
            "top_provider":{"context_length":131072,"max_completion_tokens":4028,"is_moderated":false},
            "supported_parameters":["max_tokens","tools"]}"#,
        );
        assert_eq!((model.context, model.output), (Some(131_072), Some(4_028)));
        assert_eq!(model.free, Some(true));
        assert_eq!(
            (
                model.abilities.tools,
                model.abilities.vision,
                model.abilities.thinking
            ),
            (Some(true), Some(true), Some(false))
        );
        let paid = one(r#"{"id":"a","pricing":{"prompt":"0","completion":"0.000001"}}"#);
        assert_eq!(paid.free, Some(false));
        let router = one(r#"{"id":"openrouter/auto","pricing":{"prompt":"-1","completion":"-1"}}"#);
        assert_eq!(router.free, None);
    }

    #[test]
    fn groq_tells_the_window_and_what_is_switched_off() {
        // https://console.groq.com/docs/models
        let list = br#"{"object":"list","data":[
            {"id":"openai/gpt-oss-20b","object":"model","created":1754407957,"owned_by":"OpenAI","active":true,
             "context_window":131072,"public_apps":null,"max_completion_tokens":65536},
            {"id":"gone","active":false,"context_window":8192}]}"#;
        let models = read_models(list).unwrap();
        assert_eq!(models.len(), 1);
        assert_eq!(
            (models[0].context, models[0].output),
            (Some(131_072), Some(65_536))
        );
    }

    #[test]
    fn mistral_tells_what_a_model_can_do() {
        // https://docs.mistral.ai/api/endpoint/models
        let model = one(
            r#"{"id":"ministral-8b","object":"model","created":1764000000,"owned_by":"mistralai","max_context_length":262144,
            "capabilities":{"completion_chat":true,"function_calling":true,"completion_fim":false,"vision":true}}"#,
        );
        assert_eq!(model.context, Some(262_144));
        assert_eq!(
            (
                model.abilities.chat,
                model.abilities.tools,
                model.abilities.vision
            ),
            (Some(true), Some(true), Some(true))
        );
    }

    #[test]
    fn together_gives_a_bare_list() {
        // https://docs.together.ai/reference/models-1
        let list = br#"[{"id":"BAAI/bge-base-en-v1.5","object":"model","created":0,"type":"embedding",
            "organization":"BAAI","context_length":512,"pricing":{"hourly":0,"input":0.008,"output":0.008}}]"#;
        let model = read_models(list).unwrap().remove(0);
        assert_eq!(model.owned_by.as_deref(), Some("BAAI"));
        assert_eq!(
            (model.abilities.chat, model.abilities.embeddings),
            (Some(false), Some(true))
        );
        assert_eq!((model.free, model.created), (Some(false), None));
    }

    #[test]
    fn local_servers_tell_what_is_set_and_not_what_could_be() {
        // https://lmstudio.ai/docs/app/api/endpoints/rest and https://docs.vllm.ai/en/latest/serving/openai_compatible_server
        let studio = one(
            r#"{"id":"qwen2-vl-7b","type":"vlm","state":"loaded","max_context_length":32768,"loaded_context_length":4096,
            "capabilities":["tool_use"]}"#,
        );
        assert_eq!(studio.context, Some(4_096));
        assert_eq!(
            (studio.abilities.vision, studio.abilities.tools),
            (Some(true), Some(true))
        );
        let vllm =
            one(r#"{"id":"m","owned_by":"vllm","root":"m","parent":null,"max_model_len":40960}"#);
        assert_eq!(vllm.context, Some(40_960));
        let llama = one(r#"{"id":"m","owned_by":"llamacpp","meta":{"n_ctx_train":131072}}"#);
        assert_eq!(llama.context, Some(131_072));
    }

    #[test]
    fn what_is_no_list_says_what_would_be_one() {
        for body in ["", "<html>", "{}", r#"{"data":{}}"#, "7"] {
            assert!(read_models(body.as_bytes()).is_err(), "{body}");
        }
        assert_eq!(read_models(br#"{"data":[{},null,{"id":7}]}"#).unwrap(), []);
    }
}
