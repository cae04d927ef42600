//! Schemas of a document: of parameters, bodies and answers.

use serde_json::{Map, Value};

use super::document::{Document, text};
use crate::draft::DraftError;
use crate::draft::request::{Body, Declared, Slot};
use crate::draft::secret;
use crate::draft::tree::{Kind, Leaf, Member, Tree};
use crate::model::ParameterType;

/// How deep schemas are followed; one that holds itself ends there.
const DEEPEST: usize = 8;

impl Document {
    /// The structure of an answer.
    pub(super) fn tree(&self, schema: &Value) -> Result<Tree, DraftError> {
        self.tree_below(schema, DEEPEST)
    }

    fn tree_below(&self, schema: &Value, depth: usize) -> Result<Tree, DraftError> {
        let schema = self.resolve(schema)?;
        if depth == 0 {
            return Ok(Tree::unknown());
        }
        let mut whole = None;
        for part in schema["allOf"].as_array().into_iter().flatten() {
            let part = self.tree_below(part, depth - 1)?;
            whole = Some(whole.map_or(part.clone(), |whole: Tree| whole.merged(part)));
        }
        let either = ["oneOf", "anyOf"].iter().find_map(|name| {
            let choices = schema[*name].as_array()?;
            choices
                .iter()
                .find(|choice| text(&choice["type"]) != "null")
        });
        if let Some(first) = either {
            return self.tree_below(first, depth - 1);
        }
        let own = match (schema.get("properties"), schema.get("items")) {
            (Some(properties), _) => self.object(schema, properties, depth)?,
            (None, Some(items)) => Tree::Array(Box::new(self.tree_below(items, depth - 1)?)),
            (None, None) => Tree::Leaf(Leaf {
                kind: kind(schema),
                value: known_value(schema).cloned(),
            }),
        };
        Ok(match whole {
            Some(whole) => whole.merged(own),
            None => own,
        })
    }

    fn object(&self, schema: &Value, properties: &Value, depth: usize) -> Result<Tree, DraftError> {
        let required = schema["required"].as_array();
        let mut members = Vec::new();
        for (name, property) in properties.as_object().into_iter().flatten() {
            let is_required =
                required.is_some_and(|required| required.iter().any(|required| required == name));
            let described = [property, self.resolve(property)?];
            let description = described
                .into_iter()
                .map(|schema| text(&schema["description"]));
            members.push(Member {
                name: name.clone(),
                tree: self.tree_below(property, depth - 1)?,
                required: is_required,
                description: description
                    .into_iter()
                    .find(|text| !text.is_empty())
                    .unwrap_or_default()
                    .into(),
            });
        }
        Ok(Tree::Object(members))
    }

    /// A parameter, or a member of a body; `holder` may carry an example beside the schema.
    pub(super) fn slot(
        &self,
        name: &str,
        schema: &Value,
        holder: &Value,
    ) -> Result<Slot, DraftError> {
        let schema = self.resolve(schema)?;
        let many = type_name(schema) == "array";
        let item = if many {
            self.resolve(&schema["items"])?
        } else {
            schema
        };
        let beside = [
            example(holder),
            holder["examples"]
                .as_object()
                .and_then(|all| all.values().next()?.get("value")),
        ];
        let value = beside
            .into_iter()
            .flatten()
            .next()
            .or_else(|| known_value(schema))
            .or_else(|| known_value(item));
        let strings = |list: &Value| -> Vec<String> {
            list.as_array()
                .into_iter()
                .flatten()
                .filter_map(|item| item.as_str().map(str::to_owned))
                .collect()
        };
        Ok(Slot {
            name: name.into(),
            value: value.map(joined),
            declared: Some(Declared {
                kind: parameter_type(item),
                many,
                required: false,
                default: schema
                    .get("default")
                    .filter(|default| !default.is_null())
                    .cloned(),
                one_of: strings(&item["enum"]),
                min: item["minimum"].as_f64(),
                max: item["maximum"].as_f64(),
                summary: text(&schema["description"]).into(),
            }),
        })
    }

    /// A request's body: the example, or the required members of the schema.
    pub(super) fn body_of(
        &self,
        name: &str,
        schema: &Value,
        example: Option<Value>,
    ) -> Result<Body, DraftError> {
        self.body_below(name, schema, example, DEEPEST)
    }

    fn body_below(
        &self,
        name: &str,
        schema: &Value,
        example: Option<Value>,
        depth: usize,
    ) -> Result<Body, DraftError> {
        let schema = self.resolve(schema)?;
        if secret::is_name(name) {
            return Err(DraftError::Body(format!(
                "its member `{name}` is a credential, which goes into a header, the query or the path"
            )));
        }
        if let Some(properties) = schema["properties"].as_object().filter(|_| depth > 0) {
            let members = self.members(schema, properties, example.as_ref(), depth)?;
            return Ok(Body::Object(members));
        }
        let is_plain = example
            .as_ref()
            .is_none_or(|example| !example.is_object() && !example.is_array());
        if !is_plain || type_name(schema) == "array" {
            let fixed = example.or_else(|| known_value(schema).cloned());
            return Ok(Body::Fixed(
                fixed.unwrap_or_else(|| Value::Array(Vec::new())),
            ));
        }
        let mut slot = self.slot(name, schema, &Value::Null)?;
        slot.value = example.or(slot.value);
        Ok(Body::Slot(slot))
    }

    fn members(
        &self,
        schema: &Value,
        properties: &Map<String, Value>,
        example: Option<&Value>,
        depth: usize,
    ) -> Result<Vec<(String, Body)>, DraftError> {
        let required = schema["required"].as_array();
        let mut members = Vec::new();
        for (name, property) in properties {
            let shown = example.and_then(|example| example.get(name)).cloned();
            let is_required =
                required.is_some_and(|required| required.iter().any(|required| required == name));
            if shown.is_some() || is_required {
                let mut member = self.body_below(name, property, shown, depth - 1)?;
                if let Body::Slot(slot) = &mut member {
                    slot.declared.get_or_insert_default().required = is_required;
                }
                members.push((name.clone(), member));
            }
        }
        Ok(members)
    }
}

/// A value that a schema or a parameter shows: `example`, or the first of `examples`.
pub(super) fn example(schema: &Value) -> Option<&Value> {
    let first = schema["examples"]
        .as_array()
        .and_then(|examples| examples.first());
    schema
        .get("example")
        .or(first)
        .filter(|value| !value.is_null())
}

/// A value that it may have: an example, its constant, its default, the first that is allowed.
fn known_value(schema: &Value) -> Option<&Value> {
    let first = schema["enum"]
        .as_array()
        .and_then(|allowed| allowed.first());
    example(schema)
        .or_else(|| schema.get("const"))
        .or_else(|| schema.get("default"))
        .or(first)
        .filter(|value| !value.is_null())
}

/// Its type; of 3.1's lists, the first besides null.
fn type_name(schema: &Value) -> &str {
    match &schema["type"] {
        Value::Array(names) => names
            .iter()
            .map(text)
            .find(|name| *name != "null")
            .unwrap_or_default(),
        name => text(name),
    }
}

fn kind(schema: &Value) -> Kind {
    match type_name(schema) {
        "boolean" => Kind::Boolean,
        "integer" => Kind::Integer,
        "number" => Kind::Number,
        "string" => Kind::String,
        _ => Kind::Unknown,
    }
}

fn parameter_type(schema: &Value) -> Option<ParameterType> {
    match (type_name(schema), text(&schema["format"])) {
        ("integer", _) => Some(ParameterType::Integer),
        ("number", _) => Some(ParameterType::Number),
        ("boolean", _) => Some(ParameterType::Boolean),
        ("string", "date") => Some(ParameterType::Date),
        ("string", "date-time") => Some(ParameterType::Datetime),
        ("string", "ipv4" | "ipv6" | "ip") => Some(ParameterType::Ip),
        ("string", _) => Some(ParameterType::String),
        _ => None,
    }
}

/// A list of plain values as a query writes it.
fn joined(value: &Value) -> Value {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items
                .iter()
                .map(|item| {
                    item.as_str()
                        .map_or_else(|| item.to_string(), str::to_owned)
                })
                .collect();
            Value::from(items.join(","))
        }
        value => value.clone(),
    }
}
