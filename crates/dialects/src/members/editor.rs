//! Changes to an object: values, names, what is taken away and what is appended.

use std::{borrow::Cow, ops::Range};

use bytes::Bytes;

use super::Member;

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
    pub(super) fn new(body: &'a str, list: &[Member<'a>]) -> Self {
        Self {
            body,
            entries: list.iter().cloned().map(Entry::untouched).collect(),
            appended: Vec::new(),
        }
    }

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

    /// Takes away all members but those whose names will do.
    pub fn keep(&mut self, will_do: impl Fn(&str) -> bool) -> &mut Self {
        self.appended.retain(|(name, _)| will_do(name));
        for entry in &mut self.entries {
            entry.removed |= !will_do(&entry.member.name);
        }
        self
    }

    /// Whether anything is changed.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        let untouched =
            |entry: &Entry<'_>| !entry.removed && !entry.renamed && entry.value.is_none();
        !self.appended.is_empty() || !self.entries.iter().all(untouched)
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
        let more: usize = self
            .appended
            .iter()
            .map(|(name, value)| name.len() + value.len() + 4)
            .sum();
        let mut out = Vec::with_capacity(self.body.len() + more + 64);
        self.emit(|piece| match piece {
            Piece::Same(range) => out.extend_from_slice(&self.body.as_bytes()[range]),
            Piece::New(bytes) => out.extend_from_slice(bytes),
        });
        out
    }

    /// The same in pieces: what is large and unchanged shares the bytes of `body`, which must be what was read.
    #[must_use]
    pub fn finish_sharing(&self, body: &Bytes) -> Vec<Bytes> {
        if body.as_ptr_range() != self.body.as_bytes().as_ptr_range() {
            return vec![self.finish().into()];
        }
        let mut pieces = Pieces {
            body,
            same: 0..0,
            new: Vec::new(),
            list: Vec::new(),
        };
        self.emit(|piece| pieces.add(piece));
        pieces.finish()
    }

    fn emit(&self, mut put: impl FnMut(Piece<'_>)) {
        let (begin, end) = self.inside();
        put(Piece::Same(0..begin));
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
                    put(Piece::Same(between..name_at.start));
                }
                first = false;
                if entry.renamed {
                    put(Piece::New(quoted(name).as_bytes()));
                } else {
                    put(Piece::Same(name_at.clone()));
                }
                put(Piece::Same(name_at.end..value_at.start));
                match entry.value.as_deref() {
                    Some(value) => put(Piece::New(value)),
                    None => put(Piece::Same(value_at.clone())),
                }
            }
            between = value_at.end;
        }
        for (name, value) in &self.appended {
            if !first {
                put(Piece::New(b","));
            }
            first = false;
            put(Piece::New(quoted(name).as_bytes()));
            put(Piece::New(b":"));
            put(Piece::New(value));
        }
        put(Piece::Same(end..self.body.len()));
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

/// A part of the changed object.
enum Piece<'p> {
    /// Bytes of the old one.
    Same(Range<usize>),
    /// Others.
    New(&'p [u8]),
}

/// The least that is worth a piece of its own; smaller ones are copied.
const SHARED: usize = 16 << 10;

/// Gathers pieces.
struct Pieces<'b> {
    body: &'b Bytes,
    /// Unchanged bytes that follow what is in `new`.
    same: Range<usize>,
    new: Vec<u8>,
    list: Vec<Bytes>,
}

impl Pieces<'_> {
    fn add(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Same(range) if range.start == self.same.end => self.same.end = range.end,
            Piece::Same(range) => {
                self.settle();
                self.same = range;
            }
            Piece::New(bytes) => {
                self.settle();
                self.new.extend_from_slice(bytes);
            }
        }
    }

    fn settle(&mut self) {
        let same = std::mem::replace(&mut self.same, 0..0);
        if same.len() < SHARED {
            self.new.extend_from_slice(&self.body[same]);
            return;
        }
        if !self.new.is_empty() {
            self.list.push(std::mem::take(&mut self.new).into());
        }
        self.list.push(self.body.slice(same));
    }

    fn finish(mut self) -> Vec<Bytes> {
        self.settle();
        if !self.new.is_empty() {
            self.list.push(self.new.into());
        }
        self.list
    }
}

/// A text as a JSON string.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}
