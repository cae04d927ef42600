//! The filter that maps an answer to the category's result, as far as names, types and units tell it.

use serde_json::{Map, Value, json};

use super::likeness::{ALIKE, Name, likeness};
use super::quote;
use super::tree::{Kind, Leaf, Step, Tree};

/// How deep results are followed.
const DEEPEST: usize = 5;

/// A drafted filter.
#[derive(Debug, Default, Clone)]
pub(super) struct Drafted {
    pub(super) filter: String,
    /// Properties that were found in the answer.
    pub(super) found: usize,
    /// Required properties that were not, by their paths.
    pub(super) missing: Vec<String>,
}

/// Drafts the filter for a definition of the schema.
pub(super) fn draft(schema: &Value, definition: &str, answer: Option<&Tree>) -> Drafted {
    let node = json!({ "$ref": format!("#/$defs/{definition}") });
    let mapping = Mapping { schema };
    let whole = Tree::unknown();
    mapping.result(&mapping.resolved(&node), answer.unwrap_or(&whole))
}

struct Mapping<'a> {
    schema: &'a Value,
}

/// A property and the leaf it was given.
struct Choice {
    likeness: f64,
    property: String,
    path: Vec<Step>,
    filter: String,
}

/// A line of an object that jq makes.
enum Line {
    Member(String),
    Comment(String),
}

impl Mapping<'_> {
    /// The definition with its references followed and `allOf` taken together.
    fn resolved(&self, node: &Value) -> Map<String, Value> {
        const MOST_REFERENCES: usize = 16;
        let mut merged = node.as_object().cloned().unwrap_or_default();
        for _ in 0..MOST_REFERENCES {
            let target = match merged.remove("$ref") {
                Some(Value::String(reference)) => {
                    self.schema.pointer(reference.trim_start_matches('#'))
                }
                _ => break,
            };
            for (name, value) in target.and_then(Value::as_object).into_iter().flatten() {
                merged.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        merged
    }

    fn result(&self, node: &Map<String, Value>, answer: &Tree) -> Drafted {
        if let Some(items) = node.get("items") {
            return self.list(&self.resolved(items), answer);
        }
        let mut drafted = self.object(node, answer, "", DEEPEST);
        drafted.filter.push_str(" | compact");
        drafted
    }

    /// A list of results: of the answer's lists, the one that gives most of the properties.
    fn list(&self, item: &Map<String, Value>, answer: &Tree) -> Drafted {
        let lists = answer.lists();
        let drafts = lists
            .iter()
            .map(|(path, tree)| (Some(path), self.object(item, tree, "", DEEPEST)));
        let best = drafts.rev().max_by_key(|(_, drafted)| drafted.found);
        let (path, mut drafted) =
            best.unwrap_or_else(|| (None, self.object(item, answer, "", DEEPEST)));
        drafted.filter = match path {
            Some(path) => format!("[{} | {} | compact]", each(path), drafted.filter),
            None => format!("[{} | compact]", drafted.filter),
        };
        drafted
    }

    fn object(
        &self,
        node: &Map<String, Value>,
        scope: &Tree,
        indent: &str,
        depth: usize,
    ) -> Drafted {
        let inner = format!("{indent}  ");
        let empty = Map::new();
        let properties = node
            .get("properties")
            .and_then(Value::as_object)
            .unwrap_or(&empty);
        let choices = self.choices(properties, scope);
        let mut drafted = Drafted::default();
        let mut lines = Vec::new();
        for (name, property) in properties {
            let resolved = self.resolved(property);
            let required = is_required(node, name);
            let part = self.property(name, &resolved, &choices, scope, &inner, depth);
            let key = quote::jq_name(name);
            // An object that lacks what it must have would spoil the whole; an optional one is better left out.
            let usable =
                part.filter(|part| part.found > 0 && (required || part.missing.is_empty()));
            if let Some(part) = usable {
                drafted.found += part.found;
                let missing = part.missing.iter().map(|inner| format!("{name}.{inner}"));
                drafted.missing.extend(missing);
                lines.push(Line::Member(format!("{key}: {}", part.filter)));
            } else {
                if required {
                    drafted.missing.push(name.clone());
                }
                lines.push(Line::Comment(describe(name, &resolved, required)));
            }
        }
        drafted.filter = written(&lines, indent);
        drafted
    }

    fn property(
        &self,
        name: &str,
        node: &Map<String, Value>,
        choices: &[Choice],
        scope: &Tree,
        indent: &str,
        depth: usize,
    ) -> Option<Drafted> {
        let simple = |filter: String| {
            Some(Drafted {
                filter,
                found: 1,
                missing: Vec::new(),
            })
        };
        if let Some(constant) = node.get("const") {
            return simple(constant.to_string());
        }
        if let Some(choice) = choices.iter().find(|choice| choice.property == name) {
            return simple(choice.filter.clone());
        }
        if depth == 0 {
            return None;
        }
        if node.contains_key("properties") {
            let mut object = self.object(node, scope, indent, depth - 1);
            object.filter = format!("({} | compact)", object.filter);
            return Some(object);
        }
        let item = self.resolved(node.get("items")?);
        let lists = scope.lists();
        let wanted = Name::of(name);
        let (path, tree) = lists
            .iter()
            .find(|(path, _)| likeness(&wanted, path) >= ALIKE)?;
        if item.contains_key("properties") {
            let mut object = self.object(&item, tree, indent, depth - 1);
            object.filter = format!("[{} | {} | compact]", each(path), object.filter);
            return Some(object);
        }
        let Tree::Leaf(leaf) = tree else {
            return None;
        };
        self.conversion(&item, leaf, &Name::of(name), path)?;
        simple(quote::jq_path(path))
    }

    /// Which leaf each property is given: the most alike first, and each leaf only once.
    fn choices(&self, properties: &Map<String, Value>, scope: &Tree) -> Vec<Choice> {
        let leaves = scope.leaves();
        let mut possible = Vec::new();
        for (property, node) in properties {
            let node = self.resolved(node);
            if node.contains_key("properties")
                || node.contains_key("items")
                || node.contains_key("const")
            {
                continue;
            }
            let wanted = Name::of(property);
            for (path, leaf) in &leaves {
                let likeness = likeness(&wanted, path);
                if likeness < ALIKE {
                    continue;
                }
                let filter = self.conversion(&node, leaf, &wanted, path);
                possible.extend(filter.map(|filter| Choice {
                    likeness,
                    property: property.clone(),
                    path: path.clone(),
                    filter,
                }));
            }
        }
        possible.sort_by(|left, right| right.likeness.total_cmp(&left.likeness));
        let mut chosen: Vec<Choice> = Vec::new();
        for choice in possible {
            let taken =
                |other: &Choice| other.property == choice.property || other.path == choice.path;
            if !chosen.iter().any(taken) {
                chosen.push(choice);
            }
        }
        chosen
    }

    /// The filter that makes the leaf a value of the property, if its type, its unit and its value allow that.
    fn conversion(
        &self,
        node: &Map<String, Value>,
        leaf: &Leaf,
        wanted: &Name,
        path: &[Step],
    ) -> Option<String> {
        let plain = quote::jq_path(path);
        let field = path.iter().rev().find_map(|step| match step {
            Step::Member(name) => Some(Name::of(name)),
            Step::First => None,
        });
        let unit = match (field.and_then(|field| field.unit), wanted.unit) {
            (Some(from), Some(to)) => from.conversion(to)?,
            _ => "",
        };
        if !unit.is_empty() {
            return Some(format!("({plain} | {unit})"));
        }
        let Some(value) = &leaf.value else {
            return conversion_by_type(node, leaf.kind, &plain);
        };
        let tries = [
            (plain.clone(), Some(value.clone())),
            (format!("({plain} | num)"), number(value)),
            (
                format!("({plain} | upper)"),
                value
                    .as_str()
                    .map(|text| Value::from(text.to_ascii_uppercase())),
            ),
            (format!("({plain} | epoch)"), moment(value)),
            (
                format!("({plain} | string_or_null)"),
                value.is_number().then(|| Value::from(value.to_string())),
            ),
            (
                format!("({plain} | if . == null then null else . == 1 end)"),
                flag(value),
            ),
        ];
        tries
            .into_iter()
            .find(|(_, value)| value.as_ref().is_some_and(|value| self.holds(node, value)))
            .map(|(filter, _)| filter)
    }

    /// Whether the value has the property's shape. A shape that is itself wrong holds nothing.
    fn holds(&self, node: &Map<String, Value>, value: &Value) -> bool {
        let definitions = self.schema.get("$defs").cloned().unwrap_or_default();
        let root = json!({ "$defs": definitions, "allOf": [node] });
        jsonschema::draft202012::options()
            .should_validate_formats(true)
            .build(&root)
            .is_ok_and(|validator| validator.is_valid(value))
    }
}

/// The same where no value is known.
fn conversion_by_type(node: &Map<String, Value>, kind: Kind, plain: &str) -> Option<String> {
    let wanted = node.get("type").and_then(Value::as_str);
    let is_time = node.get("format").and_then(Value::as_str) == Some("date-time");
    match (wanted, kind) {
        (Some("string"), kind) if kind.is_number() && is_time => Some(format!("({plain} | epoch)")),
        (Some("string"), kind) if kind.is_number() => Some(format!("({plain} | string_or_null)")),
        (Some("number" | "integer"), Kind::String) => Some(format!("({plain} | num)")),
        (Some("number"), Kind::Integer) | (None, _) | (_, Kind::Unknown) => Some(plain.into()),
        (Some(wanted), kind) if kind.name() == Some(wanted) => Some(plain.into()),
        _ => None,
    }
}

/// `.list[]?`
fn each(path: &[Step]) -> String {
    format!("{}[]?", quote::jq_path(path))
}

fn number(value: &Value) -> Option<Value> {
    let number: f64 = value.as_str()?.trim().parse().ok()?;
    let whole = number.fract() == 0.0 && number.abs() < 1e15;
    #[expect(clippy::cast_possible_truncation, reason = "whole and small")]
    Some(if whole {
        Value::from(number as i64)
    } else {
        json!(number)
    })
}

/// What `epoch` makes of a number, where it is one of this age: between 1980 and 2100, in seconds or milliseconds.
fn moment(value: &Value) -> Option<Value> {
    const SECONDS: std::ops::Range<i64> = 315_532_800..4_102_444_800;
    let number = value.as_i64()?;
    let seconds = if SECONDS.contains(&number) {
        number
    } else {
        number / 1_000
    };
    let moment = SECONDS.contains(&seconds).then_some(seconds)?;
    Some(Value::from(
        jiff::Timestamp::from_second(moment).ok()?.to_string(),
    ))
}

fn flag(value: &Value) -> Option<Value> {
    match value.as_i64()? {
        0 => Some(Value::Bool(false)),
        1 => Some(Value::Bool(true)),
        _ => None,
    }
}

fn is_required(node: &Map<String, Value>, name: &str) -> bool {
    let required = node.get("required").and_then(Value::as_array);
    required.is_some_and(|required| required.iter().any(|required| required == name))
}

/// A property that was not found, in one line.
fn describe(name: &str, node: &Map<String, Value>, required: bool) -> String {
    let mut parts = vec![if required { "required" } else { "optional" }.to_owned()];
    if let Some(kind) = node.get("type").and_then(Value::as_str) {
        let format = node.get("format").and_then(Value::as_str);
        parts.push(format.unwrap_or(kind).to_owned());
    }
    if let Some(allowed) = node.get("enum").and_then(Value::as_array) {
        let allowed: Vec<String> = allowed.iter().map(Value::to_string).collect();
        parts.push(allowed.join(" | "));
    }
    let description = node
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default();
    quote::line(&format!(
        "not found: {name} ({}) {description}",
        parts.join(", ")
    ))
}

fn written(lines: &[Line], indent: &str) -> String {
    let last = lines
        .iter()
        .rposition(|line| matches!(line, Line::Member(_)));
    let mut text = String::from("{\n");
    for (index, line) in lines.iter().enumerate() {
        let comma = if last.is_some_and(|last| index < last) {
            ","
        } else {
            ""
        };
        match line {
            Line::Member(member) => text.push_str(&format!("{indent}  {member}{comma}\n")),
            Line::Comment(comment) => text.push_str(&format!("{indent}  # {comment}\n")),
        }
    }
    text.push_str(indent);
    text.push('}');
    text
}
