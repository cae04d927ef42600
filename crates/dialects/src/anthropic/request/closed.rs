//! Schemas as Anthropic demands them.

use crate::chat::Schema;
use crate::error::Malformed;
use crate::members::{Members, replace_elements};

/// Below this nothing is closed: nobody writes such schemas, and Anthropic takes none.
const DEEPEST: usize = 64;

/// A schema whose objects say that they have no other members: Anthropic refuses any that is open.
pub(super) fn closed(schema: &Schema) -> Schema {
    match within(schema.text(), 0) {
        Ok(Some(closed)) => Schema::of(closed),
        Ok(None) | Err(_) => schema.clone(),
    }
}

/// None = nothing has changed.
fn within(value: &str, depth: usize) -> Result<Option<String>, Malformed> {
    if depth > DEEPEST {
        return Ok(None);
    }
    if value.starts_with('[') {
        let inner = |_, element: &str| Ok(within(element, depth + 1)?.map(String::into_bytes));
        return Ok(replace_elements(value, inner)?.and_then(|list| String::from_utf8(list).ok()));
    }
    if !value.starts_with('{') {
        return Ok(None);
    }
    let members = Members::of(value)?;
    let mut editor = members.clone().edit();
    for (name, value) in members.iter() {
        if let Some(closed) = within(value, depth + 1)? {
            editor.replace(name, closed);
        }
    }
    if members.get("type") == Some("\"object\"") {
        editor.set("additionalProperties", "false");
    }
    let changed = editor.is_changed().then(|| editor.finish());
    Ok(changed.and_then(|text| String::from_utf8(text).ok()))
}
