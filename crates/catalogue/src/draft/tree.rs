//! The structure of an answer: from a recorded one, or from the schema of an OpenAPI document.

use serde_json::Value;

/// How much of an answer is looked at.
const DEEPEST: usize = 12;
/// Items of a list that are looked at.
const ITEMS: usize = 20;

/// What an answer is made of.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    Leaf(Leaf),
    /// Members in their order; the flag says that a document promises the member.
    Object(Vec<Member>),
    Array(Box<Tree>),
}

/// A member of an object.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) tree: Tree,
    /// Whether a document promises it. One answer promises nothing.
    pub(super) required: bool,
    pub(super) description: String,
}

/// A value without parts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Leaf {
    pub(super) kind: Kind,
    /// A value that it had, where one is known.
    pub(super) value: Option<Value>,
}

/// The type of a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Unknown,
    Boolean,
    Integer,
    Number,
    String,
}

impl Kind {
    /// Its name in JSON Schema.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::Unknown => None,
            Self::Boolean => Some("boolean"),
            Self::Integer => Some("integer"),
            Self::Number => Some("number"),
            Self::String => Some("string"),
        }
    }

    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Number)
    }
}

/// One step from an answer down to a leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Member(String),
    /// The first item of a list.
    First,
}

impl Tree {
    /// The structure of an answer.
    pub(super) fn of(value: &Value) -> Self {
        Self::below(value, DEEPEST)
    }

    fn below(value: &Value, depth: usize) -> Self {
        match value {
            Value::Object(members) if depth > 0 && !members.is_empty() => Self::Object(
                members
                    .iter()
                    .map(|(name, value)| Member {
                        name: name.clone(),
                        tree: Self::below(value, depth - 1),
                        required: false,
                        description: String::new(),
                    })
                    .collect(),
            ),
            Value::Array(items) if depth > 0 => {
                let items = items
                    .iter()
                    .take(ITEMS)
                    .map(|item| Self::below(item, depth - 1));
                Self::Array(Box::new(
                    items.reduce(Self::merged).unwrap_or_else(Self::unknown),
                ))
            }
            value => Self::Leaf(Leaf {
                kind: kind(value),
                value: (!value.is_null()).then(|| value.clone()),
            }),
        }
    }

    /// A leaf of which nothing is known.
    pub(super) fn unknown() -> Self {
        Self::Leaf(Leaf {
            kind: Kind::Unknown,
            value: None,
        })
    }

    /// What both have: members of either, and what is known of either.
    pub(super) fn merged(self, other: Self) -> Self {
        match (self, other) {
            (Self::Object(mut members), Self::Object(others)) => {
                for other in others {
                    match members.iter_mut().find(|member| member.name == other.name) {
                        Some(member) => {
                            let tree = std::mem::replace(&mut member.tree, Self::unknown());
                            member.tree = tree.merged(other.tree);
                            member.required &= other.required;
                        }
                        None => members.push(other),
                    }
                }
                Self::Object(members)
            }
            (Self::Array(items), Self::Array(others)) => {
                Self::Array(Box::new(items.merged(*others)))
            }
            (Self::Leaf(leaf), Self::Leaf(other)) => Self::Leaf(leaf.merged(other)),
            (Self::Leaf(leaf), other) if leaf.kind == Kind::Unknown => other,
            (tree, _) => tree,
        }
    }

    /// All leaves below, with the way to each; of lists of objects, those of the first item.
    pub(super) fn leaves(&self) -> Vec<(Vec<Step>, &Leaf)> {
        let mut found = Vec::new();
        self.gather(&mut Vec::new(), &mut found);
        found
    }

    fn gather<'a>(&'a self, path: &mut Vec<Step>, found: &mut Vec<(Vec<Step>, &'a Leaf)>) {
        match self {
            Self::Leaf(leaf) => found.push((path.clone(), leaf)),
            Self::Object(members) => {
                for member in members {
                    path.push(Step::Member(member.name.clone()));
                    member.tree.gather(path, found);
                    path.pop();
                }
            }
            Self::Array(item) if matches!(**item, Self::Object(_)) => {
                path.push(Step::First);
                item.gather(path, found);
                path.pop();
            }
            Self::Array(_) => {}
        }
    }

    /// All lists below that pass through no other list, with the way to each and what their items are.
    pub(super) fn lists(&self) -> Vec<(Vec<Step>, &Tree)> {
        let mut found = Vec::new();
        self.gather_lists(&mut Vec::new(), &mut found);
        found
    }

    fn gather_lists<'a>(&'a self, path: &mut Vec<Step>, found: &mut Vec<(Vec<Step>, &'a Tree)>) {
        match self {
            Self::Leaf(_) => {}
            Self::Array(item) => found.push((path.clone(), item)),
            Self::Object(members) => {
                for member in members {
                    path.push(Step::Member(member.name.clone()));
                    member.tree.gather_lists(path, found);
                    path.pop();
                }
            }
        }
    }
}

impl Leaf {
    fn merged(self, other: Self) -> Self {
        let kind = match (self.kind, other.kind) {
            (Kind::Unknown, kind) | (kind, Kind::Unknown) => kind,
            (left, right) if left == right => left,
            (left, right) if left.is_number() && right.is_number() => Kind::Number,
            _ => Kind::Unknown,
        };
        Self {
            kind,
            value: self.value.or(other.value),
        }
    }
}

fn kind(value: &Value) -> Kind {
    match value {
        Value::Bool(_) => Kind::Boolean,
        Value::Number(number) if number.is_f64() => Kind::Number,
        Value::Number(_) => Kind::Integer,
        Value::String(_) => Kind::String,
        _ => Kind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn items_of_a_list_are_seen_together() {
        let tree = Tree::of(&json!({"list": [{"a": 1}, {"a": 1.5, "b": "x"}], "tags": ["t"]}));
        let leaves = tree.leaves();
        let kinds: Vec<Kind> = leaves.iter().map(|(_, leaf)| leaf.kind).collect();
        assert_eq!(kinds, [Kind::Number, Kind::String]);
        assert_eq!(leaves[1].0[1], Step::First);
        assert_eq!(tree.lists().len(), 2);
    }
}
