//! A catalogue of one operation, `things/get`, for stories that need exactly these providers and terms.

use std::sync::Arc;

use guichet_catalogue::files::{File, Files};
use guichet_catalogue::model::Catalogue;
use guichet_catalogue::{Surroundings, load};
use guichet_sim::alphabet::Scripted;
use serde_json::json;

use crate::upstream;

/// A catalogue being written. Each provider is at `https://<id>.example` and answers `{"value": 7}`.
#[derive(Debug, Clone)]
pub struct Small {
    operation: String,
    providers: Vec<(String, String)>,
}

const SCHEMA: &str = r#"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "$defs": {
    "Thing": {
      "type": "object",
      "additionalProperties": false,
      "required": ["value"],
      "properties": {"value": {"type": "integer", "minimum": 0}, "q": {"type": "string"}}
    }
  }
}"#;

impl Small {
    /// The operation's keys beside `summary`, `result` and its parameters `q` and `many`.
    #[must_use]
    pub fn new(operation: &str) -> Self {
        Self {
            operation: operation.into(),
            providers: Vec::new(),
        }
    }

    /// Adds a provider after the others: its own keys and tables, and its operation's keys beside the usual ones.
    #[must_use]
    pub fn provider(mut self, id: &str, own: &str, operation: &str) -> Self {
        let line = |key: &str, usual: &str| {
            let given = operation.lines().any(|line| {
                line.split('=')
                    .next()
                    .is_some_and(|name| name.trim() == key)
            });
            if given {
                String::new()
            } else {
                format!("{usual}\n")
            }
        };
        let base = if own.contains("base_url") {
            String::new()
        } else {
            format!("base_url = \"https://{id}.example\"")
        };
        let method = if operation.contains("post = ") {
            String::new()
        } else {
            line("get", "get = '/get'")
        };
        let query = line("query", "query = '{q}'");
        let result = line("result", "result = '{value: .value}'");
        let text = format!(
            "title = \"{id}\"\n{base}\n{own}\n[operation.get]\n{method}{query}{result}{operation}\n"
        );
        self.providers.push((id.into(), text));
        self
    }

    /// Adds a provider with nothing special about it.
    #[must_use]
    pub fn plain(self, id: &str) -> Self {
        self.provider(id, "", "")
    }

    /// The catalogue.
    ///
    /// # Panics
    /// When what was written has problems.
    #[must_use]
    pub fn load(&self) -> Arc<Catalogue> {
        let order: Vec<&str> = self.providers.iter().map(|(id, _)| id.as_str()).collect();
        let category = format!(
            "title = \"Things\"\nsummary = \"Things\"\nschema = \"schema.json\"\nproviders = {order:?}\n\
             [operation.get]\nsummary = \"A thing\"\nresult = \"Thing\"\n{}\n\
             [operation.get.params.q]\ntype = \"string\"\nsummary = \"Which\"\n\
             [operation.get.params.many]\ntype = \"integer\"\ndefault = 1\nsummary = \"How many\"\n",
            self.operation
        );
        let mut files = Files::default();
        let mut write = |path: &str, text: String| {
            let file = File {
                name: path.into(),
                text: text.into(),
                own: false,
            };
            files.insert(path, file);
        };
        write("things/category.toml", category);
        write("things/schema.json", SCHEMA.into());
        for (id, text) in &self.providers {
            write(&format!("things/{id}.toml"), text.clone());
        }
        let surroundings = Surroundings {
            functions: Vec::new(),
        };
        Arc::new(load(&files, &surroundings).unwrap_or_else(|problems| panic!("{problems}")))
    }
}

/// The right answer of a provider.
#[must_use]
pub fn thing(value: i64) -> Scripted {
    upstream::json(200, &json!({"value": value}))
}
