//! What is done to the messages of an OpenAI conversation that a provider would refuse or misread.
//!
//! **Invariant:** a message that no rule concerns keeps its bytes.

use guichet_catalogue::model::ai::MessageRule;
use guichet_dialects::error::Malformed;
use guichet_dialects::members::{Editor, Members, elements, replace_elements};
use serde_json::Value;

use super::quirks::within;
use super::request::quoted;

/// Members with earlier thoughts, in the words of those who have them.
const THOUGHTS: [&str; 3] = ["reasoning", "reasoning_content", "reasoning_details"];

/// Applies the rules. What is taken away and meant something is added to `dropped`.
pub(super) fn rules(
    rules: &[MessageRule],
    members: &Members<'_>,
    editor: &mut Editor<'_>,
    dropped: &mut Vec<String>,
) -> Result<(), Malformed> {
    let Some(before) = members.get("messages").filter(|_| !rules.is_empty()) else {
        return Ok(());
    };
    let wrong = |wrong| within("messages", wrong);
    let each = replace_elements(before, |place, message| {
        each(rules, place, message, dropped)
    })
    .map_err(wrong)?;
    let each = each.map(text).transpose()?;
    let now = each.as_deref().unwrap_or(before);
    let moved = rearrange(rules, now).map_err(wrong)?;
    if let Some(messages) = moved.or(each) {
        editor.replace("messages", messages);
    }
    Ok(())
}

// === one message ===

fn each(
    rules: &[MessageRule],
    place: usize,
    message: &str,
    dropped: &mut Vec<String>,
) -> Result<Option<Vec<u8>>, Malformed> {
    if !rules.iter().any(|rule| may_concern(*rule, message)) {
        return Ok(None);
    }
    let members = Members::of(message)?;
    let mut editor = members.edit();
    for rule in rules {
        match rule {
            MessageRule::DropNames => {
                drop_members(&members, &mut editor, &["name"], place, dropped);
            }
            MessageRule::DropReasoning => {
                drop_members(&members, &mut editor, &THOUGHTS, place, dropped);
            }
            MessageRule::DeveloperAsSystem if role(&members) == "\"developer\"" => {
                editor.replace("role", "\"system\"");
            }
            MessageRule::TextOnlyAsString => {
                if let Some(text) = members.get("content").and_then(text_only) {
                    editor.replace("content", quoted(&text));
                }
            }
            MessageRule::NullContentAsEmpty => {
                if members
                    .get("content")
                    .is_none_or(|content| content == "null")
                {
                    editor.set("content", "\"\"");
                }
            }
            MessageRule::ReasoningWithCalls
                if members.get("tool_calls").is_some()
                    && members.get("reasoning_content").is_none() =>
            {
                editor.set("reasoning_content", "\"\"");
            }
            MessageRule::DeveloperAsSystem
            | MessageRule::SystemFirst
            | MessageRule::MergeSameRole
            | MessageRule::ReasoningWithCalls => {}
        }
    }
    Ok(editor.is_changed().then(|| editor.finish()))
}

/// A cheap look, so that large messages are not read for nothing.
fn may_concern(rule: MessageRule, message: &str) -> bool {
    match rule {
        MessageRule::DropNames => message.contains("\"name\""),
        MessageRule::DropReasoning => message.contains("\"reasoning"),
        MessageRule::DeveloperAsSystem => message.contains("\"developer\""),
        MessageRule::ReasoningWithCalls => message.contains("\"tool_calls\""),
        MessageRule::TextOnlyAsString | MessageRule::NullContentAsEmpty => true,
        MessageRule::SystemFirst | MessageRule::MergeSameRole => false,
    }
}

fn drop_members(
    members: &Members<'_>,
    editor: &mut Editor<'_>,
    names: &[&str],
    place: usize,
    dropped: &mut Vec<String>,
) {
    for name in names {
        if members.get(name).is_some_and(|value| value != "null") {
            dropped.push(format!("messages[{place}].{name}"));
        }
        editor.remove(name);
    }
}

fn role<'a>(members: &Members<'a>) -> &'a str {
    members.get("role").unwrap_or_default()
}

/// The text of content that is nothing but text parts, joined by line feeds.
fn text_only(content: &str) -> Option<String> {
    let parts = elements(content).ok()?;
    let texts: Option<Vec<String>> = parts
        .into_iter()
        .map(|part| {
            let part = Members::of(part).ok()?;
            let is_text = part.get("type") == Some("\"text\"");
            let text = part.get("text").filter(|_| is_text)?;
            serde_json::from_str(text).ok()
        })
        .collect();
    texts.map(|texts| texts.join("\n"))
}

// === all of them ===

/// Puts messages in another order, or some of them together. None = all stay as they are.
fn rearrange(rules: &[MessageRule], messages: &str) -> Result<Option<String>, Malformed> {
    let mut list: Vec<String> = Vec::new();
    let mut is_changed = false;
    if !rules
        .iter()
        .any(|rule| matches!(rule, MessageRule::SystemFirst | MessageRule::MergeSameRole))
    {
        return Ok(None);
    }
    list.extend(elements(messages)?.into_iter().map(str::to_owned));
    if rules.contains(&MessageRule::SystemFirst) {
        is_changed |= system_first(&mut list)?;
    }
    if rules.contains(&MessageRule::MergeSameRole) {
        is_changed |= merge(&mut list)?;
    }
    Ok(is_changed.then(|| format!("[{}]", list.join(","))))
}

fn is_system(message: &str) -> Result<bool, Malformed> {
    let members = Members::of(message)?;
    Ok(matches!(role(&members), "\"system\"" | "\"developer\""))
}

/// Moves instructions to the front, as one message.
fn system_first(list: &mut Vec<String>) -> Result<bool, Malformed> {
    let mut system = Vec::new();
    let mut rest = Vec::new();
    let mut in_place = true;
    for message in list.iter() {
        if is_system(message)? {
            in_place &= system.is_empty() && rest.is_empty();
            system.push(message.clone());
        } else {
            rest.push(message.clone());
        }
    }
    if in_place {
        return Ok(false);
    }
    let mut texts = Vec::new();
    for message in &system {
        let members = Members::of(message)?;
        let content = members.get("content").unwrap_or("null");
        texts.push(match serde_json::from_str(content) {
            Ok(Value::String(text)) => text,
            _ => text_only(content).unwrap_or_default(),
        });
    }
    let first = format!(
        r#"{{"role":"system","content":{}}}"#,
        quoted(&texts.join("\n\n"))
    );
    *list = std::iter::once(first).chain(rest).collect();
    Ok(true)
}

/// Joins messages of one role that follow each other and hold content alone.
fn merge(list: &mut Vec<String>) -> Result<bool, Malformed> {
    let before = list.len();
    let mut merged: Vec<String> = Vec::with_capacity(before);
    for message in std::mem::take(list) {
        let joined = match merged.last() {
            Some(before_it) => joined(before_it, &message)?,
            None => None,
        };
        match (joined, merged.last_mut()) {
            (Some(joined), Some(before_it)) => *before_it = joined,
            _ => merged.push(message),
        }
    }
    *list = merged;
    Ok(list.len() < before)
}

fn joined(one: &str, other: &str) -> Result<Option<String>, Malformed> {
    let (one, other) = (Members::of(one)?, Members::of(other)?);
    let plain = |members: &Members<'_>| {
        members
            .iter()
            .all(|(name, value)| matches!(name, "role" | "content" | "name") || value == "null")
    };
    let of_one_role = role(&one) == role(&other);
    if !of_one_role || role(&one) == "\"tool\"" || !plain(&one) || !plain(&other) {
        return Ok(None);
    }
    let contents = [&one, &other].map(|members| members.get("content").unwrap_or("null"));
    let texts: Option<Vec<String>> = contents
        .iter()
        .map(|content| serde_json::from_str(content).ok())
        .collect();
    let content = if let Some(texts) = texts {
        quoted(&texts.join("\n\n"))
    } else {
        let parts: Vec<String> = contents
            .iter()
            .filter_map(|content| parts(content))
            .collect();
        format!("[{}]", parts.join(","))
    };
    Ok(Some(format!(
        r#"{{"role":{},"content":{content}}}"#,
        role(&one)
    )))
}

/// The parts of content, without the brackets around them.
fn parts(content: &str) -> Option<String> {
    if content.starts_with('"') {
        return Some(format!(r#"{{"type":"text","text":{content}}}"#));
    }
    let list = elements(content).ok()?;
    (!list.is_empty()).then(|| list.join(","))
}

fn text(bytes: Vec<u8>) -> Result<String, Malformed> {
    String::from_utf8(bytes)
        .map_err(|error| Malformed::new("messages", format!("is not UTF-8: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ruled(list: &[MessageRule], messages: &str) -> (String, Vec<String>) {
        let body = format!(r#"{{"messages":{messages}}}"#);
        let members = Members::of(&body).unwrap();
        let mut editor = members.edit();
        let mut dropped = Vec::new();
        rules(list, &members, &mut editor, &mut dropped).unwrap();
        let body = String::from_utf8(editor.finish()).unwrap();
        let messages = Members::of(&body)
            .unwrap()
            .get("messages")
            .unwrap()
            .to_owned();
        (messages, dropped)
    }

    #[test]
    fn names_go_but_those_of_functions_stay() {
        let (messages, dropped) = ruled(
            &[MessageRule::DropNames],
            r#"[{"role":"user", "name":"ann","content":"x"}, {"role":"assistant","tool_calls":[{"function":{"name":"f"}}]}]"#,
        );
        assert_eq!(
            messages,
            r#"[{"role":"user","content":"x"}, {"role":"assistant","tool_calls":[{"function":{"name":"f"}}]}]"#
        );
        assert_eq!(dropped, ["messages[0].name"]);
    }

    #[test]
    fn a_developer_is_a_system_and_earlier_thoughts_are_not_repeated() {
        let (messages, dropped) = ruled(
            &[MessageRule::DeveloperAsSystem, MessageRule::DropReasoning],
            r#"[{"role":"developer","content":"a developer"},{"role":"assistant","content":"b","reasoning_content":"t","reasoning":null}]"#,
        );
        assert_eq!(
            messages,
            r#"[{"role":"system","content":"a developer"},{"role":"assistant","content":"b"}]"#
        );
        assert_eq!(dropped, ["messages[1].reasoning_content"]);
    }

    #[test]
    fn texts_become_one_string_but_pictures_keep_their_list() {
        let (messages, _) = ruled(
            &[MessageRule::TextOnlyAsString],
            r#"[{"role":"user","content":[{"type":"text","text":"a\n"},{"type":"text","text":"b"}]},{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"u"}}]}]"#,
        );
        assert_eq!(
            messages,
            r#"[{"role":"user","content":"a\n\nb"},{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"u"}}]}]"#
        );
    }

    #[test]
    fn no_content_is_empty_content() {
        let (messages, _) = ruled(
            &[MessageRule::NullContentAsEmpty],
            r#"[{"role":"assistant","content":null,"tool_calls":[]},{"role":"assistant"},{"role":"user","content":"x"}]"#,
        );
        assert_eq!(
            messages,
            r#"[{"role":"assistant","content":"","tool_calls":[]},{"role":"assistant","content":""},{"role":"user","content":"x"}]"#
        );
    }

    #[test]
    fn instructions_come_first_as_one() {
        let (messages, _) = ruled(
            &[MessageRule::SystemFirst],
            r#"[{"role":"user","content":"x"},{"role":"system","content":"a"},{"role":"developer","content":[{"type":"text","text":"b"}]}]"#,
        );
        assert_eq!(
            messages,
            r#"[{"role":"system","content":"a\n\nb"},{"role":"user","content":"x"}]"#
        );
        let in_order = r#"[ {"role":"system","content":"a"}, {"role":"user","content":"x"}]"#;
        assert_eq!(ruled(&[MessageRule::SystemFirst], in_order).0, in_order);
    }

    #[test]
    fn turns_of_one_role_are_one_but_calls_and_results_stay_apart() {
        let (messages, _) = ruled(
            &[MessageRule::MergeSameRole],
            r#"[{"role":"user","content":"a"},{"role":"user","content":"b"},{"role":"user","content":[{"type":"image_url"}]},{"role":"assistant","content":"c"},{"role":"assistant","content":null,"tool_calls":[{}]},{"role":"tool","content":"1"},{"role":"tool","content":"2"}]"#,
        );
        assert_eq!(
            messages,
            r#"[{"role":"user","content":[{"type":"text","text":"a\n\nb"},{"type":"image_url"}]},{"role":"assistant","content":"c"},{"role":"assistant","content":null,"tool_calls":[{}]},{"role":"tool","content":"1"},{"role":"tool","content":"2"}]"#
        );
    }
}
