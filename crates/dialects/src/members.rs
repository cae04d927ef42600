//! Single members of a JSON object, changed without touching the bytes of the others.
//!
//! **Invariant:** nothing is re-typed. What is not edited goes out byte for byte, whitespace and number forms included.

mod editor;
mod known;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, fmt, ops::Range};

use serde::{
    Deserializer as _,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

pub use editor::Editor;

use crate::error::Malformed;

/// The top-level members of an object, in their order. Where a name comes twice the last one counts, as it does for
/// almost every JSON reader; edits concern all of them, so that none can hide behind another.
#[derive(Debug, Clone)]
pub struct Members<'a> {
    body: &'a str,
    list: Vec<Member<'a>>,
}

#[derive(Debug, Clone)]
struct Member<'a> {
    /// Without quotes and escapes.
    name: Cow<'a, str>,
    /// Where the name is, quotes included.
    name_at: Range<usize>,
    value_at: Range<usize>,
}

impl<'a> Members<'a> {
    /// Reads an object. The whole text is checked to be JSON; values are not looked into.
    pub fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        let body = std::str::from_utf8(body)
            .map_err(|error| Malformed::new("", format!("is not UTF-8: {error}")))?;
        Self::of(body)
    }

    /// The same of text: a value that [`Self::get`] has given, for one.
    pub fn of(body: &'a str) -> Result<Self, Malformed> {
        let mut json = serde_json::Deserializer::from_str(body);
        let list = json
            .deserialize_map(Object { body })
            .and_then(|list| json.end().map(|()| list))
            .map_err(|error| not(&error, "a JSON object"))?;
        Ok(Self { body, list })
    }

    /// The same of a body that was read before, and found to be JSON: it is not checked again.
    pub fn read_again(body: &'a [u8]) -> Result<Self, Malformed> {
        let known = std::str::from_utf8(body)
            .ok()
            .and_then(|body| Some((body, known::members(body)?)));
        match known {
            Some((body, list)) => Ok(Self { body, list }),
            None => Self::read(body),
        }
    }

    /// The JSON text of this member's value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.list
            .iter()
            .rev()
            .find(|member| member.name == name)
            .map(|member| &self.body[member.value_at.clone()])
    }

    /// Names and the JSON texts of their values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.list
            .iter()
            .map(|member| (&*member.name, &self.body[member.value_at.clone()]))
    }

    /// Begins changes.
    #[must_use]
    pub fn edit(self) -> Editor<'a> {
        Editor::new(self.body, self.list)
    }
}

struct Object<'a> {
    body: &'a str,
}

impl Object<'_> {
    /// Where a slice of the body is in it.
    fn place(&self, part: &str) -> Range<usize> {
        let start = part.as_ptr().addr() - self.body.as_ptr().addr();
        start..start + part.len()
    }
}

impl<'a> Visitor<'a> for Object<'a> {
    type Value = Vec<Member<'a>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::with_capacity(16);
        while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            list.push(Member {
                name: unescaped(name.get()).map_err(serde::de::Error::custom)?,
                name_at: self.place(name.get()),
                value_at: self.place(value.get()),
            });
        }
        Ok(list)
    }
}

/// The text of a JSON string.
fn unescaped(quoted: &str) -> Result<Cow<'_, str>, serde_json::Error> {
    match quoted.get(1..quoted.len() - 1) {
        Some(name) if memchr::memchr(b'\\', name.as_bytes()).is_none() => Ok(Cow::Borrowed(name)),
        _ => serde_json::from_str::<String>(quoted).map(Cow::Owned),
    }
}

/// The JSON texts of an array's elements, in order.
pub fn elements(array: &str) -> Result<Vec<&str>, Malformed> {
    struct Array;
    impl<'a> Visitor<'a> for Array {
        type Value = Vec<&'a str>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a JSON array")
        }

        fn visit_seq<A: SeqAccess<'a>>(self, mut array: A) -> Result<Self::Value, A::Error> {
            let mut list = Vec::new();
            while let Some(element) = array.next_element::<&RawValue>()? {
                list.push(element.get());
            }
            Ok(list)
        }
    }
    let mut json = serde_json::Deserializer::from_str(array);
    json.deserialize_seq(Array)
        .and_then(|list| json.end().map(|()| list))
        .map_err(|error| not(&error, "a JSON array"))
}

/// An array with some of its elements replaced: those for which `change` gives something. None = nothing has changed.
pub fn replace_elements(
    array: &str,
    mut change: impl FnMut(usize, &str) -> Result<Option<Vec<u8>>, Malformed>,
) -> Result<Option<Vec<u8>>, Malformed> {
    let mut out = None;
    let mut copied = 0;
    for (index, element) in elements(array)?.into_iter().enumerate() {
        let Some(changed) = change(index, element)? else {
            continue;
        };
        let out = out.get_or_insert_with(|| Vec::with_capacity(array.len() + changed.len()));
        let start = element.as_ptr().addr() - array.as_ptr().addr();
        out.extend_from_slice(&array.as_bytes()[copied..start]);
        out.extend_from_slice(&changed);
        copied = start + element.len();
    }
    if let Some(out) = &mut out {
        out.extend_from_slice(&array.as_bytes()[copied..]);
    }
    Ok(out)
}

fn not(error: &serde_json::Error, wanted: &str) -> Malformed {
    let reason = if error.is_data() {
        format!("must be {wanted}: {error}")
    } else {
        format!("is not valid JSON: {error}")
    };
    Malformed::new("", reason)
}
