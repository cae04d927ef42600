//! What choosing must know of a request, read at each door.

use bytes::Bytes;
use guichet_dialects::chat::{Extra, Part};
use guichet_dialects::embeddings::EmbeddingInput;
use guichet_dialects::error::Malformed;
use guichet_dialects::facts::Facts;
use guichet_dialects::members::Members;
use guichet_dialects::moderations::ModerationInput;
use guichet_dialects::transcription::TranscriptionRequest;
use guichet_dialects::{anthropic, openai, rerank};
use guichet_engine::ai::Door;

/// What stands for a model where a request names none.
pub(super) const AUTO: &str = "auto";

/// A request that was read.
pub(super) struct Read {
    /// As it was sent; `auto` stands in it where it named no model.
    pub(super) body: Bytes,
    pub(super) facts: Facts,
    /// Whether it names a model itself.
    pub(super) names_model: bool,
}

/// Reads a request. OpenAI demands a model; here a request without one leaves the choice.
pub(super) fn read(door: Door, content_type: &str, body: &Bytes) -> Result<Read, Malformed> {
    match of(door, content_type, body) {
        Ok(facts) if facts.model.as_ref().is_some_and(|model| !model.is_empty()) => {
            return Ok(Read {
                body: body.clone(),
                facts,
                names_model: true,
            });
        }
        Ok(_) => {}
        // It may be missing; if it is there and wrong, the second look says so again.
        Err(error) if error.path == "model" => {}
        Err(error) => return Err(error),
    }
    let body = with_auto(body);
    let facts = of(door, content_type, &body)?;
    Ok(Read {
        body,
        facts,
        names_model: false,
    })
}

/// The body with `auto` as its model, if it has none.
pub(super) fn with_auto(body: &Bytes) -> Bytes {
    let Ok(members) = Members::read(body) else {
        // A form; its reader says what is wrong with it.
        return body.clone();
    };
    match members.get("model") {
        None | Some("null" | "\"\"") => {
            let mut editor = members.edit();
            editor.set("model", format!("\"{AUTO}\""));
            editor.finish().into()
        }
        Some(_) => body.clone(),
    }
}

fn of(door: Door, content_type: &str, body: &Bytes) -> Result<Facts, Malformed> {
    match door {
        Door::Chat => openai::facts::read_facts(body),
        Door::Messages => anthropic::read_facts(body),
        Door::Responses => Ok(Facts::from(&openai::responses::read_request(body)?)),
        Door::Completions => Ok(Facts::from(&openai::completions::read_request(body)?)),
        Door::Embeddings => embeddings(body),
        Door::Speech => speech(body),
        Door::Transcription | Door::Translation => transcription(content_type, body),
        Door::Images => images(body),
        Door::Moderations => moderations(body),
        Door::Rerank => ranks(body),
    }
}

fn embeddings(body: &[u8]) -> Result<Facts, Malformed> {
    /// A token is about four bytes of text.
    const TOKEN: u64 = 4;
    let request = openai::embeddings::read_request(body)?;
    let mut facts = named(request.model);
    for input in &request.input {
        match input {
            EmbeddingInput::Text(text) => facts.text.add(text),
            EmbeddingInput::Tokens(tokens) => facts.text.latin += TOKEN * tokens.len() as u64,
        }
    }
    Ok(facts)
}

fn speech(body: &[u8]) -> Result<Facts, Malformed> {
    let request = openai::speech::read_request(body)?;
    let mut facts = named(request.model);
    facts.text.add(&request.input);
    facts
        .text
        .add(request.instructions.as_deref().unwrap_or_default());
    facts.stream = says(&request.extra, "stream_format", "sse");
    Ok(facts)
}

fn transcription(content_type: &str, body: &Bytes) -> Result<Facts, Malformed> {
    let request = TranscriptionRequest::read(content_type, body.clone())?;
    let mut facts = named(request.model);
    facts.stream = request.stream;
    facts.audios = 1;
    facts
        .text
        .add(request.prompt.as_deref().unwrap_or_default());
    Ok(facts)
}

fn images(body: &[u8]) -> Result<Facts, Malformed> {
    let request = openai::images::read_request(body)?;
    let mut facts = named(request.model);
    facts.choices = request.count.unwrap_or(0);
    facts.text.add(&request.prompt);
    Ok(facts)
}

fn moderations(body: &[u8]) -> Result<Facts, Malformed> {
    let request = openai::moderations::read_request(body)?;
    let mut facts = named(request.model.unwrap_or_default());
    for input in &request.input {
        match input {
            ModerationInput::Text(text) => facts.text.add(text),
            ModerationInput::Parts(parts) => parts.iter().for_each(|part| match part {
                Part::Text { text, .. } => facts.text.add(text),
                Part::Image { .. } => facts.images += 1,
                _ => {}
            }),
        }
    }
    Ok(facts)
}

fn ranks(body: &[u8]) -> Result<Facts, Malformed> {
    let request = rerank::read_request(body)?;
    let mut facts = named(request.model);
    facts.text.add(&request.query);
    for document in &request.documents {
        facts.text.add(document);
    }
    Ok(facts)
}

fn named(model: String) -> Facts {
    Facts {
        model: Some(model).filter(|model| !model.is_empty()),
        ..Facts::default()
    }
}

fn says(extra: &Extra, name: &str, word: &str) -> bool {
    extra.get(name).and_then(serde_json::Value::as_str) == Some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_json(door: Door, body: &'static str) -> Result<Read, String> {
        read(
            door,
            "application/json",
            &Bytes::from_static(body.as_bytes()),
        )
        .map_err(|error| error.to_string())
    }

    const WITHOUT_MODEL: [(Door, &str); 9] = [
        (
            Door::Chat,
            r#"{"messages":[{"role":"user","content":"Hi"}]}"#,
        ),
        (
            Door::Messages,
            r#"{"max_tokens":5,"messages":[{"role":"user","content":"Hi"}]}"#,
        ),
        (Door::Responses, r#"{"model":null,"input":"Hi"}"#),
        (Door::Completions, r#"{"prompt":"Hi"}"#),
        (Door::Embeddings, r#"{"input":"Hi"}"#),
        (Door::Speech, r#"{"model":"","input":"Hi","voice":"v"}"#),
        (Door::Images, r#"{"prompt":"Hi"}"#),
        (Door::Moderations, r#"{"input":"Hi"}"#),
        (Door::Rerank, r#"{"query":"Hi","documents":["a"]}"#),
    ];

    #[test]
    fn a_request_without_a_model_leaves_the_choice_at_every_door() {
        for (door, body) in WITHOUT_MODEL {
            let read = read_json(door, body).unwrap_or_else(|error| panic!("{door:?}: {error}"));
            assert!(!read.names_model, "{door:?}");
            assert_eq!(read.facts.model.as_deref(), Some(AUTO), "{door:?}");
            assert!(read.facts.estimate_input_tokens() > 0, "{door:?}");
        }
    }

    #[test]
    fn a_request_with_a_model_is_not_copied() {
        let body = r#"{"model":"m","messages":[{"role":"user","content":"Hi"}]}"#;
        let read = read_json(Door::Chat, body).unwrap();
        assert!(read.names_model);
        assert_eq!(read.body.as_ptr(), body.as_ptr());
    }

    #[test]
    fn a_model_that_is_no_name_is_told() {
        for (door, body) in [
            (
                Door::Chat,
                r#"{"model":7,"messages":[{"role":"user","content":"Hi"}]}"#,
            ),
            (Door::Embeddings, r#"{"model":[],"input":"Hi"}"#),
            (
                Door::Messages,
                r#"{"model":{},"max_tokens":1,"messages":[{"role":"user","content":"Hi"}]}"#,
            ),
        ] {
            let error = read_json(door, body).err().unwrap();
            assert!(error.starts_with("`model`"), "{door:?}: {error}");
        }
    }
}
