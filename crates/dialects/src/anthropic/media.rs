//! Where a picture or a document is: Anthropic's `source`.

use serde::Serialize;

use super::fields::Fields;
use crate::base64;
use crate::chat::Media;
use crate::error::Malformed;

/// A `source` as it is written.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Source<'a> {
    Base64 {
        media_type: &'a str,
        data: &'a str,
    },
    Url {
        url: &'a str,
    },
    File {
        file_id: &'a str,
    },
    Text {
        media_type: &'static str,
        data: String,
    },
}

/// Reads a `source`; none = one that only Anthropic has (a document made of blocks).
pub(super) fn read_source(raw: &str, path: &str) -> Result<Option<Media>, Malformed> {
    let mut source = Fields::of(raw, path.to_owned())?;
    let kind = source.need_text("type", "`base64`, `url` or `file`")?;
    Ok(Some(match kind.as_str() {
        "base64" => Media::Inline {
            media_type: source.need_text("media_type", "`image/png`, `application/pdf` …")?,
            data: source.need_text("data", "the bytes in base64")?,
        },
        "text" => Media::Inline {
            media_type: "text/plain".to_owned(),
            data: base64::encode(source.need_text("data", "the text")?.as_bytes()),
        },
        "url" => from_url(source.need_text("url", "the address")?),
        "file" => Media::Stored(source.need_text("file_id", "the id of the file")?),
        _ => return Ok(None),
    }))
}

fn from_url(url: String) -> Media {
    let inline = url
        .strip_prefix("data:")
        .and_then(|rest| rest.split_once(";base64,"));
    match inline {
        Some((media_type, data)) => Media::Inline {
            media_type: media_type.to_owned(),
            data: data.to_owned(),
        },
        None => Media::Url(url),
    }
}

/// The `source` of a picture; none = Anthropic cannot see it (a file of another provider).
pub(super) fn image_source(media: &Media) -> Option<Source<'_>> {
    match media {
        Media::Inline { media_type, data } => Some(Source::Base64 { media_type, data }),
        Media::Url(url) => Some(Source::Url { url }),
        Media::Stored(id) => stored(id),
    }
}

/// The `source` of a document; none = Anthropic cannot read it: it takes PDF and plain text only.
pub(super) fn document_source(media: &Media) -> Option<Source<'_>> {
    match media {
        Media::Inline { media_type, data } if media_type == "application/pdf" => {
            Some(Source::Base64 { media_type, data })
        }
        Media::Inline { media_type, data } if media_type.starts_with("text/") => {
            Some(Source::Text {
                media_type: "text/plain",
                data: String::from_utf8(base64::decode(data)?).ok()?,
            })
        }
        Media::Inline { .. } => None,
        Media::Url(url) => Some(Source::Url { url }),
        Media::Stored(id) => stored(id),
    }
}

/// Ids of Anthropic's files begin with `file_`, OpenAI's with `file-`.
fn stored(id: &str) -> Option<Source<'_>> {
    id.starts_with("file_")
        .then_some(Source::File { file_id: id })
}
