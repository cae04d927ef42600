//! JSON written member by member, in an order that reads well and is always the same, without a tree in between.

use serde::Serialize;

use crate::scan::plain;

/// An object being written.
pub(crate) struct Object<'o> {
    out: &'o mut Vec<u8>,
    first: bool,
}

impl<'o> Object<'o> {
    /// Opens it.
    pub(crate) fn begin(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, first: true }
    }

    /// Writes a name; the value is the caller's to append.
    pub(crate) fn key(&mut self, name: &str) -> &mut Vec<u8> {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
        text(self.out, name);
        self.out.push(b':');
        self.out
    }

    /// Writes a member.
    pub(crate) fn put(&mut self, name: &str, member: impl Serialize) {
        value(self.key(name), member);
    }

    /// Writes a member that is a text.
    pub(crate) fn text(&mut self, name: &str, member: &str) {
        text(self.key(name), member);
    }

    /// Writes a member that may not be there.
    pub(crate) fn some(&mut self, name: &str, member: Option<impl Serialize>) {
        if let Some(member) = member {
            self.put(name, member);
        }
    }

    /// Writes a member that is an object.
    pub(crate) fn object(&mut self, name: &str, fill: impl FnOnce(&mut Object<'_>)) {
        object(self.key(name), fill);
    }

    /// Writes a member that is an array.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        write: impl FnMut(&mut Vec<u8>, T),
    ) {
        list(self.key(name), items, write);
    }

    /// Writes a member that is an array of one object.
    pub(crate) fn only(&mut self, name: &str, fill: impl FnOnce(&mut Object<'_>)) {
        let out = self.key(name);
        out.push(b'[');
        object(out, fill);
        out.push(b']');
    }

    /// Closes it.
    pub(crate) fn end(self) {
        self.out.push(b'}');
    }
}

/// A whole object.
pub(crate) fn object(out: &mut Vec<u8>, fill: impl FnOnce(&mut Object<'_>)) {
    let mut object = Object::begin(out);
    fill(&mut object);
    object.end();
}

/// A whole array.
pub(crate) fn list<T>(
    out: &mut Vec<u8>,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut Vec<u8>, T),
) {
    out.push(b'[');
    let begin = out.len();
    for item in items {
        if out.len() > begin {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(b']');
}

/// A text. What needs no escapes, which is nearly all, is copied as it is.
pub(crate) fn text(out: &mut Vec<u8>, text: &str) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let (plain, odd) = rest.split_at(plain(rest));
        out.extend_from_slice(plain);
        let Some((first, others)) = odd.split_first() else {
            break;
        };
        escape(out, *first);
        rest = others;
    }
    out.push(b'"');
}

/// A quote, a backslash or a control character.
fn escape(out: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        _ => return out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// Any value.
pub(crate) fn value(out: &mut Vec<u8>, value: impl Serialize) {
    let begin = out.len();
    if serde_json::to_writer(&mut *out, &value).is_err() {
        // Texts, numbers and trees always can be written; nothing else comes here.
        out.truncate(begin);
        out.extend_from_slice(b"null");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_text_is_written_as_serde_writes_it(before in "[a-zé]{0,40}", odd in "[\\x00-\\x7f]{0,4}", after in "\\PC{0,40}") {
            let whole = format!("{before}{odd}{after}");
            let mut out = Vec::new();
            text(&mut out, &whole);
            prop_assert_eq!(out, serde_json::to_vec(&whole).unwrap());
        }
    }
}
