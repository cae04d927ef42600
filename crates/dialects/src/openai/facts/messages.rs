//! The messages of a request, counted as they go by.

use super::Wrong;
use crate::facts::Facts;
use crate::openai::chat::role;
use crate::scan::{Scalar, Scan};

/// What is told of a request without a message.
pub(super) const NONE: &str = "must be an array of at least one message";

/// The list of messages.
pub(super) fn read(scan: &mut Scan<'_>, facts: &mut Facts) -> Result<(), Wrong> {
    if scan.next() != b'[' {
        scan.value()?;
        return Err(Wrong::at("messages", NONE));
    }
    // A second list of the name replaces the first, as it does for the provider.
    facts.messages = 0;
    scan.list(|scan| {
        message(scan, facts)?;
        facts.messages += 1;
        Ok(())
    })
}

fn message(scan: &mut Scan<'_>, facts: &mut Facts) -> Result<(), Wrong> {
    let index = facts.messages;
    if scan.next() != b'{' {
        scan.value()?;
        let reason = "must be an object with `role` and `content`";
        return Err(Wrong::at(format!("messages[{index}]"), reason));
    }
    let mut known = false;
    scan.object(|scan, name| {
        match &*name.text()? {
            "role" => {
                known = matches!(scan.scalar()?, Scalar::Text(word) if role(&word).is_some());
            }
            "content" => content(scan, facts)?,
            "tool_calls" | "function_call" => facts.text.add(scan.value()?),
            "reasoning_content" | "refusal" => text(scan, facts)?,
            _ => {}
        }
        Ok::<_, Wrong>(())
    })?;
    if known {
        return Ok(());
    }
    Err(Wrong::at(
        format!("messages[{index}].role"),
        "must be `system`, `developer`, `user`, `assistant` or `tool`",
    ))
}

/// A text is counted; what is none is for the provider to judge.
fn text(scan: &mut Scan<'_>, facts: &mut Facts) -> Result<(), Wrong> {
    if let Scalar::Text(text) = scan.scalar()? {
        facts.text.add(&text);
    }
    Ok(())
}

fn content(scan: &mut Scan<'_>, facts: &mut Facts) -> Result<(), Wrong> {
    match scan.next() {
        b'"' => text(scan, facts),
        b'[' => {
            let mut place = 0;
            scan.list(|scan| {
                part(scan, place, facts)?;
                place += 1;
                Ok(())
            })
        }
        _ => match scan.scalar()? {
            Scalar::Null => Ok(()),
            _ => Err(Wrong::at(
                format!("messages[{}].content", facts.messages),
                "must be a string or an array of parts",
            )),
        },
    }
}

fn part(scan: &mut Scan<'_>, place: usize, facts: &mut Facts) -> Result<(), Wrong> {
    let index = facts.messages;
    match scan.next() {
        b'{' => {}
        // Some clients put bare texts into the list.
        b'"' => return text(scan, facts),
        _ => {
            scan.value()?;
            let path = format!("messages[{index}].content[{place}]");
            return Err(Wrong::at(path, "must be an object with a `type`"));
        }
    }
    let mut kind = None;
    scan.object(|scan, name| {
        match &*name.text()? {
            "type" => {
                if let Scalar::Text(word) = scan.scalar()? {
                    kind = Some(word);
                }
            }
            "text" | "thinking" | "refusal" => text(scan, facts)?,
            // The megabytes are here.
            _ => {}
        }
        Ok::<_, Wrong>(())
    })?;
    match kind.as_deref() {
        Some("image_url" | "input_image" | "image") => facts.images += 1,
        Some("input_audio") => facts.audios += 1,
        Some("file" | "input_file" | "document_url") => facts.files += 1,
        Some(_) => {}
        None => {
            return Err(Wrong::at(
                format!("messages[{index}].content[{place}].type"),
                "must be a string: `text`, `image_url`, `input_audio`, `file` …",
            ));
        }
    }
    Ok(())
}
