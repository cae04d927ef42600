//! The document itself: its version, its operations, its references.

use serde_json::Value;

use crate::draft::{DraftError, quote};
use crate::model::Method;
use crate::suggest::did_you_mean;

/// A parsed document.
pub(super) struct Document {
    pub(super) root: Value,
}

/// An operation and where it stands.
pub(super) struct Found<'a> {
    pub(super) path: &'a str,
    pub(super) method: Method,
    pub(super) item: &'a Value,
    pub(super) operation: &'a Value,
}

/// References that lead to references.
const MOST_REFERENCES: usize = 16;

impl Document {
    /// Parses a document and checks that it is OpenAPI 3.
    pub(super) fn parse(text: &str) -> Result<Self, DraftError> {
        let root: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
            .map_err(|error| DraftError::NotJson(format!("line {}", error.line())))?;
        if root.get("swagger").is_some() {
            return Err(DraftError::NotOpenApi(
                "it is Swagger 2; convert it first, for instance with `npx swagger2openapi swagger.json`".into(),
            ));
        }
        match root.get("openapi").and_then(Value::as_str) {
            Some(version) if version.starts_with("3.") => Ok(Self { root }),
            Some(version) => Err(DraftError::NotOpenApi(format!(
                "its version is `{}`",
                quote::line(version)
            ))),
            None => Err(DraftError::NotOpenApi(
                "the member `openapi`, which tells the version, is missing".into(),
            )),
        }
    }

    /// What a value refers to, or the value itself.
    pub(super) fn resolve<'a>(&'a self, value: &'a Value) -> Result<&'a Value, DraftError> {
        let mut value = value;
        for _ in 0..MOST_REFERENCES {
            let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
                return Ok(value);
            };
            let wrong = || DraftError::Reference(quote::line(reference));
            let pointer = reference.strip_prefix('#').ok_or_else(wrong)?;
            value = self.root.pointer(pointer).ok_or_else(wrong)?;
        }
        Err(DraftError::Reference("a circle of references".into()))
    }

    /// Finds an operation by its id or as `GET /path`.
    pub(super) fn operation(&self, asked: &str) -> Result<Found<'_>, DraftError> {
        let mut names = Vec::new();
        for (path, item) in self.root["paths"].as_object().into_iter().flatten() {
            let item = self.resolve(item)?;
            for (verb, operation) in item.as_object().into_iter().flatten() {
                const VERBS: [&str; 7] =
                    ["get", "post", "put", "patch", "delete", "head", "options"];
                if !VERBS.contains(&verb.as_str()) {
                    continue;
                }
                let id = text(&operation["operationId"]);
                let call = format!("{} {path}", verb.to_ascii_uppercase());
                if id == asked || call.eq_ignore_ascii_case(asked.trim()) {
                    return Ok(Found {
                        path,
                        method: method(verb)?,
                        item,
                        operation,
                    });
                }
                names.push(if id.is_empty() { call } else { id.to_owned() });
            }
        }
        Err(no_operation(asked, &names))
    }

    /// Parameters of the path and of the operation; the operation's own come first where both have one.
    pub(super) fn parameters<'a>(
        &'a self,
        found: &Found<'a>,
    ) -> Result<Vec<&'a Value>, DraftError> {
        let mut parameters: Vec<&Value> = Vec::new();
        for list in [&found.operation["parameters"], &found.item["parameters"]] {
            for parameter in list.as_array().into_iter().flatten() {
                let parameter = self.resolve(parameter)?;
                let same = |other: &&Value| {
                    other["name"] == parameter["name"] && other["in"] == parameter["in"]
                };
                if !parameters.iter().any(same) {
                    parameters.push(parameter);
                }
            }
        }
        Ok(parameters)
    }
}

/// A member's text; none is empty.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn method(verb: &str) -> Result<Method, DraftError> {
    match verb {
        "get" => Ok(Method::Get),
        "post" => Ok(Method::Post),
        other => Err(DraftError::Method(other.to_ascii_uppercase())),
    }
}

fn no_operation(asked: &str, names: &[String]) -> DraftError {
    const SHOWN: usize = 12;
    let mut known = names
        .iter()
        .take(SHOWN)
        .map(|name| quote::line(name))
        .collect::<Vec<_>>()
        .join(", ");
    if names.len() > SHOWN {
        known.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    DraftError::NoOperation {
        asked: quote::line(asked),
        hint: did_you_mean(asked, names.iter().map(String::as_str)),
        known,
    }
}
