//! `/v1/audio/speech`, both sides.
//!
//! Source: openai-python 3.54, `types/audio/speech_create_params.py`.

use serde_json::Value;

use super::fields::{Fields, wrong};
use super::json::object;
use crate::chat::Extra;
use crate::error::Malformed;
use crate::speech::SpeechRequest;
use crate::written::Written;

/// What a caller asks for.
pub fn read_request(body: &[u8]) -> Result<SpeechRequest, Malformed> {
    let mut fields = Fields::read(body)?;
    let mut request = SpeechRequest {
        model: fields.needed_text("model")?,
        input: fields.needed_text("input")?,
        voice: read_voice(&mut fields)?,
        format: fields.text("response_format")?,
        speed: fields.number("speed")?,
        instructions: fields.text("instructions")?,
        extra: Extra::new(),
    };
    request.extra = fields.rest();
    request.extra.retain(|_, value| !value.is_null());
    Ok(request)
}

/// A name, or an object with the id of a voice of the caller's own.
fn read_voice(fields: &mut Fields) -> Result<String, Malformed> {
    match fields.take("voice") {
        Some(Value::String(voice)) => Ok(voice),
        Some(voice @ Value::Object(_)) => Fields::of(voice, "voice")?.needed_text("id"),
        Some(other) => Err(wrong("voice", "a string", &other)),
        None => Err(Malformed::new("voice", "is missing; it must be a string")),
    }
}

/// The request for a provider.
#[must_use]
pub fn write_request(request: &SpeechRequest) -> Written {
    let mut body = Vec::new();
    object(&mut body, |body| {
        body.put("model", &request.model);
        body.put("input", &request.input);
        body.put("voice", &request.voice);
        body.some("response_format", request.format.as_ref());
        body.some("speed", request.speed);
        body.some("instructions", request.instructions.as_ref());
        for (name, value) in &request.extra {
            body.put(name, value);
        }
    });
    Written {
        body,
        dropped: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_passed_on_as_it_was_meant() {
        let body = r#"{"model":"m","input":"Hi","voice":"alloy","response_format":"wav","speed":1.5,"instructions":"Whisper.","stream_format":"audio"}"#;
        let request = read_request(body.as_bytes()).unwrap();
        assert_eq!(request.media_type(), "audio/wav");
        assert_eq!(
            String::from_utf8(write_request(&request).body).unwrap(),
            body
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let complaint =
            |body: &str| read_request(body.as_bytes()).map_err(|error| error.to_string());
        assert_eq!(
            complaint(r#"{"model":"m","input":"Hi"}"#),
            Err("`voice` is missing; it must be a string".to_owned())
        );
        assert_eq!(
            complaint(r#"{"model":"m","input":"Hi","voice":{}}"#),
            Err("`voice.id` is missing; it must be a string".to_owned())
        );
    }
}
