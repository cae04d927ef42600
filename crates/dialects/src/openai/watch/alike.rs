//! Events that are the one before with other words, as nearly all of a stream are: a comparison shows it in a tenth of
//! the time of a search.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memchr2;
use memchr::memmem::Finder;

/// An event in which nothing mattered, and where its text is.
#[derive(Debug, Default)]
pub(super) struct Alike {
    event: Vec<u8>,
    /// Between the quotes.
    text: Range<usize>,
    /// How many others have come since.
    misses: u8,
}

/// After so many misses in a row the provider's events are not alike (some hold random padding).
const ENOUGH: u8 = 16;

static TEXT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"content\":\""));

impl Alike {
    /// Whether this event has other words and nothing else. They hold no quotes, so that they end where the text does:
    /// what did not matter in the event before matters in this one no more.
    pub(super) fn is_like(&mut self, event: &[u8]) -> bool {
        let before = &self.event[..self.text.start];
        let after = &self.event[self.text.end..];
        let words = event
            .strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after));
        let is_like = !self.event.is_empty()
            && words.is_some_and(|words| memchr2(b'"', b'\\', words).is_none());
        if is_like {
            self.misses = 0;
        }
        is_like
    }

    /// Whether it is worth asking.
    pub(super) fn is_hopeful(&self) -> bool {
        self.misses < ENOUGH
    }

    /// Takes an event in which nothing mattered for those that follow.
    pub(super) fn learn(&mut self, event: &[u8]) {
        self.misses = self.misses.saturating_add(1);
        let Some(found) = TEXT.find(event) else {
            return;
        };
        let begin = found + TEXT.needle().len();
        let end = memchr2(b'"', b'\\', &event[begin..]).map(|length| begin + length);
        if let Some(end) = end.filter(|end| event[*end] == b'"') {
            self.event.clear();
            self.event.extend_from_slice(event);
            self.text = begin..end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &[u8] =
        b"data: {\"id\":\"1\",\"delta\":{\"content\":\"one\"},\"finish_reason\":null}\n\n";

    fn is_like(event: &str) -> bool {
        let mut alike = Alike::default();
        alike.learn(FIRST);
        alike.is_like(event.as_bytes())
    }

    fn with(text: &str) -> String {
        String::from_utf8_lossy(FIRST).replace("one", text)
    }

    #[test]
    fn other_words_are_alike() {
        for words in [
            "two",
            "",
            " ",
            "été",
            "a longer text, {with} [more] : in it",
        ] {
            assert!(is_like(&with(words)), "{words}");
        }
    }

    #[test]
    fn anything_else_is_not() {
        for words in ["a\\\"b", "a\\n", "\",\"x\":\"", "\"},\"usage\":{\"x\":\""] {
            assert!(!is_like(&with(words)), "{words}");
        }
        let first = String::from_utf8_lossy(FIRST);
        for other in [
            first.replace("null", "\"stop\""),
            first.replace("\"1\"", "\"2\""),
            first.replace("\n\n", "\r\n\r\n"),
            first.replace("one\"}", ""),
            first[..first.len() - 2].to_owned(),
            String::new(),
        ] {
            assert!(!is_like(&other), "{other}");
        }
        assert!(!Alike::default().is_like(b""), "nothing has been learnt");
    }

    #[test]
    fn hope_ends_where_no_two_are_alike_and_lives_on_where_some_are() {
        let mut alike = Alike::default();
        for number in 0..ENOUGH - 1 {
            alike.learn(
                with("x")
                    .replace("\"1\"", &format!("\"{number}\""))
                    .as_bytes(),
            );
        }
        assert!(alike.is_hopeful());
        assert!(alike.is_like(with("y").replace("\"1\"", "\"14\"").as_bytes()));
        for _ in 0..ENOUGH {
            assert!(alike.is_hopeful());
            alike.learn(FIRST);
        }
        assert!(!alike.is_hopeful());
    }
}
