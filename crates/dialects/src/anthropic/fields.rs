//! One level of a JSON object, taken member by member, with the path that an error names.
//!
//! What is not asked for is not looked into: a picture in base64 is passed over once and copied once.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::chat::Extra;
use crate::error::Malformed;
use crate::openai::fields::whole;

/// The members of an object that nobody has taken yet.
pub(super) struct Fields<'a> {
    path: String,
    members: BTreeMap<String, &'a RawValue>,
}

impl<'a> Fields<'a> {
    /// The members of a whole body.
    pub(super) fn of_body(body: &'a [u8]) -> Result<Self, Malformed> {
        let raw: &RawValue = serde_json::from_slice(body).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Malformed::new(
                "",
                format!("the body is not valid JSON: see line {line}, column {column}"),
            )
        })?;
        Self::of(raw, String::new())
    }

    /// The members of the object at this place.
    pub(super) fn of(raw: &'a RawValue, path: String) -> Result<Self, Malformed> {
        match serde_json::from_str(raw.get()) {
            Ok(members) => Ok(Self { path, members }),
            Err(_) if path.is_empty() => Err(Malformed::new("", "the body must be a JSON object")),
            Err(_) => Err(Malformed::new(path, "must be an object")),
        }
    }

    /// The path of a member.
    pub(super) fn at(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// Takes a member; `null` is as good as none.
    pub(super) fn take(&mut self, name: &str) -> Option<&'a RawValue> {
        self.members.remove(name).filter(|raw| raw.get() != "null")
    }

    /// Takes a member that must be there.
    pub(super) fn need(&mut self, name: &str, what: &str) -> Result<&'a RawValue, Malformed> {
        self.take(name)
            .ok_or_else(|| Malformed::new(self.at(name), format!("is missing: {what}")))
    }

    /// Takes a text.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, Malformed> {
        self.typed(name, "a text")
    }

    /// Takes a text that must be there.
    pub(super) fn need_text(&mut self, name: &str, what: &str) -> Result<String, Malformed> {
        let raw = self.need(name, what)?;
        typed(raw, || self.at(name), "a text")
    }

    /// Takes a member of a type that serde knows; `what` names it for the caller.
    pub(super) fn typed<T: DeserializeOwned>(
        &mut self,
        name: &str,
        what: &str,
    ) -> Result<Option<T>, Malformed> {
        match self.take(name) {
            Some(raw) => typed(raw, || self.at(name), what).map(Some),
            None => Ok(None),
        }
    }

    /// Takes 0, 1, 2 …
    pub(super) fn count(&mut self, name: &str) -> Result<Option<u64>, Malformed> {
        let reason = "must be a whole number, 0 or more";
        match self.value(name)? {
            Some(value) => match whole(&value) {
                Some(count) => Ok(Some(count)),
                None => Err(Malformed::new(self.at(name), reason)),
            },
            None => Ok(None),
        }
    }

    /// Takes any JSON.
    pub(super) fn value(&mut self, name: &str) -> Result<Option<Value>, Malformed> {
        match self.take(name) {
            Some(raw) => value(raw, || self.at(name)).map(Some),
            None => Ok(None),
        }
    }

    /// Takes an object.
    pub(super) fn fields(&mut self, name: &str) -> Result<Option<Fields<'a>>, Malformed> {
        match self.take(name) {
            Some(raw) => Fields::of(raw, self.at(name)).map(Some),
            None => Ok(None),
        }
    }

    /// Takes a list, each element with its path.
    pub(super) fn list(
        &mut self,
        name: &str,
    ) -> Result<Option<Vec<(&'a RawValue, String)>>, Malformed> {
        match self.take(name) {
            Some(raw) => list(raw, &self.at(name)).map(Some),
            None => Ok(None),
        }
    }

    /// What nobody took.
    pub(super) fn rest(self) -> Result<Extra, Malformed> {
        let mut extra = Extra::new();
        for (name, raw) in &self.members {
            extra.insert(name.clone(), value(raw, || self.at(name))?);
        }
        Ok(extra)
    }
}

/// A value of a type that serde knows.
pub(super) fn typed<T: DeserializeOwned>(
    raw: &RawValue,
    path: impl FnOnce() -> String,
    what: &str,
) -> Result<T, Malformed> {
    serde_json::from_str(raw.get()).map_err(|_| Malformed::new(path(), format!("must be {what}")))
}

/// Any JSON.
pub(super) fn value(raw: &RawValue, path: impl FnOnce() -> String) -> Result<Value, Malformed> {
    serde_json::from_str(raw.get()).map_err(|_| {
        Malformed::new(
            path(),
            "is nested too deeply or has a number or text that cannot be read",
        )
    })
}

/// The elements of a list, each with its path.
pub(super) fn list<'a>(
    raw: &'a RawValue,
    path: &str,
) -> Result<Vec<(&'a RawValue, String)>, Malformed> {
    let elements: Vec<&RawValue> =
        serde_json::from_str(raw.get()).map_err(|_| Malformed::new(path, "must be a list"))?;
    Ok(elements
        .into_iter()
        .enumerate()
        .map(|(place, element)| (element, format!("{path}[{place}]")))
        .collect())
}

/// Whether a value is a text, before it is read.
pub(super) fn is_text(raw: &RawValue) -> bool {
    raw.get().starts_with('"')
}
