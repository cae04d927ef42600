//! Requests as the simulator compares them: recorded ones and those that come in.

use serde_json::Value;
use url::Url;

/// A request below a provider's prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The method in capitals.
    pub(crate) method: String,
    /// The decoded segments of the path.
    pub(crate) segments: Vec<String>,
    /// The decoded query, sorted.
    pub(crate) query: Vec<(String, String)>,
}

impl Asked {
    /// Reads a method and a path with its query (`/v1/forecast?latitude=48.85`); none when that is no path.
    pub(crate) fn read(method: &str, target: &str) -> Option<Self> {
        let url = Url::parse("http://provider/").ok()?.join(target).ok()?;
        Some(Self::of_url(method, &url, ""))
    }

    /// A request to a URL, without the path of the base URL.
    pub(crate) fn of_url(method: &str, url: &Url, base_path: &str) -> Self {
        let path = url.path();
        let path = path
            .strip_prefix(base_path.trim_end_matches('/'))
            .unwrap_or(path);
        let mut query: Vec<_> = url.query_pairs().into_owned().collect();
        query.sort();
        Self {
            method: method.to_owned(),
            segments: path
                .trim_start_matches('/')
                .split('/')
                .map(decoded)
                .collect(),
            query,
        }
    }

    /// Takes the values of a query parameter out.
    pub(crate) fn take(&mut self, name: &str) -> Vec<String> {
        let (taken, kept) = std::mem::take(&mut self.query)
            .into_iter()
            .partition::<Vec<_>, _>(|(known, _)| known == name);
        self.query = kept;
        taken.into_iter().map(|(_, value)| value).collect()
    }
}

/// A percent-encoded segment as text; unlike in a query, `+` is itself.
fn decoded(segment: &str) -> String {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = (*first == b'%')
            .then(|| std::str::from_utf8(after.get(..2)?).ok())
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() {
            &after[2..]
        } else {
            after
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The texts of all strings and numbers in a value.
pub(crate) fn scalars(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if !text.is_empty() => found.push(text.clone()),
        Value::Number(number) => found.push(number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| scalars(item, found)),
        Value::Object(members) => members.values().for_each(|item| scalars(item, found)),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// Where a value stands in a segment on its own: the text before it and after it. Case, and what stands for a space,
/// do not count, because filters change them.
pub(crate) fn around<'a>(segment: &'a str, value: &str) -> Option<(&'a str, &'a str)> {
    let plain = |text: &str| text.to_ascii_lowercase().replace(['_', '+'], " ");
    let (text, value) = (plain(segment), plain(value));
    let start = text.find(&value)?;
    let (before, after) = (segment.get(..start)?, segment.get(start + value.len()..)?);
    let apart = |neighbour: Option<char>| neighbour.is_none_or(|letter| !letter.is_alphanumeric());
    (!value.is_empty() && apart(before.chars().next_back()) && apart(after.chars().next()))
        .then_some((before, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_queries_are_compared_decoded() {
        let asked = Asked::read("GET", "/v1/a%20b/c+d/?q=x+y&b=%C3%A9&a=1").unwrap();
        assert_eq!(asked.segments, ["v1", "a b", "c+d", ""]);
        let query = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            asked.query,
            [query("a", "1"), query("b", "é"), query("q", "x y")]
        );
        let url = Url::parse("https://api.example.com/base/v2/rates").unwrap();
        assert_eq!(
            Asked::of_url("GET", &url, "/base/").segments,
            ["v2", "rates"]
        );
    }

    #[test]
    fn a_value_stands_in_a_segment_on_its_own_only() {
        assert_eq!(around("8.8.8.8.json", "8.8.8.8"), Some(("", ".json")));
        assert_eq!(around("geo:48.85;2.35", "2.35"), Some(("geo:48.85;", "")));
        assert_eq!(around("New_York", "new york"), Some(("", "")));
        assert_eq!(around("content", "en"), None);
    }
}
