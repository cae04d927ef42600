//! Blocks as they arrive, from clients and from the provider: the same shapes in both directions.

use super::super::carried;
use super::super::fields::{self, Fields};
use super::super::media::read_source;
use crate::chat::Part;
use crate::error::Malformed;

/// Reads `content`: a text, or a list of blocks.
pub(in super::super) fn read_content(raw: &str, path: &str) -> Result<Vec<Part>, Malformed> {
    read_list(raw, path, read_block).map(carried::restore)
}

fn read_list(
    raw: &str,
    path: &str,
    read: impl Fn(&str, String) -> Result<Part, Malformed>,
) -> Result<Vec<Part>, Malformed> {
    if fields::is_text(raw) {
        let text: String = fields::typed(raw, || path.to_owned(), "a text")?;
        return Ok(vec![Part::text(text)]);
    }
    fields::list(raw, path)
        .map_err(|wrong| Malformed::new(wrong.path, "must be a text or a list of content blocks"))?
        .into_iter()
        .map(|(block, path)| read(block, path))
        .collect()
}

/// Reads one block.
pub(in super::super) fn read_block(raw: &str, path: String) -> Result<Part, Malformed> {
    let mut block = Fields::of(raw, path.clone())?;
    let kind = block.need_text("type", "the kind of block, `text` for a text")?;
    match kind.as_str() {
        "tool_use" => read_call(&mut block),
        "tool_result" => read_result(&mut block),
        "thinking" => Ok(Part::Thinking {
            text: block.need_text("thinking", "the thought")?,
            signature: block.text("signature")?.filter(|token| !token.is_empty()),
            redacted: false,
        }),
        "redacted_thinking" => Ok(Part::Thinking {
            text: String::new(),
            signature: Some(block.need_text("data", "the block's token, as it was given")?),
            redacted: true,
        }),
        _ => read_plain(raw, path, &kind, block),
    }
}

/// Reads a block that may stand in a tool's result too: there no block holds others of its kind.
fn read_plain(
    raw: &str,
    path: String,
    kind: &str,
    mut block: Fields<'_>,
) -> Result<Part, Malformed> {
    match kind {
        "text" => {
            return Ok(Part::Text {
                text: block.need_text("text", "the text")?,
                cache: block.value("cache_control")?,
                citations: block.value("citations")?,
                signature: None,
            });
        }
        "image" | "document" => {
            let source = block.need("source", "where it is")?;
            if let Some(media) = read_source(source, &block.at("source"))? {
                let cache = block.value("cache_control")?;
                return Ok(if kind == "image" {
                    let detail = None;
                    Part::Image {
                        media,
                        detail,
                        cache,
                    }
                } else {
                    let name = block.text("title")?;
                    Part::File { media, name, cache }
                });
            }
        }
        _ => {}
    }
    let value = fields::value(raw, || path)?;
    Ok(Part::Other { value })
}

fn read_call(block: &mut Fields<'_>) -> Result<Part, Malformed> {
    let input = block.take("input");
    if let Some(input) = input
        && !input.starts_with('{')
    {
        return Err(Malformed::new(block.at("input"), "must be an object"));
    }
    Ok(Part::ToolCall {
        id: block.need_text("id", "the call's id")?,
        name: block.need_text("name", "the tool's name")?,
        // As the model wrote it, to the byte: caches of prompts depend on it.
        arguments: input.unwrap_or("{}").to_owned(),
        signature: None,
        cache: block.value("cache_control")?,
    })
}

fn read_result(block: &mut Fields<'_>) -> Result<Part, Malformed> {
    let parts = match block.take("content") {
        None => Vec::new(),
        Some(content) => read_list(content, &block.at("content"), |raw, path| {
            let mut inner = Fields::of(raw, path.clone())?;
            let kind = inner.need_text("type", "the kind of block, `text` for a text")?;
            read_plain(raw, path, &kind, inner)
        })?,
    };
    Ok(Part::ToolResult {
        id: block.need_text("tool_use_id", "the id of the call")?,
        name: None,
        parts,
        failed: block.typed("is_error", "true or false")?.unwrap_or(false),
        cache: block.value("cache_control")?,
    })
}
