//! A recorded answer: how it is decoded, and what it is made of.

use serde_json::Value;

use super::DraftError;
use super::secret::Secrets;
use super::tree::Tree;
use crate::model::Decoder;

/// A recorded answer, credentials taken out.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) body: Body,
    pub(super) decode: Decoder,
    /// Where its shape comes from.
    pub(super) source: String,
}

/// A body of a sample.
#[derive(Debug)]
pub(super) enum Body {
    Json(Value),
    Text(String),
}

impl Answer {
    /// Reads what was recorded.
    pub(super) fn read(text: &str, secrets: &Secrets) -> Result<Self, DraftError> {
        let trimmed = text.trim_start_matches('\u{feff}').trim();
        if trimmed.is_empty() {
            return Err(DraftError::Answer("it is empty"));
        }
        let (body, decode) = match serde_json::from_str::<Value>(trimmed) {
            Ok(mut value) => {
                secrets.scrub(&mut value);
                (Body::Json(value), Decoder::Json)
            }
            Err(_) => (Body::Text(secrets.scrubbed(trimmed)), decoder(trimmed)?),
        };
        Ok(Self {
            body,
            decode,
            source: "recorded by the operator".into(),
        })
    }

    /// Its structure, where that can be seen without running a decoder.
    pub(super) fn tree(&self) -> Option<Tree> {
        match &self.body {
            Body::Json(value) => Some(Tree::of(value)),
            Body::Text(_) => None,
        }
    }
}

/// What a text that is no JSON seems to be.
fn decoder(text: &str) -> Result<Decoder, DraftError> {
    let start: String = text
        .chars()
        .take(2_000)
        .collect::<String>()
        .to_ascii_lowercase();
    if start.starts_with("http/") {
        return Err(DraftError::Answer(
            "it begins with headers: record the body only, without curl's `-i`",
        ));
    }
    if start.starts_with("<!doctype html") || start.starts_with("<html") {
        return Err(DraftError::Answer(
            "it is a web page, as providers send it instead of an answer",
        ));
    }
    let mut lines = text.lines();
    let is_json =
        |line: &str| serde_json::from_str::<Value>(line).is_ok_and(|value| value.is_object());
    if lines.clone().count() > 1
        && lines
            .clone()
            .all(|line| line.trim().is_empty() || is_json(line))
    {
        return Ok(Decoder::Ndjson);
    }
    if start.starts_with(['{', '[']) {
        return Err(DraftError::Answer(
            "it begins like JSON but is none; is it whole?",
        ));
    }
    if start.starts_with('<') {
        let is_feed = ["<rss", "<feed", "<rdf:rdf"]
            .iter()
            .any(|root| start.contains(root));
        return Ok(if is_feed { Decoder::Feed } else { Decoder::Xml });
    }
    let columns = |line: &str| line.matches(',').count();
    let first = lines.next().map_or(0, columns);
    Ok(match lines.next() {
        Some(second) if first > 0 && columns(second) == first => Decoder::Csv,
        _ => Decoder::Text,
    })
}

/// How a decoder is called in a file.
pub(super) fn decoder_name(decoder: Decoder) -> &'static str {
    match decoder {
        Decoder::Json => "json",
        Decoder::Ndjson => "ndjson",
        Decoder::Csv => "csv",
        Decoder::Xml => "xml",
        Decoder::Feed => "feed",
        Decoder::Text => "text",
        Decoder::Bytes => "bytes",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_are_no_json_are_recognized() {
        for (text, expected) in [
            ("a,b\n1,2", Ok(Decoder::Csv)),
            ("<?xml version=\"1.0\"?><rss/>", Ok(Decoder::Feed)),
            ("<Envelope/>", Ok(Decoder::Xml)),
            ("{\"a\":1}\n{\"a\":2}", Ok(Decoder::Ndjson)),
            ("Hello, world", Ok(Decoder::Text)),
        ] {
            let answer = Answer::read(text, &Secrets::default());
            assert_eq!(answer.map(|answer| answer.decode), expected, "{text}");
        }
        for text in ["", "{\"a\":", "<!DOCTYPE html><p>", "HTTP/2 200\n\n{}"] {
            assert!(Answer::read(text, &Secrets::default()).is_err(), "{text}");
        }
    }
}
