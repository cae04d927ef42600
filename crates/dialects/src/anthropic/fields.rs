//! One level of a JSON object, taken member by member, with the path that an error names.
//!
//! What is not asked for is not looked into: a picture in base64 is passed over once and copied once.

use std::borrow::Cow;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use crate::chat::Extra;
use crate::error::Malformed;
use crate::members::elements;
use crate::openai::fields::whole;
use crate::scan::{Scan, Unfit};

/// The members of an object that nobody has taken yet, each with its JSON text.
pub(super) struct Fields<'a> {
    path: String,
    members: Vec<(Cow<'a, str>, &'a str)>,
}

impl<'a> Fields<'a> {
    /// The members of a whole body.
    pub(super) fn of_body(body: &'a [u8]) -> Result<Self, Malformed> {
        let text = std::str::from_utf8(body).map_err(|_| Unfit);
        text.and_then(members).map_or_else(
            |Unfit| Err(Malformed::new("", not_an_object(body))),
            |members| {
                Ok(Self {
                    path: String::new(),
                    members,
                })
            },
        )
    }

    /// The members of the object at this place.
    pub(super) fn of(raw: &'a str, path: String) -> Result<Self, Malformed> {
        match members(raw) {
            Ok(members) => Ok(Self { path, members }),
            Err(Unfit) => Err(Malformed::new(path, "must be an object")),
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

    /// Takes a member; `null` is as good as none. Where a name comes twice the last one counts.
    pub(super) fn take(&mut self, name: &str) -> Option<&'a str> {
        let mut taken = None;
        self.members.retain(|(own, raw)| {
            let stays = own != name;
            if !stays {
                taken = Some(*raw);
            }
            stays
        });
        taken.filter(|raw| *raw != "null")
    }

    /// Takes a member that must be there.
    pub(super) fn need(&mut self, name: &str, what: &str) -> Result<&'a str, Malformed> {
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
    pub(super) fn list(&mut self, name: &str) -> Result<Option<Vec<(&'a str, String)>>, Malformed> {
        match self.take(name) {
            Some(raw) => list(raw, &self.at(name)).map(Some),
            None => Ok(None),
        }
    }

    /// What nobody took.
    pub(super) fn rest(self) -> Result<Extra, Malformed> {
        let mut extra = Extra::new();
        let mut left = self.members.iter().collect::<Vec<_>>();
        left.sort_by_key(|(name, _)| name);
        for (name, raw) in left {
            extra.insert(name.to_string(), value(raw, || self.at(name))?);
        }
        Ok(extra)
    }
}

/// The members of an object.
fn members(text: &str) -> Result<Vec<(Cow<'_, str>, &str)>, Unfit> {
    let mut members = Vec::with_capacity(8);
    let mut scan = Scan::new(text);
    scan.object(|scan, name| {
        members.push((name.text()?, scan.value()?));
        Ok::<_, Unfit>(())
    })?;
    scan.end().map(|()| members)
}

/// What is wrong with a body, without a word of it.
fn not_an_object(body: &[u8]) -> String {
    match serde_json::from_slice::<IgnoredAny>(body) {
        Ok(_) => "the body must be a JSON object".to_owned(),
        Err(error) => format!(
            "the body is not valid JSON: see line {}, column {}",
            error.line(),
            error.column()
        ),
    }
}

/// A value of a type that serde knows.
pub(super) fn typed<T: DeserializeOwned>(
    raw: &str,
    path: impl FnOnce() -> String,
    what: &str,
) -> Result<T, Malformed> {
    serde_json::from_str(raw).map_err(|_| Malformed::new(path(), format!("must be {what}")))
}

/// Any JSON.
pub(super) fn value(raw: &str, path: impl FnOnce() -> String) -> Result<Value, Malformed> {
    serde_json::from_str(raw).map_err(|_| {
        Malformed::new(
            path(),
            "is nested too deeply or has a number or text that cannot be read",
        )
    })
}

/// The elements of a list, each with its path.
pub(super) fn list<'a>(raw: &'a str, path: &str) -> Result<Vec<(&'a str, String)>, Malformed> {
    let elements = elements(raw).map_err(|_| Malformed::new(path, "must be a list"))?;
    Ok(elements
        .into_iter()
        .enumerate()
        .map(|(place, element)| (element, format!("{path}[{place}]")))
        .collect())
}

/// Whether a value is a text, before it is read.
pub(super) fn is_text(raw: &str) -> bool {
    raw.starts_with('"')
}
