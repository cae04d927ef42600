//! Texts within TOML and jq.

use super::tree::Step;

/// A TOML string on one line: literal where it can be, so that jq needs no escapes.
pub(super) fn toml(text: &str) -> String {
    if text
        .chars()
        .any(|character| character == '\'' || character.is_control())
    {
        basic(text)
    } else {
        format!("'{text}'")
    }
}

/// A TOML string in double quotes, for titles and names.
pub(super) fn basic(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            control if control.is_control() => {
                quoted.push_str(&format!("\\u{:04X}", u32::from(control)));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// A TOML string over several lines.
pub(super) fn multiline(text: &str) -> String {
    let plain = |character: char| !character.is_control() || matches!(character, '\n' | '\t');
    if text.contains("'''") || !text.chars().all(plain) {
        return basic(text);
    }
    format!("'''\n{text}\n'''")
}

/// A string in jq: JSON's escapes are jq's, and no `\(` begins an interpolation there.
pub(super) fn jq(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The name of a member in an object that jq makes.
pub(super) fn jq_name(name: &str) -> String {
    if is_plain(name) {
        name.into()
    } else {
        jq(name)
    }
}

/// `.a.b`, `.["2m"]`, `.list[0].c`.
pub(super) fn jq_path(path: &[Step]) -> String {
    let mut written = String::new();
    for step in path {
        match step {
            Step::Member(name) if is_plain(name) => {
                written.push('.');
                written.push_str(name);
            }
            Step::Member(name) => {
                if written.is_empty() {
                    written.push('.');
                }
                written.push_str(&format!("[{}]", jq(name)));
            }
            Step::First => written.push_str(if written.is_empty() { ".[0]" } else { "[0]" }),
        }
    }
    if written.is_empty() {
        ".".into()
    } else {
        written
    }
}

/// Whether a name needs no quotes. Words of the language are names too, but are quoted to be safe.
fn is_plain(name: &str) -> bool {
    const WORDS: [&str; 16] = [
        "and", "as", "catch", "def", "elif", "else", "end", "foreach", "if", "import", "include",
        "label", "or", "reduce", "then", "try",
    ];
    let mut characters = name.chars();
    characters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|character| character.is_ascii_alphanumeric() || character == '_')
        && !WORDS.contains(&name)
}

/// One line without control characters, for comments.
pub(super) fn line(text: &str) -> String {
    const LONGEST: usize = 160;
    let words: Vec<&str> = text.split_whitespace().collect();
    let text: String = words
        .join(" ")
        .chars()
        .filter(|character| !character.is_control())
        .collect();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text[..end].trim_end_matches('\\')),
        None => text.trim_end_matches('\\').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_texts_are_read_back_as_they_were() {
        for text in ["plain", "it's", "a \"b\" \\ c", "line\nbreak\u{1}", "'''"] {
            for quoted in [toml(text), basic(text)] {
                let table: toml::Table = ::toml::from_str(&format!("a = {quoted}")).unwrap();
                assert_eq!(table["a"].as_str(), Some(text), "{quoted}");
            }
            let table: toml::Table = ::toml::from_str(&format!("a = {}", multiline(text))).unwrap();
            assert_eq!(
                table["a"].as_str().map(|text| text.trim_end_matches('\n')),
                Some(text)
            );
        }
    }

    #[test]
    fn paths_quote_what_is_no_name() {
        let member = |name: &str| Step::Member(name.into());
        assert_eq!(jq_path(&[]), ".");
        assert_eq!(
            jq_path(&[member("a"), Step::First, member("2m")]),
            ".a[0][\"2m\"]"
        );
        assert_eq!(jq_path(&[member("a-b")]), ".[\"a-b\"]");
        assert_eq!(jq_path(&[Step::First, member("end")]), ".[0][\"end\"]");
    }
}
