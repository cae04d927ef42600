//! A schema and a filter for a category that does not exist yet, from what is known of one provider's answer.

use serde_json::{Map, Value, json};

use super::bind::snake;
use super::quote;
use super::tree::{Kind, Leaf, Member, Tree};

/// A definition and the filter that makes a value of it.
pub(super) struct Inferred {
    pub(super) definition: Value,
    pub(super) filter: String,
}

/// Infers from an answer; without one, anything goes.
pub(super) fn infer(answer: Option<&Tree>) -> Inferred {
    match answer {
        Some(Tree::Object(members)) => Inferred {
            definition: object(members, snake),
            filter: mapping(members),
        },
        Some(Tree::Array(item)) => match &**item {
            Tree::Object(members) => Inferred {
                definition: json!({ "type": "array", "items": object(members, snake) }),
                filter: format!("[.[]? | {}]", mapping(members)),
            },
            item => Inferred {
                definition: json!({ "type": "array", "items": below(item) }),
                filter: ".".into(),
            },
        },
        Some(Tree::Leaf(leaf)) => Inferred {
            definition: self::leaf(leaf),
            filter: ".".into(),
        },
        None => Inferred {
            definition: json!({ "description": "Not known yet: the provider's answer as it is." }),
            filter: ".".into(),
        },
    }
}

/// The members under our names, null ones left out.
fn mapping(members: &[Member]) -> String {
    let lines = named(members, snake).into_iter().map(|(name, member)| {
        let path = quote::jq_path(&[super::tree::Step::Member(member.name.clone())]);
        format!("  {}: {path}", quote::jq_name(&name))
    });
    let lines: Vec<String> = lines.collect();
    format!("{{\n{}\n}} | compact", lines.join(",\n"))
}

/// Members with their names in the result. Two that would have the same name keep their own.
fn named(members: &[Member], rename: fn(&str) -> String) -> Vec<(String, &Member)> {
    let mut named: Vec<(String, &Member)> = Vec::new();
    for member in members {
        let name = rename(&member.name);
        let taken = named.iter().any(|(other, _)| *other == name);
        named.push((if taken { member.name.clone() } else { name }, member));
    }
    named
}

fn object(members: &[Member], rename: fn(&str) -> String) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, member) in named(members, rename) {
        let mut schema = below(&member.tree);
        if !member.description.is_empty() {
            schema["description"] = Value::from(quote::line(&member.description));
        }
        if member.required {
            required.push(Value::from(name.clone()));
        }
        properties.insert(name, schema);
    }
    let mut object = json!({ "type": "object", "properties": properties });
    if required.is_empty() {
        // One answer promises no member, but an empty object would be no result.
        object["minProperties"] = json!(1);
    } else {
        object["required"] = Value::Array(required);
    }
    object
}

/// Parts within the result keep the provider's names, and may be null.
fn below(tree: &Tree) -> Value {
    match tree {
        Tree::Leaf(leaf) => self::leaf(leaf),
        Tree::Array(item) => json!({ "type": ["array", "null"], "items": below(item) }),
        Tree::Object(members) => {
            let mut object = object(members, str::to_owned);
            object["type"] = json!(["object", "null"]);
            if let Some(object) = object.as_object_mut() {
                object.remove("minProperties");
                object.remove("required");
            }
            object
        }
    }
}

/// A number that is whole today need not be tomorrow; what was null once may be anything.
fn leaf(leaf: &Leaf) -> Value {
    let name = match leaf.kind {
        Kind::Integer => Some("number"),
        kind => kind.name(),
    };
    name.map_or_else(|| json!({}), |name| json!({ "type": [name, "null"] }))
}
