//! Drafts of provider files: from a curl command, or from an operation of an OpenAPI document.
//!
//! Pure: no network, no files. A draft loads as it is, is off until its author has finished it, and never shows a
//! credential. What could not be found out stands in it as a comment, never as a made-up value.

mod answer;
mod bind;
mod category;
mod curl;
mod endpoint;
mod error;
mod infer;
mod known;
mod likeness;
mod openapi;
mod provider;
mod quote;
mod request;
mod result;
mod secret;
mod shell;
#[cfg(test)]
mod tests;
mod tree;

use serde_json::{Value, json};

use crate::model::{Catalogue, Decoder, Operation};
use crate::suggest::did_you_mean;
use answer::Answer;
use bind::Binder;
pub use error::DraftError;
use request::Request;
use tree::Tree;

/// What a draft is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The category: one of the catalogue, or a new one.
    pub category: String,
    /// The id of the new provider.
    pub provider: String,
    /// The operation that it answers: of a category of the catalogue, one that it has.
    pub operation: String,
}

/// Files to be read and finished by a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Paths below the catalogue's folder, and texts.
    pub files: Vec<(String, String)>,
    /// What the author must still do or should look at.
    pub notes: Vec<String>,
}

/// Drafts a provider from a curl command and, if there is one, the body of the answer that it got.
pub fn from_curl(
    target: &Target,
    command: &str,
    catalogue: &Catalogue,
    answer: Option<&str>,
) -> Result<Draft, DraftError> {
    let operation = destination(target, catalogue)?;
    let read = curl::read(command)?;
    let answer = answer
        .map(|text| Answer::read(text, &read.secrets))
        .transpose()?;
    let tree = answer.as_ref().and_then(Answer::tree);
    let material = Material {
        target,
        schema: schema(target, catalogue),
        operation,
        request: read.request,
        answer,
        tree,
        origin: "a curl command",
        title: category::titled(&target.provider),
        summary: "Drafted from a curl command: say in one line what it gives".into(),
        docs: String::new(),
        notes: read.notes,
    };
    read.secrets.guard(material.draft()?)
}

/// Drafts a provider from an operation of an OpenAPI 3.x document in JSON. The operation is named by its
/// `operationId`, or as `GET /path`.
pub fn from_openapi(
    target: &Target,
    document: &str,
    operation: &str,
    catalogue: &Catalogue,
) -> Result<Draft, DraftError> {
    let destination = destination(target, catalogue)?;
    let read = openapi::read(document, operation)?;
    let material = Material {
        target,
        schema: schema(target, catalogue),
        operation: destination,
        request: read.request,
        answer: read.answer,
        tree: read.tree,
        origin: "an OpenAPI document",
        title: read.title,
        summary: read.summary,
        docs: read.docs,
        notes: read.notes,
    };
    material.draft()
}

/// The operation of the catalogue that is meant; none where the category is a new one.
fn destination<'a>(
    target: &Target,
    catalogue: &'a Catalogue,
) -> Result<Option<&'a Operation>, DraftError> {
    for name in [&target.category, &target.provider, &target.operation] {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty()
            || !name.bytes().all(allowed)
            || (name == &target.provider && name == "category")
        {
            return Err(DraftError::Name(name.clone()));
        }
    }
    if let Some(provider) = catalogue.providers.get(target.provider.as_str()) {
        return Err(DraftError::ProviderExists {
            category: provider.category.to_string(),
            provider: target.provider.clone(),
        });
    }
    let Some(category) = catalogue.categories.get(target.category.as_str()) else {
        return Ok(None);
    };
    if let Some(operation) = category.operations.get(target.operation.as_str()) {
        return Ok(Some(operation));
    }
    let names: Vec<&str> = category.operations.keys().map(|name| &**name).collect();
    Err(DraftError::UnknownOperation {
        category: target.category.clone(),
        operation: target.operation.clone(),
        known: names.join(", "),
        hint: did_you_mean(&target.operation, names),
    })
}

fn schema(target: &Target, catalogue: &Catalogue) -> Value {
    let category = catalogue.categories.get(target.category.as_str());
    category.map_or(Value::Null, |category| (*category.schema).clone())
}

/// Everything that a draft is made of.
struct Material<'a> {
    target: &'a Target,
    operation: Option<&'a Operation>,
    schema: Value,
    request: Request,
    answer: Option<Answer>,
    tree: Option<Tree>,
    origin: &'static str,
    title: String,
    summary: String,
    docs: String,
    notes: Vec<String>,
}

impl Material<'_> {
    fn draft(mut self) -> Result<Draft, DraftError> {
        let mut binder = Binder::new(self.operation, endpoint::slots(&self.request).into_iter());
        let endpoint = endpoint::write(&self.request, &mut binder)
            .map_err(|unbound| self.unbound(unbound.0))?;
        let parameters = endpoint::shown(&binder.seen);
        let mut files = Vec::new();
        let filter = if let Some(operation) = self.operation {
            self.mapped(operation)
        } else {
            let inferred = infer::infer(self.tree.as_ref());
            let (category, schema) = category::files(
                self.target,
                &self.summary,
                self.request.method,
                &binder.invented,
                &parameters,
                &inferred.definition,
            );
            files.push((self.path("category.toml"), category));
            files.push((self.path("schema.json"), schema));
            inferred.filter
        };
        let provider = provider::Provider {
            id: &self.target.provider,
            title: &self.title,
            docs: &self.docs,
            origin: self.origin,
            operation: &self.target.operation,
            request: &self.request,
            endpoint: &endpoint,
            accepts: &binder.accepts,
            decode: self
                .answer
                .as_ref()
                .map_or(Decoder::Json, |answer| answer.decode),
            result: &filter,
            parameters: &parameters,
        };
        files.push((
            self.path(&format!("{}.toml", self.target.provider)),
            provider.write(),
        ));
        if let Some(answer) = &self.answer {
            let name = format!("{}/{}.json", self.target.provider, self.target.operation);
            files.push((self.path(&name), sample(self.target, answer, &parameters)));
        }
        self.remaining(&mut binder);
        Ok(Draft {
            files,
            notes: self.notes,
        })
    }

    fn path(&self, below: &str) -> String {
        format!("{}/{below}", self.target.category)
    }

    /// The filter for a category of the catalogue, and what is missing in it.
    fn mapped(&mut self, operation: &Operation) -> String {
        let drafted = result::draft(&self.schema, &operation.result, self.tree.as_ref());
        if self.tree.is_none() {
            self.notes.push(format!(
                "No answer is known, so nothing is mapped to `{}` yet: write `result`, or draft again with a recorded answer.",
                operation.result
            ));
        } else if !drafted.missing.is_empty() {
            self.notes.push(format!(
                "Required in `{}`, but not found in the answer: {}.",
                operation.result,
                drafted.missing.join(", ")
            ));
        }
        if self.tree.is_some() {
            self.notes.push("Fields were matched by name, unit and type: compare each line of `result` with the documentation.".into());
        }
        drafted.filter
    }

    fn unbound(&self, name: String) -> DraftError {
        let known = self.operation.map_or_else(String::new, |operation| {
            let names: Vec<&str> = operation
                .parameters
                .iter()
                .map(|parameter| &*parameter.name)
                .collect();
            names.join(", ")
        });
        DraftError::Unbound {
            name,
            operation: format!("{}/{}", self.target.category, self.target.operation),
            known,
        }
    }

    /// What only a person can do.
    fn remaining(&mut self, binder: &mut Binder) {
        let Target {
            category,
            provider,
            operation,
        } = self.target;
        self.notes.append(&mut binder.notes);
        for name in binder.unused() {
            self.notes.push(format!("The request does not use `{name}`, which every call of {category}/{operation} has: put it where it belongs."));
        }
        if let Some(auth) = &self.request.auth {
            let variable = auth
                .variable
                .clone()
                .unwrap_or_else(|| provider::variable(provider));
            self.notes.push(format!("Store the credential with `guichet credential set {provider}`, or set {variable}. It stands in no file."));
        }
        if self.request.plain_http {
            self.notes.push(
                "The provider is reached without TLS: it stays off until the operator allows that."
                    .into(),
            );
        }
        if self.answer.is_none() {
            self.notes.push(format!(
                "Record a good answer as {category}/{provider}/{operation}.json."
            ));
        }
        if self.operation.is_none() {
            self.notes.push("The category is new: its schema is what one provider sends. Give fields names with units, say which are required, and set `fresh` and `stale`.".into());
        }
        self.notes.push(format!(
            "Add a refusal as a second sample, such as {category}/{provider}/{operation}.429.json."
        ));
        self.notes.push("Fill in `[terms]`, `[[quota]]`, `docs` and `verified` from the provider's documentation.".into());
        self.notes.push(format!("Run `guichet catalogue test {category}/{provider}`; when it is content, take out `enabled = false`."));
    }
}

/// The first sample.
fn sample(target: &Target, answer: &Answer, parameters: &serde_json::Map<String, Value>) -> String {
    let body = match &answer.body {
        answer::Body::Json(value) => {
            json!({ "status": 200, "headers": { "content-type": "application/json" }, "body": value })
        }
        answer::Body::Text(text) => json!({ "status": 200, "text": text }),
    };
    category::pretty(&json!({
        "source": answer.source,
        "operation": target.operation,
        "params": parameters,
        "exchanges": [body]
    }))
}
