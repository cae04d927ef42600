//! The conversation, written for a provider.

use serde_json::Value;

use super::{
    super::{
        message::{sound, text_signature, write_calls, write_signature, write_thoughts},
        part::write_part,
    },
    OWN_IN_MESSAGES,
    write::Writer,
};
use crate::{
    chat::{Message, Part, Role},
    openai::{
        ids,
        json::{Object, object},
    },
};

impl Writer {
    pub(super) fn messages(&mut self, out: &mut Vec<u8>, messages: &[Message]) {
        out.push(b'[');
        let begin = out.len();
        // Pictures of results, which a `tool` message cannot hold: they follow in a turn of the user's.
        let mut shown: Vec<(String, &Part)> = Vec::new();
        for (index, message) in messages.iter().enumerate() {
            let mut rest = Vec::new();
            for (place, part) in message.parts.iter().enumerate() {
                let path = format!("messages[{index}].content[{place}]");
                if let Part::ToolResult { .. } = part {
                    separate(out, begin);
                    self.result(out, part, &path, &mut shown);
                } else {
                    rest.push((path, part));
                }
            }
            if message.role == Role::Tool && rest.is_empty() {
                continue;
            }
            self.show(out, begin, &mut shown);
            separate(out, begin);
            self.message(out, message, &rest);
        }
        self.show(out, begin, &mut shown);
        out.push(b']');
    }

    fn show(&mut self, out: &mut Vec<u8>, begin: usize, shown: &mut Vec<(String, &Part)>) {
        if shown.is_empty() {
            return;
        }
        separate(out, begin);
        object(out, |object| {
            object.put("role", "user");
            self.list(object.key("content"), shown);
        });
        shown.clear();
    }

    fn result<'p>(
        &mut self,
        out: &mut Vec<u8>,
        part: &'p Part,
        path: &str,
        shown: &mut Vec<(String, &'p Part)>,
    ) {
        let Part::ToolResult {
            id,
            name,
            parts,
            failed,
            cache,
        } = part
        else {
            return;
        };
        if *failed {
            self.drop(format!("{path}.is_error"));
        }
        let (texts, others): (Vec<_>, Vec<_>) = parts
            .iter()
            .enumerate()
            .map(|(place, part)| (format!("{path}.content[{place}]"), part))
            .partition(|(_, part)| matches!(part, Part::Text { .. }));
        shown.extend(others);
        object(out, |object| {
            object.put("role", "tool");
            object.put("tool_call_id", ids::legal(id));
            object.some("name", name.as_ref());
            self.content(object, &texts);
            self.marker(object, cache.as_ref());
        });
    }

    fn message(&mut self, out: &mut Vec<u8>, message: &Message, parts: &[(String, &Part)]) {
        object(out, |object| {
            object.put("role", self.role(message.role));
            object.some("name", message.name.as_ref());
            if message.role == Role::Assistant {
                self.said(object, &message.parts);
            } else {
                self.content(object, parts);
            }
            for (name, value) in &message.extra {
                if OWN_IN_MESSAGES.contains(&name.as_str()) {
                    object.put(name, value);
                }
            }
        });
    }

    fn role(&self, role: Role) -> &'static str {
        match role {
            Role::System => "system",
            Role::Developer if self.accepts.developer => "developer",
            Role::Developer => "system",
            Role::User | Role::Tool => "user",
            Role::Assistant => "assistant",
        }
    }

    /// A turn of the model's: what is not text has members of its own.
    fn said(&mut self, object: &mut Object<'_>, parts: &[Part]) {
        let texts: Vec<(String, &Part)> = parts
            .iter()
            .filter(|part| matches!(part, Part::Text { text, .. } if !text.is_empty()))
            .map(|part| (String::new(), part))
            .collect();
        if texts.is_empty() {
            object.put("content", ());
        } else {
            self.content(object, &texts);
        }
        let refusal: Vec<&str> = parts
            .iter()
            .filter_map(|part| match part {
                Part::Refusal(text) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        if !refusal.is_empty() {
            object.put("refusal", refusal.concat());
        }
        for part in parts {
            self.note_lost(part);
        }
        if let Some(audio) = parts.iter().find_map(sound) {
            object.put("audio", audio);
        }
        if self.accepts.thoughts {
            write_thoughts(object, parts, self.accepts.thought_details);
        }
        write_calls(object, parts, self.accepts.along());
        if let Some(token) = text_signature(parts)
            && self.accepts.signatures
        {
            write_signature(object, token);
        }
    }

    fn note_lost(&mut self, part: &Part) {
        let (signature, cache) = match part {
            Part::Thinking { .. } if !self.accepts.thoughts => return self.drop("thinking"),
            Part::ToolCall {
                signature, cache, ..
            } => (signature, cache),
            Part::Text { signature, .. } => (signature, &None),
            Part::Other { value } if sound(part).is_none() && value.get("custom").is_none() => {
                let kind = value.get("type").and_then(Value::as_str);
                return self.drop(kind.unwrap_or("content"));
            }
            _ => return,
        };
        if signature.is_some() && !self.accepts.signatures {
            self.drop("thought_signature");
        }
        if cache.is_some() && !self.accepts.cache_markers {
            self.drop("cache_control");
        }
    }

    /// A text where that says all, otherwise a list.
    fn content(&mut self, object: &mut Object<'_>, parts: &[(String, &Part)]) {
        let mut texts = Vec::with_capacity(parts.len());
        let mut marked = false;
        for (_, part) in parts {
            if let Part::Text { text, cache, .. } = part {
                texts.push(text.as_str());
                marked |= cache.is_some();
            }
        }
        let only_texts = texts.len() == parts.len();
        if marked && !self.accepts.cache_markers {
            self.drop("cache_control");
        }
        let keep =
            self.accepts.text_parts && texts.len() > 1 || marked && self.accepts.cache_markers;
        if only_texts && !keep {
            match texts.as_slice() {
                [text] => object.text("content", text),
                texts => object.text("content", &texts.join("\n")),
            }
        } else {
            self.list(object.key("content"), parts);
        }
    }

    fn list(&mut self, out: &mut Vec<u8>, parts: &[(String, &Part)]) {
        out.push(b'[');
        let begin = out.len();
        for (path, part) in parts {
            let end = out.len();
            separate(out, begin);
            if !write_part(out, part, self.accepts.cache_markers) {
                out.truncate(end);
                self.drop(format!("{path}{}", member(part)));
            }
        }
        out.push(b']');
    }
}

/// The name under which a caller may know the piece.
fn member(part: &Part) -> &'static str {
    match part {
        Part::Image { .. } => ".image_url",
        Part::Audio { .. } => ".input_audio",
        Part::File { .. } => ".file",
        _ => "",
    }
}

fn separate(out: &mut Vec<u8>, begin: usize) {
    if out.len() > begin {
        out.push(b',');
    }
}
