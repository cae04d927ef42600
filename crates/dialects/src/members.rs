//! Single members of a JSON object, changed without touching the bytes of the others.
//!
//! **Invariant:** nothing is re-typed. What is not edited goes out byte for byte, whitespace and number forms included.

mod editor;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, ops::Range};

pub use editor::Editor;

use crate::error::Malformed;
use crate::scan::{Scan, Unfit, fault};

/// The top-level members of an object, in their order. Where a name comes twice the last one counts, as it does for
/// almost every JSON reader; edits concern all of them, so that none can hide behind another.
#[derive(Debug, Clone)]
pub struct Members<'a> {
    body: &'a str,
    list: Vec<Member<'a>>,
}

/// As many members have most requests.
const USUAL: usize = 8;

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
        let mut list = Vec::with_capacity(USUAL);
        let mut scan = Scan::new(body);
        let read = scan.object(|scan, name| {
            let at = scan.at();
            scan.value()?;
            list.push(Member {
                name: name.text()?,
                name_at: name.at..name.at + name.quoted.len(),
                value_at: at..scan.at(),
            });
            Ok::<_, Unfit>(())
        });
        match read.and_then(|()| scan.end()) {
            Ok(()) => Ok(Self { body, list }),
            Err(Unfit) => Err(not(body, "a JSON object")),
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
    pub fn edit(&self) -> Editor<'a> {
        Editor::new(self.body, &self.list)
    }
}

/// The JSON texts of an array's elements, in order.
pub fn elements(array: &str) -> Result<Vec<&str>, Malformed> {
    let mut list = Vec::new();
    let mut scan = Scan::new(array);
    let read = scan.list(|scan| {
        list.push(scan.value()?);
        Ok::<_, Unfit>(())
    });
    match read.and_then(|()| scan.end()) {
        Ok(()) => Ok(list),
        Err(Unfit) => Err(not(array, "a JSON array")),
    }
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

fn not(text: &str, wanted: &str) -> Malformed {
    let reason = match fault(text.as_bytes()) {
        Some(fault) => format!("is not valid JSON: {fault}"),
        None => format!("must be {wanted}"),
    };
    Malformed::new("", reason)
}
