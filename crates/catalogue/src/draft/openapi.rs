//! An operation of an OpenAPI 3.0 or 3.1 document → its request and the structure of its answer.

use serde_json::Value;

use super::DraftError;
use super::answer::{self, Answer};
use super::request::{Body, Part, Request, Slot, base};
use super::tree::Tree;
use crate::model::{Decoder, Method};

mod document;
mod schema;
mod security;
#[cfg(test)]
mod tests;

use document::{Document, Found, text};

/// What a document says of an operation.
pub(super) struct Read {
    pub(super) request: Request,
    pub(super) answer: Option<Answer>,
    pub(super) tree: Option<Tree>,
    pub(super) title: String,
    pub(super) summary: String,
    pub(super) docs: String,
    pub(super) notes: Vec<String>,
}

/// Reads one operation of a document.
pub(super) fn read(document: &str, operation: &str) -> Result<Read, DraftError> {
    let document = Document::parse(document)?;
    let found = document.operation(operation)?;
    let mut reading = Reading {
        document: &document,
        found: &found,
        notes: Vec::new(),
    };
    let request = reading.request()?;
    let (answer, tree) = reading.answer()?;
    let info = &document.root["info"];
    let summary = [
        text(&found.operation["summary"]),
        text(&found.operation["description"]),
    ];
    let summary = summary.into_iter().find(|text| !text.is_empty());
    Ok(Read {
        request,
        answer,
        tree,
        title: super::quote::line(text(&info["title"])),
        summary: super::quote::line(
            summary.unwrap_or("Drafted from an OpenAPI document: say in one line what it gives"),
        ),
        docs: reading.docs(),
        notes: reading.notes,
    })
}

struct Reading<'a> {
    document: &'a Document,
    found: &'a Found<'a>,
    notes: Vec<String>,
}

impl Reading<'_> {
    fn request(&mut self) -> Result<Request, DraftError> {
        let server = self.server()?;
        let (base_url, plain_http) = base(&server)?;
        let mut request = Request {
            base_url,
            plain_http,
            method: self.found.method,
            ..Request::default()
        };
        request.auth = security::auth(self.document, self.found.operation, &mut self.notes)?;
        let mut in_path = Vec::new();
        for parameter in self.document.parameters(self.found)? {
            let slot = self.slot(parameter)?;
            match text(&parameter["in"]) {
                "path" => in_path.push(slot),
                "query" if is_credential(&request, &slot.name) => {}
                "query" => request.query.push(slot),
                "header" => self.header(&slot, &mut request),
                _ => self.notes.push(format!(
                    "The parameter `{}` in a cookie is left out.",
                    slot.name
                )),
            }
        }
        request.path = path(server.path(), self.found.path, &in_path);
        if request.method == Method::Post {
            request.body = self.body()?;
        }
        Ok(request)
    }

    fn docs(&self) -> String {
        let places = [
            &self.found.operation["externalDocs"]["url"],
            &self.document.root["externalDocs"]["url"],
            &self.document.root["info"]["contact"]["url"],
        ];
        let url = places
            .into_iter()
            .map(text)
            .find(|url| url.starts_with("http"));
        url.map_or_else(String::new, super::quote::line)
    }

    /// The first server, with its variables' defaults put in.
    fn server(&mut self) -> Result<url::Url, DraftError> {
        let places = [
            &self.found.operation["servers"],
            &self.found.item["servers"],
            &self.document.root["servers"],
        ];
        let servers = places
            .into_iter()
            .find_map(|servers| servers.as_array().filter(|list| !list.is_empty()));
        let Some(server) = servers.and_then(|servers| servers.first()) else {
            return Err(DraftError::Url(
                "the document names no `servers`: add the address of the API there".into(),
            ));
        };
        let mut address = text(&server["url"]).to_owned();
        for (name, variable) in server["variables"].as_object().into_iter().flatten() {
            address = address.replace(&format!("{{{name}}}"), text(&variable["default"]));
            self.notes.push(format!(
                "The server's `{name}` is its default; change `base_url` where another is meant."
            ));
        }
        url::Url::parse(&address).map_err(|error| {
            DraftError::Url(format!(
                "`{}` in `servers`: {error}; write the whole address, https://…",
                super::quote::line(&address)
            ))
        })
    }

    fn slot(&self, parameter: &Value) -> Result<Slot, DraftError> {
        let mut slot =
            self.document
                .slot(text(&parameter["name"]), &parameter["schema"], parameter)?;
        if let Some(declared) = &mut slot.declared {
            declared.required = parameter["required"].as_bool().unwrap_or(false);
            text(&parameter["description"]).clone_into(&mut declared.summary);
        }
        Ok(slot)
    }

    /// A header with one possible value is kept; a provider file has no others.
    fn header(&mut self, slot: &Slot, request: &mut Request) {
        let is_auth = matches!(&request.auth, Some(auth) if matches!(&auth.place, super::secret::Place::Header(name) if name.eq_ignore_ascii_case(&slot.name)));
        let standard = ["accept", "content-type", "authorization"];
        if is_auth || standard.contains(&slot.name.to_ascii_lowercase().as_str()) {
            return;
        }
        let is_secret = super::secret::is_header(&slot.name);
        match slot.constant().filter(|_| !is_secret) {
            Some(Value::String(value)) => request
                .headers
                .push((slot.name.to_ascii_lowercase(), value.clone())),
            _ if slot
                .declared
                .as_ref()
                .is_some_and(|declared| declared.required) =>
            {
                self.notes.push(format!("The provider wants the header `{}`: add it to `headers`, or to `[auth]` if it is a credential.", slot.name));
            }
            _ => {}
        }
    }

    fn body(&mut self) -> Result<Option<Body>, DraftError> {
        let body = self
            .document
            .resolve(&self.found.operation["requestBody"])?;
        if body.is_null() {
            return Ok(None);
        }
        let Some(content) = json_content(body) else {
            return Err(DraftError::Body(
                "the operation takes no JSON, and providers are sent JSON".into(),
            ));
        };
        match example(self.document, content)? {
            Some(example) => self
                .document
                .body_of("", &content["schema"], Some(example))
                .map(Some),
            None => self
                .document
                .body_of("", &content["schema"], None)
                .map(Some),
        }
    }

    /// The documented answer: its example as a sample, and its structure.
    fn answer(&mut self) -> Result<(Option<Answer>, Option<Tree>), DraftError> {
        let responses = &self.found.operation["responses"];
        let good = ["200", "201", "203", "2XX", "default"]
            .into_iter()
            .map(|status| &responses[status]);
        let Some(response) = good.into_iter().find(|response| !response.is_null()) else {
            self.notes
                .push("The document describes no good answer.".into());
            return Ok((None, None));
        };
        let response = self.document.resolve(response)?;
        let Some(content) = json_content(response) else {
            self.notes
                .push("The document describes no JSON answer: set `decode`.".into());
            return Ok((None, None));
        };
        let described = match &content["schema"] {
            Value::Null => None,
            schema => Some(self.document.tree(schema)?),
        };
        let Some(body) = example(self.document, content)? else {
            self.notes
                .push("The document has no example of the answer.".into());
            return Ok((None, described));
        };
        let shown = Tree::of(&body);
        let answer = Answer {
            body: answer::Body::Json(body),
            decode: Decoder::Json,
            source: self.source(),
        };
        // The schema first: it knows types, and promises members; the example knows values.
        let tree = described.map_or(shown.clone(), |described| described.merged(shown));
        Ok((Some(answer), Some(tree)))
    }

    fn source(&self) -> String {
        let docs = self.docs();
        let what = format!("{} {}", self.found.method.as_str(), self.found.path);
        if docs.is_empty() {
            format!("the provider's OpenAPI document, example of {what}")
        } else {
            format!("{docs} (the OpenAPI document's example of {what})")
        }
    }
}

fn is_credential(request: &Request, name: &str) -> bool {
    matches!(&request.auth, Some(auth) if auth.place == super::secret::Place::Query(name.to_owned()))
}

fn json_content(holder: &Value) -> Option<&Value> {
    let content = holder["content"].as_object()?;
    let is_json = |name: &str| name.contains("json") || name == "*/*";
    content
        .iter()
        .find(|(name, _)| is_json(name))
        .map(|(_, content)| content)
}

/// `example`, the first of `examples`, or the schema's own.
fn example(document: &Document, content: &Value) -> Result<Option<Value>, DraftError> {
    if !content["example"].is_null() {
        return Ok(Some(content["example"].clone()));
    }
    if let Some(first) = content["examples"]
        .as_object()
        .and_then(|examples| examples.values().next())
    {
        let value = &document.resolve(first)?["value"];
        if !value.is_null() {
            return Ok(Some(value.clone()));
        }
    }
    let schema = document.resolve(&content["schema"])?;
    Ok(schema::example(schema).cloned())
}

/// The server's path and the operation's, with its parameters.
fn path(server: &str, path: &str, slots: &[Slot]) -> Vec<Part> {
    let fixed = server.split('/').filter(|part| !part.is_empty());
    let mut parts: Vec<Part> = fixed.map(|part| Part::Literal(part.into())).collect();
    parts.extend(
        path.trim_start_matches('/')
            .split('/')
            .map(|part| self::part(part, slots)),
    );
    parts
}

/// `{id}.json` → the parameter and what stands around it.
fn part(part: &str, slots: &[Slot]) -> Part {
    let (Some(open), Some(close)) = (part.find('{'), part.find('}')) else {
        return Part::Literal(part.into());
    };
    if open > close {
        return Part::Literal(part.into());
    }
    let name = &part[open + 1..close];
    let slot = slots.iter().find(|slot| slot.name == name).cloned();
    let mut slot = slot.unwrap_or_else(|| Slot {
        name: name.into(),
        ..Slot::default()
    });
    slot.declared.get_or_insert_default().required = true;
    Part::Slot {
        before: part[..open].into(),
        slot,
        after: part[close + 1..].into(),
    }
}
