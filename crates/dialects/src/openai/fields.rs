//! The members of an object taken one by one, each with its type, and told by its path where it is wrong.

use std::fmt;

use serde::Deserializer as _;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::error::Malformed;

/// An object of the caller's, or of a provider's. What is taken is gone; what is left is what nobody knows.
#[derive(Debug)]
pub(crate) struct Fields {
    path: String,
    members: Map<String, Value>,
}

impl Fields {
    /// Reads a whole body.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Malformed> {
        let value = serde_json::from_slice(body)
            .map_err(|error| Malformed::new("", format!("the body is not valid JSON: {error}")))?;
        Self::of(value, "")
    }

    /// Reads a whole body, but for these members: they are given as they are written.
    pub(crate) fn read_but<'a>(
        body: &'a [u8],
        kept: &[&'static str],
    ) -> Result<(Self, Kept<'a>), Malformed> {
        if body.trim_ascii_start().first() != Some(&b'{') {
            return Ok((Self::read(body)?, Kept::default()));
        }
        let mut json = serde_json::Deserializer::from_slice(body);
        let read = json.deserialize_map(But(kept));
        let (members, kept) = read
            .and_then(|read| json.end().map(|()| read))
            .map_err(|error| Malformed::new("", format!("the body is not valid JSON: {error}")))?;
        let path = String::new();
        Ok((Self { path, members }, kept))
    }

    /// The same of an object within a body.
    pub(crate) fn of_text<'a>(
        text: &'a RawValue,
        path: impl Into<String>,
        kept: &[&'static str],
    ) -> Result<(Self, Kept<'a>), Malformed> {
        let path = path.into();
        if !text.get().starts_with('{') {
            return Ok((Self::of(tree(text, &path)?, path)?, Kept::default()));
        }
        let read = serde_json::Deserializer::from_str(text.get()).deserialize_map(But(kept));
        let (members, kept) = read.map_err(|error| unreadable(&path, &error))?;
        Ok((Self { path, members }, kept))
    }

    /// The members of a value that stands at `path`.
    pub(crate) fn of(value: Value, path: impl Into<String>) -> Result<Self, Malformed> {
        let path = path.into();
        match value {
            Value::Object(members) => Ok(Self { path, members }),
            other => Err(wrong(path, "an object", &other)),
        }
    }

    /// The path of a member.
    pub(crate) fn at(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// Whether there is such a member that is not null.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.members.get(name).is_some_and(|value| !value.is_null())
    }

    /// A member of any type; null counts as none.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name).filter(|value| !value.is_null())
    }

    /// A text.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, Malformed> {
        self.typed(name, "a string", |value| match value {
            Value::String(text) => Ok(text),
            other => Err(other),
        })
    }

    /// A text that must be there.
    pub(crate) fn needed_text(&mut self, name: &str) -> Result<String, Malformed> {
        self.text(name)?
            .ok_or_else(|| Malformed::new(self.at(name), "is missing; it must be a string"))
    }

    /// True or false.
    pub(crate) fn flag(&mut self, name: &str) -> Result<Option<bool>, Malformed> {
        self.typed(name, "true or false", |value| value.as_bool().ok_or(value))
    }

    /// Any number.
    pub(crate) fn number(&mut self, name: &str) -> Result<Option<f64>, Malformed> {
        self.typed(name, "a number", |value| value.as_f64().ok_or(value))
    }

    /// 0, 1, 2 …
    pub(crate) fn count(&mut self, name: &str) -> Result<Option<u64>, Malformed> {
        self.typed(name, "a whole number, 0 or more", |value| {
            whole(&value).ok_or(value)
        })
    }

    /// A whole number, below zero too.
    pub(crate) fn integer(&mut self, name: &str) -> Result<Option<i64>, Malformed> {
        self.typed(name, "a whole number", |value| value.as_i64().ok_or(value))
    }

    /// A list.
    pub(crate) fn list(&mut self, name: &str) -> Result<Option<Vec<Value>>, Malformed> {
        self.typed(name, "an array", |value| match value {
            Value::Array(list) => Ok(list),
            other => Err(other),
        })
    }

    /// An object.
    pub(crate) fn object(&mut self, name: &str) -> Result<Option<Fields>, Malformed> {
        let path = self.at(name);
        self.take(name)
            .map(|value| Self::of(value, path))
            .transpose()
    }

    /// What has not been taken.
    pub(crate) fn rest(self) -> Map<String, Value> {
        self.members
    }

    fn typed<T>(
        &mut self,
        name: &str,
        wanted: &str,
        convert: impl FnOnce(Value) -> Result<T, Value>,
    ) -> Result<Option<T>, Malformed> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        convert(value)
            .map(Some)
            .map_err(|value| wrong(self.at(name), wanted, &value))
    }
}

/// Members that were not read: what a tree would lose of them, the order above all, matters.
#[derive(Debug, Default)]
pub(crate) struct Kept<'a>(Vec<(&'static str, &'a RawValue)>);

impl<'a> Kept<'a> {
    /// A member; null counts as none.
    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.get_or_null(name).filter(|text| text.get() != "null")
    }

    /// A member, null too. Of several of one name the last counts, as everywhere.
    pub(crate) fn get_or_null(&self, name: &str) -> Option<&'a RawValue> {
        let mut found = self.0.iter().rev().filter(|(kept, _)| *kept == name);
        found.next().map(|(_, text)| *text)
    }

    /// The elements of a member that is a list and stands at `path`, or none.
    pub(crate) fn list(&self, name: &str, path: &str) -> Result<Vec<&'a RawValue>, Malformed> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(text) if text.get().starts_with('[') => {
                serde_json::from_str(text.get()).map_err(|error| unreadable(path, &error))
            }
            Some(text) => Err(wrong(path, "an array", &tree(text, path)?)),
        }
    }
}

/// A text that stands at `path`, read.
pub(crate) fn tree(text: &RawValue, path: &str) -> Result<Value, Malformed> {
    serde_json::from_str(text.get()).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &str, error: &serde_json::Error) -> Malformed {
    Malformed::new(path, format!("cannot be read: {error}"))
}

/// Reads an object but for the members of these names.
struct But<'k>(&'k [&'static str]);

impl<'a> Visitor<'a> for But<'_> {
    type Value = (Map<String, Value>, Kept<'a>);

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut members = Map::new();
        let mut kept = Kept::default();
        while let Some(name) = object.next_key::<String>()? {
            if let Some(name) = self.0.iter().find(|kept| **kept == name) {
                kept.0.push((name, object.next_value()?));
            } else {
                members.insert(name, object.next_value()?);
            }
        }
        Ok((members, kept))
    }
}

/// 0, 1, 2 … also as 1.0, which JavaScript's and Lua's writers send.
pub(crate) fn whole(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let number = value.as_f64()?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole and within 2^53, as the condition says"
        )]
        (number.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&number))
            .then_some(number as u64)
    })
}

/// Something of another type than it must be.
pub(crate) fn wrong(path: impl Into<String>, wanted: &str, value: &Value) -> Malformed {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    Malformed::new(path, format!("must be {wanted}, not {found}"))
}
