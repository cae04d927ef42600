//! The pieces of a message's content: texts, pictures, sounds, documents.

use std::borrow::Cow;

use serde_json::Value;

use super::super::{
    fields::{Fields, wrong},
    json::{Object, object},
};
use crate::{
    chat::{Media, Part},
    error::Malformed,
};

/// The pieces of a `content`: a text, a list, or nothing.
pub(super) fn read_content(content: Option<Value>, path: &str) -> Result<Vec<Part>, Malformed> {
    match content {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![Part::text(text)]),
        Some(Value::Array(list)) => list
            .into_iter()
            .enumerate()
            .map(|(index, part)| read_part(part, format!("{path}[{index}]")))
            .collect(),
        Some(other) => Err(wrong(path, "a string or an array of parts", &other)),
    }
}

fn read_part(value: Value, path: String) -> Result<Part, Malformed> {
    let kind = match &value {
        Value::String(text) => return Ok(Part::text(text.as_str())),
        Value::Object(members) => members
            .get("type")
            .and_then(Value::as_str)
            .map(str::to_owned),
        other => return Err(wrong(path, "an object with a `type`", other)),
    };
    let Some(kind) = kind else {
        return Err(Malformed::new(
            format!("{path}.type"),
            "must be a string: `text`, `image_url`, `input_audio`, `file` …",
        ));
    };
    // What is of nobody's but one provider's stays as it was written.
    if !matches!(
        kind.as_str(),
        "text" | "image_url" | "input_audio" | "file" | "refusal" | "thinking"
    ) {
        return Ok(Part::Other { value });
    }
    let mut fields = Fields::of(value, path)?;
    let cache = fields.take("cache_control");
    Ok(match kind.as_str() {
        "text" => Part::Text {
            text: fields.needed_text("text")?,
            cache,
            citations: None,
            signature: None,
        },
        "image_url" => read_image(&mut fields, cache)?,
        "input_audio" => read_audio(&mut fields)?,
        "file" => read_file(&mut fields, cache)?,
        "refusal" => Part::Refusal(fields.needed_text("refusal")?),
        _ => read_thinking(&mut fields),
    })
}

/// `{"url", "detail"}`, or the bare URL, which some clients send and most servers take.
fn read_image(fields: &mut Fields, cache: Option<Value>) -> Result<Part, Malformed> {
    let (url, detail) = match fields.take("image_url") {
        Some(Value::String(url)) => (url, None),
        Some(value) => {
            let mut image = Fields::of(value, fields.at("image_url"))?;
            (image.needed_text("url")?, image.text("detail")?)
        }
        None => {
            return Err(Malformed::new(
                fields.at("image_url"),
                "is missing; it must be an object with a `url`",
            ));
        }
    };
    Ok(Part::Image {
        media: media(url),
        detail,
        cache,
    })
}

fn read_audio(fields: &mut Fields) -> Result<Part, Malformed> {
    let Some(mut audio) = fields.object("input_audio")? else {
        return Err(Malformed::new(
            fields.at("input_audio"),
            "is missing; it must be an object with `data` and `format`",
        ));
    };
    let data = audio.needed_text("data")?;
    let format = audio.text("format")?;
    Ok(Part::Audio {
        media: match media(data) {
            Media::Url(data) if !is_web(&data) => Media::Inline {
                media_type: audio_type(format.as_deref().unwrap_or("wav")).into_owned(),
                data,
            },
            other => other,
        },
    })
}

fn read_file(fields: &mut Fields, cache: Option<Value>) -> Result<Part, Malformed> {
    let Some(mut file) = fields.object("file")? else {
        return Err(Malformed::new(
            fields.at("file"),
            "is missing; it must be an object with `file_data` or `file_id`",
        ));
    };
    let name = file.text("filename")?;
    let media = match (file.text("file_id")?, file.text("file_data")?) {
        (Some(id), _) => Media::Stored(id),
        (None, Some(data)) => match media(data) {
            Media::Url(data) if !is_web(&data) => Media::Inline {
                media_type: "application/pdf".into(),
                data,
            },
            other => other,
        },
        (None, None) => {
            return Err(Malformed::new(
                file.at("file_data"),
                "is missing; a file has `file_data` (a data: URL) or `file_id`",
            ));
        }
    };
    Ok(Part::File { media, name, cache })
}

/// Mistral's thoughts: `{"type":"thinking","thinking":[{"type":"text","text":…}]}`.
fn read_thinking(fields: &mut Fields) -> Part {
    let text = match fields.take("thinking") {
        Some(Value::String(text)) => text,
        Some(Value::Array(chunks)) => chunks
            .iter()
            .filter_map(|chunk| chunk.get("text")?.as_str())
            .collect(),
        _ => String::new(),
    };
    Part::Thinking {
        text,
        signature: None,
        redacted: false,
    }
}

/// A `data:` URL in base64 is what it holds; any other URL is a place.
pub(super) fn media(url: String) -> Media {
    let inline = url
        .get(..5)
        .filter(|scheme| scheme.eq_ignore_ascii_case("data:"))
        .and_then(|_| url[5..].split_once(','))
        .and_then(|(head, data)| Some((head.strip_suffix(";base64")?, data)));
    match inline {
        Some((media_type, data)) => Media::Inline {
            media_type: media_type.to_owned(),
            data: data.to_owned(),
        },
        None => Media::Url(url),
    }
}

fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// OpenAI's word for a sound's form, as a media type.
fn audio_type(format: &str) -> Cow<'static, str> {
    match format {
        "wav" => "audio/wav".into(),
        "mp3" => "audio/mpeg".into(),
        other => format!("audio/{other}").into(),
    }
}

/// And back.
fn audio_format(media_type: &str) -> &str {
    match media_type {
        "audio/wav" | "audio/x-wav" | "audio/wave" => "wav",
        "audio/mpeg" | "audio/mp3" => "mp3",
        other => other.strip_prefix("audio/").unwrap_or(other),
    }
}

/// Writes a piece as an element of a content list; false = this dialect has no way to say it.
pub(super) fn write_part(out: &mut Vec<u8>, part: &Part, cache_markers: bool) -> bool {
    let begin = out.len();
    let mut said = true;
    object(out, |object| {
        let marker = match part {
            Part::Text { text, cache, .. } => {
                object.put("type", "text");
                object.text("text", text);
                cache
            }
            Part::Image {
                media,
                detail,
                cache,
            } => {
                said = write_image(object, media, detail.as_deref());
                cache
            }
            Part::Audio { media } => {
                said = write_audio(object, media);
                &None
            }
            Part::File { media, name, cache } => {
                said = write_file(object, media, name.as_deref());
                cache
            }
            Part::Refusal(text) => {
                object.put("type", "refusal");
                object.put("refusal", text);
                &None
            }
            _ => {
                said = false;
                &None
            }
        };
        object.some("cache_control", marker.as_ref().filter(|_| cache_markers));
    });
    if !said {
        out.truncate(begin);
    }
    said
}

fn write_image(object: &mut Object<'_>, media: &Media, detail: Option<&str>) -> bool {
    let Some(url) = url(media) else {
        return false;
    };
    object.put("type", "image_url");
    object.object("image_url", |image| {
        image.put("url", url);
        image.some("detail", detail);
    });
    true
}

fn write_audio(object: &mut Object<'_>, media: &Media) -> bool {
    let Media::Inline { media_type, data } = media else {
        return false;
    };
    object.put("type", "input_audio");
    object.object("input_audio", |audio| {
        audio.put("data", data);
        audio.put("format", audio_format(media_type));
    });
    true
}

fn write_file(object: &mut Object<'_>, media: &Media, name: Option<&str>) -> bool {
    if matches!(media, Media::Url(_)) {
        return false;
    }
    object.put("type", "file");
    object.object("file", |file| {
        file.some("filename", name);
        match media {
            Media::Stored(id) => file.put("file_id", id),
            _ => file.some("file_data", url(media)),
        }
    });
    true
}

/// The URL of what has one.
pub(super) fn url(media: &Media) -> Option<Cow<'_, str>> {
    match media {
        Media::Url(url) => Some(url.into()),
        Media::Inline { media_type, data } => {
            let mut url = String::with_capacity(media_type.len() + data.len() + 13);
            url.extend(["data:", media_type, ";base64,", data]);
            Some(url.into())
        }
        Media::Stored(_) => None,
    }
}
