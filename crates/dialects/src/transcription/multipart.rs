//! `multipart/form-data` that is whole in memory: where each part is, and nothing copied.
//!
//! Source: RFC 7578 and RFC 2046, section 5.1.

use std::ops::Range;

use bytes::Bytes;
use memchr::memmem;

use crate::error::Malformed;

/// The most parts that a form may have.
pub const MOST_PARTS: usize = 64;

/// The most bytes that a field which is no file may have.
pub const LARGEST_FIELD: usize = 64 << 10;

/// The most bytes that the head of a part may have.
const LARGEST_HEAD: usize = 8 << 10;

/// RFC 2046 allows no longer ones.
const LONGEST_BOUNDARY: usize = 70;

/// A form, and where its parts are.
#[derive(Debug, Clone)]
pub struct Form {
    body: Bytes,
    parts: Vec<PartOfForm>,
}

/// A part of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartOfForm {
    /// The field.
    pub name: String,
    /// The file's name, where it is one.
    pub file_name: Option<String>,
    /// Where its content is in the body.
    pub content: Range<usize>,
}

impl Form {
    /// Reads a form: the `content-type` that names its boundary, and the body.
    pub fn read(content_type: &str, body: Bytes) -> Result<Self, Malformed> {
        let boundary = boundary(content_type)?;
        let parts = read_parts(&body, &boundary)?;
        for part in parts.iter().filter(|part| part.file_name.is_none()) {
            if part.content.len() > LARGEST_FIELD {
                return Err(Malformed::new(
                    part.name.as_str(),
                    format!("has more than {LARGEST_FIELD} bytes; a file needs a `filename`"),
                ));
            }
        }
        Ok(Self { body, parts })
    }

    /// The first part of this name.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<&PartOfForm> {
        self.parts.iter().find(|part| part.name == name)
    }

    /// What a part holds.
    #[must_use]
    pub fn content(&self, part: &PartOfForm) -> Bytes {
        self.body.slice(part.content.clone())
    }

    /// The text of a field.
    pub fn text(&self, name: &str) -> Result<Option<&str>, Malformed> {
        let Some(part) = self.part(name) else {
            return Ok(None);
        };
        let content = self.body.get(part.content.clone()).unwrap_or_default();
        match std::str::from_utf8(content) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(Malformed::new(name, "must be text in UTF-8")),
        }
    }

    /// The body with another value in each part of this name, in pieces that share the bytes of this one.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Vec<Bytes> {
        let value = Bytes::copy_from_slice(value.as_bytes());
        let mut pieces = Vec::with_capacity(3);
        let mut written = 0;
        for part in self.parts.iter().filter(|part| part.name == name) {
            pieces.push(self.body.slice(written..part.content.start));
            pieces.push(value.clone());
            written = part.content.end;
        }
        pieces.push(self.body.slice(written..));
        pieces
    }
}

/// What separates the parts.
fn boundary(content_type: &str) -> Result<String, Malformed> {
    let wrong = |reason: &str| Malformed::new("", format!("the content-type {reason}"));
    let (kind, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return Err(wrong("must be multipart/form-data"));
    }
    let boundary = parameter(parameters, "boundary").ok_or_else(|| wrong("names no boundary"))?;
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
    if boundary.is_empty() || boundary.len() > LONGEST_BOUNDARY || !boundary.bytes().all(legal) {
        return Err(wrong(
            "must name a boundary of 1 to 70 letters, digits and '()+_,-./:=?",
        ));
    }
    Ok(boundary)
}

fn read_parts(body: &[u8], boundary: &str) -> Result<Vec<PartOfForm>, Malformed> {
    let cut_off = || Malformed::new("", "the form is cut off: its last boundary is missing");
    let delimiter = format!("--{boundary}");
    let mut parts = Vec::new();
    let (mut at, mut last) = match first_delimiter(body, &delimiter) {
        Some(found) => (found.after, found.last),
        None => {
            return Err(Malformed::new(
                "",
                "the form does not begin with its boundary",
            ));
        }
    };
    while !last {
        if parts.len() == MOST_PARTS {
            return Err(Malformed::new(
                "",
                format!("the form has more than {MOST_PARTS} parts"),
            ));
        }
        let path = format!("parts[{}]", parts.len());
        let head_end = head_end(&body[at..]).ok_or_else(|| {
            Malformed::new(
                path.as_str(),
                "has a head without an end, or one that is too long",
            )
        })?;
        let content = at + head_end;
        let end = next_delimiter(body, content, &delimiter).ok_or_else(cut_off)?;
        parts.push(read_head(&body[at..content], &path, content..end.before)?);
        at = end.after;
        last = end.last;
    }
    Ok(parts)
}

/// A line with the boundary.
struct Delimiter {
    /// Where the part before it ends.
    before: usize,
    /// Where the next part begins.
    after: usize,
    /// Whether it is the last one.
    last: bool,
}

/// The first one needs no line end before it; what stands before it is not part of the form.
fn first_delimiter(body: &[u8], delimiter: &str) -> Option<Delimiter> {
    match body.strip_prefix(delimiter.as_bytes()).and_then(line_end) {
        Some((length, last)) => Some(Delimiter {
            before: 0,
            after: delimiter.len() + length,
            last,
        }),
        None => next_delimiter(body, 0, delimiter),
    }
}

fn next_delimiter(body: &[u8], from: usize, delimiter: &str) -> Option<Delimiter> {
    let delimiter = format!("\r\n{delimiter}");
    // A part may be empty: the line end of its head is that of the boundary, too.
    let from = from.saturating_sub(2);
    memmem::find_iter(&body[from..], delimiter.as_bytes()).find_map(|found| {
        let before = from + found;
        let behind = before + delimiter.len();
        // Content may hold the boundary with something behind it.
        let (length, last) = line_end(&body[behind..])?;
        Some(Delimiter {
            before: before.max(from + 2),
            after: behind + length,
            last,
        })
    })
}

/// What may stand behind a boundary: its length, and whether it says that the form ends.
fn line_end(rest: &[u8]) -> Option<(usize, bool)> {
    if rest.starts_with(b"--") {
        return Some((2, true));
    }
    let blanks = rest
        .iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count();
    rest[blanks..]
        .starts_with(b"\r\n")
        .then_some((blanks + 2, false))
}

/// The length of a head with the empty line that ends it.
fn head_end(rest: &[u8]) -> Option<usize> {
    if rest.starts_with(b"\r\n") {
        return Some(2);
    }
    let head = &rest[..rest.len().min(LARGEST_HEAD)];
    memmem::find(head, b"\r\n\r\n").map(|end| end + 4)
}

fn read_head(head: &[u8], path: &str, content: Range<usize>) -> Result<PartOfForm, Malformed> {
    let head = std::str::from_utf8(head)
        .map_err(|_| Malformed::new(path, "has a head that is not UTF-8"))?;
    let disposition = head
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"))
        .map(|(_, value)| value)
        .ok_or_else(|| Malformed::new(path, "has no content-disposition"))?;
    let parameters = disposition.split_once(';').map_or("", |(_, rest)| rest);
    let name = parameter(parameters, "name")
        .ok_or_else(|| Malformed::new(path, "has a content-disposition without a `name`"))?;
    Ok(PartOfForm {
        name,
        file_name: parameter(parameters, "filename"),
        content,
    })
}

/// A parameter of a head's line: a word, or a text in quotes, in which a backslash stands before a quote.
fn parameter(mut rest: &str, wanted: &str) -> Option<String> {
    loop {
        rest = rest.trim_start_matches([' ', '\t', ';']);
        let (name, value) = rest.split_once('=')?;
        let (value, behind) = if let Some(quoted) = value.strip_prefix('"') {
            unquote(quoted)?
        } else {
            let end = value.find(';').unwrap_or(value.len());
            (value[..end].trim().to_owned(), &value[end..])
        };
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = behind;
    }
}

/// The text up to the closing quote, and what stands behind it.
fn unquote(quoted: &str) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut characters = quoted.char_indices();
    while let Some((place, character)) = characters.next() {
        match character {
            '"' => return Some((text, &quoted[place + 1..])),
            // Browsers leave backslashes of file names as they are; only a quote or another one is escaped by it.
            '\\' if quoted[place + 1..].starts_with(['"', '\\']) => {
                text.extend(characters.next().map(|(_, next)| next));
            }
            other => text.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=\"b 0\"; charset=utf-8";

    fn read(body: &'static [u8]) -> Result<Form, Malformed> {
        Form::read(TYPE, Bytes::from_static(body))
    }

    fn complaint(body: &'static [u8]) -> String {
        read(body).map_or_else(|error| error.to_string(), |form| format!("{form:?}"))
    }

    #[test]
    fn parts_are_found_whatever_stands_in_them() {
        let form = read(
            b"preamble\r\n--b 0\r\ncontent-disposition: form-data; name=file; filename=\"a \\\"b\\\".wav\"\r\nContent-Type: audio/wav\r\n\r\n\
              \r\n--b 0x\r\n\x00\xff--b 0--\r\n--b 0  \r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n--b 0--epilogue",
        )
        .unwrap();
        let file = form.part("file").unwrap();
        assert_eq!(file.file_name.as_deref(), Some("a \"b\".wav"));
        assert_eq!(form.content(file), &b"\r\n--b 0x\r\n\x00\xff--b 0--"[..]);
        assert_eq!(form.text("empty"), Ok(Some("")));
        assert_eq!(form.text("other"), Ok(None));
    }

    #[test]
    fn a_form_that_is_none_is_refused() {
        assert!(complaint(b"").contains("does not begin with its boundary"));
        assert!(
            complaint(b"--b 0\r\nX: y\r\n\r\nz\r\n--b 0--")
                .starts_with("`parts[0]` has no content-disposition")
        );
        assert!(
            complaint(b"--b 0\r\nContent-Disposition: form-data\r\n\r\nz\r\n--b 0--")
                .contains("without a `name`")
        );
        assert!(
            complaint(b"--b 0\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nz")
                .contains("is cut off")
        );
        assert!(
            complaint(b"--b 0\r\nContent-Disposition: form-data; name=\"a\"")
                .contains("head without an end")
        );
        let text =
            read(b"--b 0\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\xff\r\n--b 0--")
                .unwrap();
        assert!(text.text("a").is_err());
    }

    #[test]
    fn a_boundary_must_be_one() {
        for content_type in [
            "application/json",
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=a\u{e9}",
            "multipart/form-data; boundary=\"a",
        ] {
            assert!(
                Form::read(content_type, Bytes::new()).is_err(),
                "{content_type}"
            );
        }
        let long = format!("multipart/form-data; boundary={}", "b".repeat(71));
        assert!(boundary(&long).is_err());
        assert_eq!(
            boundary("Multipart/Form-Data;charset=x; Boundary=a;b=c").as_deref(),
            Ok("a")
        );
    }

    #[test]
    fn sizes_have_bounds() {
        let part = |name: &str, content: &str| {
            format!("--b 0\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{content}\r\n")
        };
        let many = part("a", "x").repeat(MOST_PARTS + 1) + "--b 0--";
        assert!(Form::read(TYPE, many.into()).is_err());
        let large = part("prompt", &"x".repeat(LARGEST_FIELD + 1)) + "--b 0--";
        let error = Form::read(TYPE, large.into()).unwrap_err();
        assert_eq!(error.path, "prompt");
    }

    proptest! {
        #[test]
        fn no_form_makes_the_reader_panic(pieces in proptest::collection::vec(prop_oneof![
            Just("--b 0".to_owned()), Just("\r\n".to_owned()), Just("--".to_owned()), Just("\r\n\r\n".to_owned()),
            Just("Content-Disposition: form-data; name=\"a\"".to_owned()), Just("\"\\".to_owned()), ".{0,4}",
        ], 0..24)) {
            if let Ok(form) = Form::read(TYPE, Bytes::from(pieces.concat())) {
                let _ = form.with("a", "x");
                let _ = form.text("a");
            }
        }
    }
}
