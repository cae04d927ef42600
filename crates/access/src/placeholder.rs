//! What people leave in place of a secret. Sent upstream it would cost calls and earn a ban.

/// Why a text cannot be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Placeholder {
    /// Nothing is there.
    #[error("it is empty; paste the key that the provider gave you")]
    Empty,
    /// Left over from an example.
    #[error("it is the placeholder of an example; paste the key that the provider gave you")]
    Example,
    /// One character over and over.
    #[error("it is one character repeated; paste the key that the provider gave you")]
    Repeated,
    /// Line breaks or other control characters.
    #[error("it holds line breaks or control characters; paste the key alone")]
    ControlCharacters,
    /// No provider's key is that long.
    #[error("it is longer than 16384 bytes; paste the key alone")]
    TooLong,
}

const LONGEST: usize = 16_384;

/// Whole texts, small letters, with `-` and space read as `_`.
const WORDS: &[&str] = &[
    "api_key",
    "apikey",
    "change_it",
    "change_me",
    "changeit",
    "changeme",
    "dummy",
    "example",
    "false",
    "fixme",
    "foo",
    "insert_key_here",
    "key",
    "key_here",
    "n/a",
    "none",
    "null",
    "password",
    "placeholder",
    "redacted",
    "replace_me",
    "replaceme",
    "secret",
    "tbd",
    "test",
    "todo",
    "token",
    "true",
    "undefined",
];

/// First and last part of texts that say what should stand there.
const FRAMES: &[(&str, &str)] = &[
    ("<", ">"),
    ("${", "}"),
    ("{{", "}}"),
    ("[", "]"),
    ("your_", "_here"),
    ("your_", "_key"),
    ("your_", "_token"),
    ("your_", "_secret"),
    ("your", "key"),
    ("your", "token"),
    ("your", "here"),
    ("my_", "_key"),
    ("insert_", "_here"),
    ("put_", "_here"),
    ("paste_", "_here"),
    ("enter_", "_here"),
    ("replace_", "_here"),
    ("xxx", "xxx"),
];

/// Judges a text without the space around it.
pub(crate) fn check(text: &str) -> Result<(), Placeholder> {
    if text.is_empty() {
        return Err(Placeholder::Empty);
    }
    if text.len() > LONGEST {
        return Err(Placeholder::TooLong);
    }
    if text.chars().any(char::is_control) {
        return Err(Placeholder::ControlCharacters);
    }
    if is_repeated(text) {
        return Err(Placeholder::Repeated);
    }
    if is_example(&text.to_lowercase().replace(['-', ' '], "_")) {
        Err(Placeholder::Example)
    } else {
        Ok(())
    }
}

/// A single letter or digit may be real: `TheMealDB`'s public key is `1`.
fn is_repeated(text: &str) -> bool {
    let mut rest = text.chars();
    let first = rest.next();
    let single = rest.as_str().is_empty() && first.is_some_and(char::is_alphanumeric);
    !single && rest.all(|other| Some(other) == first)
}

fn is_example(text: &str) -> bool {
    let framed = |&(start, end): &(&str, &str)| {
        text.len() >= start.len() + end.len() && text.starts_with(start) && text.ends_with(end)
    };
    WORDS.contains(&text) || FRAMES.iter().any(framed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_refused_with_their_reason() {
        let examples = [
            "your_api_key_here",
            "YOUR-API-KEY",
            "changeme",
            "Change Me",
            "<token>",
            "${KEY}",
            "xxxYxxx",
        ];
        for text in examples {
            assert_eq!(check(text), Err(Placeholder::Example), "{text}");
        }
        for text in ["xxx", "********", "00", "-"] {
            assert_eq!(check(text), Err(Placeholder::Repeated), "{text}");
        }
        assert_eq!(check(""), Err(Placeholder::Empty));
        assert_eq!(check("abc\ndef"), Err(Placeholder::ControlCharacters));
        assert_eq!(check(&"ab".repeat(9_000)), Err(Placeholder::TooLong));
    }

    #[test]
    fn real_shapes_pass() {
        let real = [
            "bd5e378503939ddaee76f12ad7a97608",
            "sk-or-v1-0123abcd",
            "YWJjZGVm=",
            "DEMO_KEY",
            "user:pass word",
            "1",
        ];
        for text in real {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }
}
