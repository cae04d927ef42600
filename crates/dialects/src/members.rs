//! Single members of a JSON object, changed without touching the bytes of the others.
//!
//! **Invariant:** nothing is re-typed. What is not edited goes out byte for byte, whitespace and number forms included.

use std::{borrow::Cow, fmt, ops::Range};

use serde::{
    Deserializer as _,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

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
        Editor {
            body: self.body,
            entries: self.list.into_iter().map(Entry::untouched).collect(),
            appended: Vec::new(),
        }
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

/// Changes to an object, gathered and then made at once.
#[derive(Debug, Clone)]
pub struct Editor<'a> {
    body: &'a str,
    entries: Vec<Entry<'a>>,
    appended: Vec<(String, Vec<u8>)>,
}

#[derive(Debug, Clone)]
struct Entry<'a> {
    member: Member<'a>,
    renamed: bool,
    value: Option<Vec<u8>>,
    removed: bool,
}

impl<'a> Entry<'a> {
    fn untouched(member: Member<'a>) -> Self {
        Self {
            member,
            renamed: false,
            value: None,
            removed: false,
        }
    }
}

impl<'a> Editor<'a> {
    /// Gives a member this value, which must be JSON; a new one is appended.
    pub fn set(&mut self, name: &str, json: impl Into<Vec<u8>>) -> &mut Self {
        let json = json.into();
        if self.has(name) {
            self.replace(name, json)
        } else {
            self.appended.push((name.to_owned(), json));
            self
        }
    }

    /// Gives a member this value, which must be JSON, where there is one of the name.
    pub fn replace(&mut self, name: &str, json: impl Into<Vec<u8>>) -> &mut Self {
        let json = json.into();
        for (appended, value) in &mut self.appended {
            if appended == name {
                value.clone_from(&json);
            }
        }
        for entry in self.named(name) {
            entry.value = Some(json.clone());
        }
        self
    }

    /// Takes a member away.
    pub fn remove(&mut self, name: &str) -> &mut Self {
        self.appended.retain(|(appended, _)| appended != name);
        for entry in self.named(name) {
            entry.removed = true;
        }
        self
    }

    /// Gives a member another name, in its place. One that has the new name already is taken away.
    pub fn rename(&mut self, name: &str, to: &str) -> &mut Self {
        if name == to || !self.has(name) {
            return self;
        }
        self.remove(to);
        for (appended, _) in &mut self.appended {
            if appended == name {
                to.clone_into(appended);
            }
        }
        for entry in self.named(name) {
            entry.member.name = Cow::Owned(to.to_owned());
            entry.renamed = true;
        }
        self
    }

    /// Whether there is a member of this name now.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.appended.iter().any(|(appended, _)| appended == name)
            || self
                .entries
                .iter()
                .any(|entry| !entry.removed && entry.member.name == name)
    }

    fn named<'s>(
        &'s mut self,
        name: &'s str,
    ) -> impl Iterator<Item = &'s mut Entry<'a>> + use<'s, 'a> {
        self.entries
            .iter_mut()
            .filter(move |entry| !entry.removed && entry.member.name == name)
    }

    /// The object with the changes made.
    #[must_use]
    pub fn finish(&self) -> Vec<u8> {
        let body = self.body;
        let more: usize = self
            .appended
            .iter()
            .map(|(name, value)| name.len() + value.len() + 4)
            .sum();
        let mut out = Vec::with_capacity(body.len() + more + 64);
        let (begin, end) = self.inside();
        out.extend_from_slice(&body.as_bytes()[..begin]);
        let mut between = begin;
        let mut first = true;
        for entry in &self.entries {
            let Member {
                name,
                name_at,
                value_at,
            } = &entry.member;
            if !entry.removed {
                if !first {
                    out.extend_from_slice(&body.as_bytes()[between..name_at.start]);
                }
                first = false;
                if entry.renamed {
                    out.extend_from_slice(quoted(name).as_bytes());
                } else {
                    out.extend_from_slice(&body.as_bytes()[name_at.clone()]);
                }
                out.extend_from_slice(&body.as_bytes()[name_at.end..value_at.start]);
                out.extend_from_slice(
                    entry
                        .value
                        .as_deref()
                        .unwrap_or(&body.as_bytes()[value_at.clone()]),
                );
            }
            between = value_at.end;
        }
        for (name, value) in &self.appended {
            if !first {
                out.push(b',');
            }
            first = false;
            out.extend_from_slice(quoted(name).as_bytes());
            out.push(b':');
            out.extend_from_slice(value);
        }
        out.extend_from_slice(&body.as_bytes()[end..]);
        out
    }

    /// From the first member's start to the last one's end.
    fn inside(&self) -> (usize, usize) {
        if let (Some(first), Some(last)) = (self.entries.first(), self.entries.last()) {
            return (first.member.name_at.start, last.member.value_at.end);
        }
        let open = self.body.find('{').map_or(0, |at| at + 1);
        (open, open)
    }
}

/// A text as a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value};

    use super::*;

    fn edited(body: &str, change: impl FnOnce(&mut Editor<'_>)) -> String {
        let mut editor = Members::read(body.as_bytes()).unwrap().edit();
        change(&mut editor);
        String::from_utf8(editor.finish()).unwrap()
    }

    const BODY: &str = " {\"model\" : \"a\\u0062\",\n \"n\":1.00 , \"messages\":[ {\"role\":\"user\"} ],\t\"x\":{\"model\":1}}\n";

    #[test]
    fn values_are_found_as_they_were_written() {
        let members = Members::read(BODY.as_bytes()).unwrap();
        assert_eq!(members.get("model"), Some("\"a\\u0062\""));
        assert_eq!(members.get("n"), Some("1.00"));
        assert_eq!(members.get("role"), None, "only the top is looked at");
        let names: Vec<_> = members.iter().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(names, ["model", "n", "messages", "x"]);
    }

    #[test]
    fn what_is_not_edited_keeps_every_byte() {
        assert_eq!(edited(BODY, |_| {}), BODY);
        assert_eq!(
            edited(BODY, |edit| {
                edit.set("model", "\"z\"")
                    .rename("n", "m")
                    .remove("x")
                    .set("stream", "true");
            }),
            " {\"model\" : \"z\",\n \"m\":1.00 , \"messages\":[ {\"role\":\"user\"} ],\"stream\":true}\n"
        );
        assert_eq!(
            edited(BODY, |edit| {
                edit.remove("model").remove("messages");
            }),
            " {\"n\":1.00,\t\"x\":{\"model\":1}}\n"
        );
    }

    #[test]
    fn an_empty_object_can_be_filled_and_a_full_one_emptied() {
        assert_eq!(
            edited("{ }", |edit| _ = edit.set("a", "1").set("b", "2")),
            "{\"a\":1,\"b\":2 }"
        );
        assert_eq!(
            edited("{ \"a\":1, \"b\":2 }", |edit| _ =
                edit.remove("a").remove("b")),
            "{  }"
        );
        assert_eq!(
            edited("{\"a\":1}", |edit| _ = edit.remove("a").set("a", "2")),
            "{\"a\":2}"
        );
    }

    #[test]
    fn no_member_hides_behind_another_of_its_name_or_behind_escapes() {
        let twice = r#"{"model":"free","mod\u0065l":"paid"}"#;
        assert_eq!(
            Members::read(twice.as_bytes()).unwrap().get("model"),
            Some("\"paid\"")
        );
        assert_eq!(
            edited(twice, |edit| _ = edit.set("model", "\"x\"")),
            r#"{"model":"x","mod\u0065l":"x"}"#
        );
        assert_eq!(edited(twice, |edit| _ = edit.remove("model")), "{}");
        assert_eq!(
            edited(r#"{"max_tokens":1,"max_completion_tokens":2}"#, |edit| {
                edit.rename("max_tokens", "max_completion_tokens");
            }),
            r#"{"max_completion_tokens":1}"#
        );
    }

    #[test]
    fn what_is_no_object_is_told() {
        for (body, reason) in [
            (&b"[1]"[..], "must be a JSON object"),
            (b"", "is not valid JSON"),
            (b"{\"a\":1", "is not valid JSON"),
            (b"{\"a\":1}{", "is not valid JSON"),
            (b"{\"a\":\"\xff\"}", "is not UTF-8"),
        ] {
            let malformed = Members::read(body).unwrap_err();
            assert!(malformed.reason.starts_with(reason), "{malformed}");
        }
    }

    #[test]
    fn elements_of_an_array_are_replaced_one_by_one() {
        let array = "[ {\"a\":1} , 2,\n3.0 ]";
        assert_eq!(elements(array).unwrap(), ["{\"a\":1}", "2", "3.0"]);
        let changed =
            replace_elements(array, |index, _| Ok((index == 1).then(|| b"null".to_vec())));
        assert_eq!(changed, Ok(Some(b"[ {\"a\":1} , null,\n3.0 ]".to_vec())));
        assert_eq!(replace_elements(array, |_, _| Ok(None)), Ok(None));
    }

    proptest! {
        #[test]
        fn an_edit_does_to_the_text_what_it_would_do_to_the_value(
            members in proptest::collection::btree_map("[a-e\"\\\\é]{1,2}", any::<i32>(), 0..6),
            edits in proptest::collection::vec(("[a-e\"\\\\é]{1,2}", 0..3), 0..6),
        ) {
            let mut expected: Map<String, Value> =
                members.into_iter().map(|(name, value)| (name, value.into())).collect();
            let body = serde_json::to_string_pretty(&expected).unwrap();
            let mut editor = Members::read(body.as_bytes()).unwrap().edit();
            for (name, what) in &edits {
                match what {
                    0 => {
                        expected.insert(name.clone(), true.into());
                        editor.set(name, "true");
                    }
                    1 => {
                        expected.remove(name);
                        editor.remove(name);
                    }
                    _ => {
                        if let Some(value) = expected.remove(name) {
                            expected.insert("new".into(), value);
                        }
                        editor.rename(name, "new");
                    }
                }
            }
            let read: Map<String, Value> = serde_json::from_slice(&editor.finish()).unwrap();
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(members) = Members::read(&body) {
                prop_assert_eq!(members.edit().finish(), body);
            }
        }
    }
}
