//! From bytes to what filters read, as declared and whatever the answer's own header says.

mod csv_table;
mod feed;
mod xml;

use guichet_catalogue::filter::Input;
use guichet_catalogue::model::Decoder;
use serde_json::Value;

/// Decodes a body. The error says what is wrong without quoting the body.
pub fn decode(decoder: Decoder, body: &[u8]) -> Result<Input, String> {
    match decoder {
        Decoder::Json => Input::from_json(body)
            .map_err(|error| format!("the body is no JSON ({})", category(&error))),
        Decoder::Ndjson => lines(body),
        Decoder::Csv => csv_table::read(body).map(|table| Input::from(&table)),
        Decoder::Xml => xml::read(body).map(|root| Input::from(&root)),
        Decoder::Feed => feed::read(body).map(|feed| Input::from(&feed)),
        Decoder::Text => text(body).map(Input::text),
        Decoder::Bytes => Ok(Input::text(base64(body))),
    }
}

/// Whether a body is a page where data was declared.
#[must_use]
pub fn looks_like_html(decoder: Decoder, body: &[u8]) -> bool {
    if matches!(decoder, Decoder::Bytes) {
        return false;
    }
    const SEEN: usize = 256;
    let begin = String::from_utf8_lossy(&body[..body.len().min(SEEN)]);
    let begin = begin
        .trim_start_matches('\u{feff}')
        .trim_start()
        .to_ascii_lowercase();
    begin.starts_with("<!doctype html") || begin.starts_with("<html") || begin.starts_with("<head")
}

/// What a body is that is not what was declared, for filters that look at errors: JSON, or its text.
#[must_use]
pub fn whatever(body: &[u8]) -> Input {
    Input::from_json(body).unwrap_or_else(|_| Input::text(String::from_utf8_lossy(body)))
}

fn lines(body: &[u8]) -> Result<Input, String> {
    let text = text(body)?;
    let values = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(serde_json::from_str::<Value>);
    let values = values
        .collect::<Result<_, _>>()
        .map_err(|error| format!("a line is no JSON ({})", category(&error)))?;
    Ok(Input::from(&Value::Array(values)))
}

fn text(body: &[u8]) -> Result<String, String> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    String::from_utf8(body.to_vec()).map_err(|_| "the body is no UTF-8 text".to_owned())
}

fn category(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Eof => "it ends too soon",
        _ => "it breaks off",
    };
    format!("{what} at line {} column {}", error.line(), error.column())
}

/// Standard base64 with padding.
#[must_use]
pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .fold(0_usize, |group, byte| group << 8 | usize::from(*byte))
            << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = ALPHABET[group >> (18 - 6 * place) & 63];
            text.push(if place > chunk.len() {
                '='
            } else {
                char::from(digit)
            });
        }
    }
    text
}

#[cfg(test)]
mod tests;
