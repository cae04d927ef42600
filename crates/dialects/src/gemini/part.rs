//! A part of a content as Gemini writes it, read into the common form.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::calls::{CallIds, compact};
use crate::chat::{Media, Part};

/// Stands before a signature of thoughts, so that thoughts of other providers, whose signatures Gemini would refuse,
/// can be told from its own when they come back.
pub(crate) const OWN_SIGNATURE: &str = "google:";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    text: Option<String>,
    thought: Option<bool>,
    thought_signature: Option<String>,
    #[serde(borrow)]
    function_call: Option<FunctionCall<'a>>,
    inline_data: Option<InlineData>,
    file_data: Option<FileData>,
}

#[derive(Deserialize)]
struct FunctionCall<'a> {
    id: Option<String>,
    #[serde(default)]
    name: String,
    #[serde(borrow)]
    args: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InlineData {
    #[serde(default)]
    mime_type: String,
    data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FileData {
    mime_type: Option<String>,
    file_uri: String,
}

/// Reads a part. `mark` tells the answer from others of the conversation. None = it says nothing.
pub(super) fn read(raw: &RawValue, ids: &mut CallIds, mark: &[&str]) -> Option<Part> {
    let Ok(wire) = serde_json::from_str::<Wire<'_>>(raw.get()) else {
        return other(raw);
    };
    let signature = wire.thought_signature.filter(|text| !text.is_empty());
    if let Some(call) = wire.function_call {
        return Some(tool_call(call, signature, ids, mark));
    }
    if let Some(InlineData { mime_type, data }) = wire.inline_data {
        let kind = mime_type.clone();
        return Some(media(
            &kind,
            Media::Inline {
                media_type: mime_type,
                data,
            },
        ));
    }
    if let Some(FileData {
        mime_type,
        file_uri,
    }) = wire.file_data
    {
        return Some(media(&mime_type.unwrap_or_default(), Media::Url(file_uri)));
    }
    match (wire.text, wire.thought == Some(true)) {
        (text, true) if text.is_some() || signature.is_some() => Some(Part::Thinking {
            text: text.unwrap_or_default(),
            signature: signature.map(|signature| format!("{OWN_SIGNATURE}{signature}")),
            redacted: false,
        }),
        (Some(text), _) if text.is_empty() && signature.is_none() => None,
        (None, _) if signature.is_none() => other(raw),
        // The last chunk of a stream often has a signature and no text, and some parts have a signature alone.
        (text, _) => Some(Part::Text {
            text: text.unwrap_or_default(),
            cache: None,
            citations: None,
            signature,
        }),
    }
}

fn tool_call(
    call: FunctionCall<'_>,
    signature: Option<String>,
    ids: &mut CallIds,
    mark: &[&str],
) -> Part {
    let arguments = match call.args.map(RawValue::get) {
        None | Some("null") => "{}".to_owned(),
        Some(args) => compact(args),
    };
    let marks = [mark, &[&call.name, &arguments]].concat();
    Part::ToolCall {
        id: ids.next(call.id.as_deref(), &marks),
        name: call.name,
        arguments,
        signature,
        cache: None,
    }
}

fn media(kind: &str, media: Media) -> Part {
    match kind.split('/').next() {
        Some("image") => Part::Image {
            media,
            detail: None,
            cache: None,
        },
        Some("audio") => Part::Audio { media },
        _ => Part::File {
            media,
            name: None,
            cache: None,
        },
    }
}

/// `executableCode`, `codeExecutionResult` and whatever comes next. An empty object says nothing.
fn other(raw: &RawValue) -> Option<Part> {
    let value: Value = serde_json::from_str(raw.get()).ok()?;
    let says_something = value.as_object().is_none_or(|object| !object.is_empty());
    (says_something && !value.is_null()).then_some(Part::Other { value })
}
