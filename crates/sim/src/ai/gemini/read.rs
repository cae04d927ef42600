//! Requests of `generateContent`, read into the common form.

use guichet_dialects::chat::{
    Effort, Format, Media, Message, Part, Reasoning, Request, Role, Sampling, Tool, ToolChoice,
};
use guichet_dialects::error::Malformed;
use serde_json::{Map, Value};

use super::signs;

const BODY: [&str; 8] = [
    "contents",
    "systemInstruction",
    "tools",
    "toolConfig",
    "generationConfig",
    "safetySettings",
    "cachedContent",
    "labels",
];

const CONFIG: [&str; 20] = [
    "temperature",
    "topP",
    "topK",
    "maxOutputTokens",
    "stopSequences",
    "candidateCount",
    "seed",
    "presencePenalty",
    "frequencyPenalty",
    "responseMimeType",
    "responseSchema",
    "responseJsonSchema",
    "responseLogprobs",
    "logprobs",
    "thinkingConfig",
    "responseModalities",
    "speechConfig",
    "imageConfig",
    "mediaResolution",
    "enableEnhancedCivicAnswers",
];

/// Reads a request to this model.
pub(crate) fn read_request(model: &str, body: &[u8]) -> Result<Request, Malformed> {
    let body: Value = serde_json::from_slice(body)
        .map_err(|_| Malformed::new("", "Invalid JSON payload received. Unexpected token."))?;
    known(&body, "", &BODY)?;
    let config = &body["generationConfig"];
    known(config, "generation_config.", &CONFIG)?;
    let mut messages = Vec::new();
    let instructions = parts(&body["systemInstruction"]);
    if !instructions.is_empty() {
        messages.push(message(Role::System, instructions));
    }
    let contents = list(&body["contents"]);
    if contents.is_empty() {
        return Err(Malformed::new(
            "",
            "* GenerateContentRequest.contents: contents is not specified",
        ));
    }
    for content in contents {
        messages.extend(turn(model, content)?);
    }
    Ok(Request {
        model: model.to_owned(),
        messages,
        tools: tools(&body["tools"]),
        tool_choice: choice(&body["toolConfig"]["functionCallingConfig"]),
        format: format(config),
        reasoning: reasoning(&config["thinkingConfig"]),
        sampling: sampling(config),
        ..Request::default()
    })
}

/// Refuses members that Google does not know.
fn known(value: &Value, place: &str, names: &[&str]) -> Result<(), Malformed> {
    let members = value.as_object().into_iter().flatten();
    let unknown = members.map(|(name, _)| name).find(|name| {
        // Protocol buffers take both spellings.
        !names
            .iter()
            .any(|known| known == name || snake(known) == **name)
    });
    unknown.map_or(Ok(()), |name| {
        let at = place.trim_end_matches('.');
        let at = if at.is_empty() {
            String::new()
        } else {
            format!(" at '{at}'")
        };
        Err(Malformed::new(
            "",
            format!(
                "Invalid JSON payload received. Unknown name \"{name}\"{at}: Cannot find field."
            ),
        ))
    })
}

fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

fn message(role: Role, parts: Vec<Part>) -> Message {
    Message {
        role,
        name: None,
        parts,
        extra: Map::new(),
    }
}

/// A turn: results of tools are a message of their own.
fn turn(model: &str, content: &Value) -> Result<Vec<Message>, Malformed> {
    let role = match content["role"].as_str() {
        Some("model") => Role::Assistant,
        Some("user" | "function") | None => Role::User,
        Some(_) => {
            return Err(Malformed::new("", "Please use a valid role: user, model."));
        }
    };
    let first_call = list(&content["parts"])
        .iter()
        .find(|part| part.get("functionCall").is_some());
    if signs(model) && first_call.is_some_and(|part| !part["thoughtSignature"].is_string()) {
        let name = first_call.map_or("", |part| {
            part["functionCall"]["name"].as_str().unwrap_or_default()
        });
        return Err(Malformed::new(
            "",
            format!(
                "Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call `default_api:{name}`."
            ),
        ));
    }
    let (results, said): (Vec<Part>, Vec<Part>) = parts(content)
        .into_iter()
        .partition(|part| matches!(part, Part::ToolResult { .. }));
    let mut messages = Vec::new();
    for (role, parts) in [(Role::Tool, results), (role, said)] {
        if !parts.is_empty() {
            messages.push(message(role, parts));
        }
    }
    Ok(messages)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn parts(content: &Value) -> Vec<Part> {
    list(&content["parts"]).iter().map(part).collect()
}

fn part(value: &Value) -> Part {
    if let Some(call) = value.get("functionCall") {
        return Part::ToolCall {
            id: text(&call["id"]),
            name: text(&call["name"]),
            arguments: call["args"].to_string(),
            signature: value["thoughtSignature"].as_str().map(str::to_owned),
            cache: None,
        };
    }
    if let Some(result) = value.get("functionResponse") {
        let said = match &result["response"] {
            Value::Object(members) => match members.get("result").or(members.get("output")) {
                Some(Value::String(text)) => text.clone(),
                Some(value) => value.to_string(),
                None => result["response"].to_string(),
            },
            other => other.to_string(),
        };
        return Part::ToolResult {
            id: text(&result["id"]),
            name: result["name"].as_str().map(str::to_owned),
            parts: vec![Part::text(said)],
            failed: false,
            cache: None,
        };
    }
    for name in ["inlineData", "fileData"] {
        if let Some(data) = value.get(name) {
            return media(data);
        }
    }
    if value["thought"] == true {
        return Part::Thinking {
            text: text(&value["text"]),
            signature: None,
            redacted: false,
        };
    }
    Part::text(text(&value["text"]))
}

fn media(data: &Value) -> Part {
    let media_type = text(&data["mimeType"]);
    let kind = media_type.split('/').next().unwrap_or_default().to_owned();
    let media = match data["fileUri"].as_str() {
        Some(address) => Media::Url(address.to_owned()),
        None => Media::Inline {
            media_type,
            data: text(&data["data"]),
        },
    };
    match &*kind {
        "image" => Part::Image {
            media,
            detail: None,
            cache: None,
        },
        "audio" => Part::Audio { media },
        _ => Part::File {
            media,
            name: None,
            cache: None,
        },
    }
}

fn tools(value: &Value) -> Vec<Tool> {
    let declared = list(value)
        .iter()
        .flat_map(|tool| list(&tool["functionDeclarations"]));
    declared
        .map(|function| Tool {
            name: text(&function["name"]),
            description: function["description"].as_str().map(str::to_owned),
            parameters: function
                .get("parametersJsonSchema")
                .or_else(|| function.get("parameters"))
                .map(|schema| schema.clone().into()),
            ..Tool::default()
        })
        .collect()
}

fn choice(config: &Value) -> Option<ToolChoice> {
    let names: Vec<String> = list(&config["allowedFunctionNames"])
        .iter()
        .map(text)
        .collect();
    let required = match config["mode"].as_str()? {
        "NONE" => return Some(ToolChoice::None),
        "ANY" => true,
        "VALIDATED" => false,
        _ => return Some(ToolChoice::Auto),
    };
    Some(match names.as_slice() {
        [] if required => ToolChoice::Required,
        [] => ToolChoice::Auto,
        [name] if required => ToolChoice::Named(name.clone()),
        _ => ToolChoice::Allowed { required, names },
    })
}

fn format(config: &Value) -> Option<Format> {
    if config["responseMimeType"] != "application/json" {
        return None;
    }
    let schema = config
        .get("responseJsonSchema")
        .or(config.get("responseSchema"));
    Some(schema.map_or(Format::Json, |schema| Format::Schema {
        name: "answer".to_owned(),
        description: None,
        schema: schema.clone().into(),
        strict: None,
    }))
}

/// Thoughts are told only if that is asked for.
fn reasoning(config: &Value) -> Option<Reasoning> {
    let show = config["includeThoughts"].as_bool();
    let effort = config["thinkingLevel"].as_str().map(|word| match word {
        "minimal" => Effort::Minimal,
        "low" => Effort::Low,
        "medium" => Effort::Medium,
        "high" => Effort::High,
        other => Effort::Other(other.to_owned()),
    });
    let budget_tokens = config["thinkingBudget"].as_i64();
    (show == Some(true)).then_some(Reasoning {
        effort,
        budget_tokens,
        show,
    })
}

fn sampling(config: &Value) -> Sampling {
    Sampling {
        max_tokens: config["maxOutputTokens"].as_u64(),
        temperature: config["temperature"].as_f64(),
        top_p: config["topP"].as_f64(),
        top_k: config["topK"].as_u64(),
        seed: config["seed"].as_i64(),
        stop: list(&config["stopSequences"]).iter().map(text).collect(),
        choices: config["candidateCount"].as_u64(),
        ..Sampling::default()
    }
}
