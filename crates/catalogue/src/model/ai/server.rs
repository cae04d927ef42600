//! A provider that serves models.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::quota;

use super::{Abilities, Dialect, Model, Quirks, Task};

/// What is particular to a provider that serves models; credential, base URL, hosts, quotas and errors are those of
/// [`super::super::Http`].
#[derive(Debug)]
pub struct ModelServer {
    /// The dialect of its routes, where a route does not name another.
    pub dialect: Dialect,
    /// Where each task that it does is asked for.
    pub routes: BTreeMap<Task, Route>,
    /// Its models by id.
    pub models: BTreeMap<Arc<str>, Arc<Model>>,
    /// Whether any name after `provider/` is passed on, also of models that are not in the file.
    pub any_model: bool,
    /// Tasks that are tried with models that are not in the file, passed on or discovered.
    pub any_tasks: Vec<Task>,
    /// What models that are not in the file are taken to understand.
    pub any_abilities: Abilities,
    /// Which models can be asked without paying, by patterns of their ids (`*:free`); those in the file say it themselves.
    pub free: Vec<String>,
    /// How it is asked which models it has.
    pub discovery: Option<Discovery>,
    /// Whether it is a server of the operator that is looked for at its usual address: plain HTTP and loopback are
    /// allowed, and that it is not there is no fault.
    pub local: bool,
    /// The variable that may move a local server elsewhere (`OLLAMA_BASE_URL`).
    pub base_url_env: Option<String>,
    /// Of a provider with the account in its base URL, the variable that may hold the account. The secret is
    /// `account:token`, or the token alone where the variable is set; the account goes in place of `{account}`, and only
    /// the token is sent as the credential.
    pub account: Option<String>,
    /// A path whose GET succeeds only with a good credential, and costs nothing.
    pub verify: Option<String>,
    /// Headers of every request.
    pub headers: Vec<(String, String)>,
    /// How its requests and answers differ from the dialect.
    pub quirks: Quirks,
}

/// Where a task is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// What is spoken there.
    pub dialect: Dialect,
    /// The path below the base URL; `{model}` stands for the model's id.
    pub path: String,
    /// The path of streams, where it is another one.
    pub stream_path: Option<String>,
}

/// How a server is asked which models it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovery {
    /// The path below the base URL, asked with GET.
    pub path: String,
    /// How the answer is read.
    pub format: DiscoveryFormat,
}

/// The shape of a list of models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiscoveryFormat {
    /// `{data: [{id, …}]}`; vLLM adds `max_model_len`, llama.cpp `meta.n_ctx_train`.
    #[serde(rename = "openai")]
    OpenAi,
    /// `{models: [{name, …}]}`.
    Ollama,
}

impl ModelServer {
    /// Whether a model of this id, in the file or not, can be asked without paying.
    #[must_use]
    pub fn is_free(&self, id: &str) -> bool {
        self.models.get(id).map_or_else(
            || !self.free.is_empty() && quota::covers(&self.free, id),
            |model| model.free,
        )
    }

    /// Its model of this id, or of this plain name.
    #[must_use]
    pub fn model(&self, name: &str) -> Option<&Arc<Model>> {
        self.models.get(name).or_else(|| {
            self.models
                .values()
                .find(|model| model.names.iter().any(|own| **own == *name))
        })
    }
}
