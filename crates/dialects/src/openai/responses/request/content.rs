//! The pieces of a message, and of what a call came to.

use serde_json::{Value, json};

use super::super::carried::signature_in;
use crate::chat::{Media, Part};
use crate::error::Malformed;
use crate::openai::fields::{Fields, wrong};

/// A content: one text, or a list of pieces.
pub(super) fn read(content: Value, path: &str) -> Result<Vec<Part>, Malformed> {
    match content {
        Value::String(text) => Ok(vec![Part::text(text)]),
        Value::Array(pieces) => pieces
            .into_iter()
            .enumerate()
            .map(|(place, piece)| read_piece(Fields::of(piece, format!("{path}[{place}]"))?))
            .collect(),
        other => Err(wrong(path, "a string or an array of parts", &other)),
    }
}

fn read_piece(mut piece: Fields) -> Result<Part, Malformed> {
    let kind = piece.needed_text("type")?;
    let cache = read_cache(&mut piece);
    match kind.as_str() {
        "input_text" | "output_text" | "text" => Ok(Part::Text {
            text: piece.needed_text("text")?,
            cache,
            citations: piece
                .list("annotations")?
                .filter(|list| !list.is_empty())
                .map(Value::Array),
            signature: piece.take("extra_content").as_ref().and_then(signature_in),
        }),
        "refusal" => Ok(Part::Refusal(piece.needed_text("refusal")?)),
        "input_image" => Ok(Part::Image {
            media: read_image(&mut piece)?,
            detail: piece.text("detail")?,
            cache,
        }),
        "input_file" => read_file(&mut piece, cache),
        "input_audio" => read_audio(&mut piece),
        other => Err(Malformed::new(
            piece.at("type"),
            format!(
                "must be `input_text`, `input_image`, `input_file`, `input_audio`, `output_text` or `refusal`, not `{other}`"
            ),
        )),
    }
}

/// A marker in its newer form at OpenAI, in the form that the common one keeps; or in that form already.
fn read_cache(piece: &mut Fields) -> Option<Value> {
    let marker = piece.take("cache_control");
    let breakpoint = piece.take("prompt_cache_breakpoint");
    marker.or_else(|| breakpoint.map(|_| json!({"type": "ephemeral"})))
}

fn read_image(piece: &mut Fields) -> Result<Media, Malformed> {
    if let Some(url) = piece.text("image_url")? {
        return Ok(media_at(url));
    }
    match piece.text("file_id")? {
        Some(id) => Ok(Media::Stored(id)),
        None => Err(Malformed::new(
            piece.at("image_url"),
            "is missing; it must be a URL or a `data:` URL",
        )),
    }
}

fn read_file(piece: &mut Fields, cache: Option<Value>) -> Result<Part, Malformed> {
    let name = piece.text("filename")?;
    let media = if let Some(data) = piece.text("file_data")? {
        match media_at(data) {
            // Base64 without a head; documents are meant.
            Media::Url(data) => Media::Inline {
                media_type: "application/pdf".to_owned(),
                data,
            },
            inline => inline,
        }
    } else if let Some(url) = piece.text("file_url")? {
        media_at(url)
    } else if let Some(id) = piece.text("file_id")? {
        Media::Stored(id)
    } else {
        return Err(Malformed::new(
            piece.at("file_data"),
            "is missing; give `file_data`, `file_url` or `file_id`",
        ));
    };
    Ok(Part::File { media, name, cache })
}

fn read_audio(piece: &mut Fields) -> Result<Part, Malformed> {
    let Some(mut audio) = piece.object("input_audio")? else {
        return Err(Malformed::new(
            piece.at("input_audio"),
            "is missing; it must be an object with `data` and `format`",
        ));
    };
    let format = audio.needed_text("format")?;
    let media_type = match format.as_str() {
        "mp3" => "audio/mpeg".to_owned(),
        other => format!("audio/{other}"),
    };
    let data = audio.needed_text("data")?;
    Ok(Part::Audio {
        media: Media::Inline { media_type, data },
    })
}

/// A `data:` URL is the thing itself.
fn media_at(url: String) -> Media {
    let inline = url
        .strip_prefix("data:")
        .and_then(|rest| rest.split_once(','))
        .and_then(|(head, data)| Some((head.strip_suffix(";base64")?, data)));
    match inline {
        Some((media_type, data)) => Media::Inline {
            media_type: media_type
                .split(';')
                .next()
                .unwrap_or(media_type)
                .to_owned(),
            data: data.to_owned(),
        },
        None => Media::Url(url),
    }
}
