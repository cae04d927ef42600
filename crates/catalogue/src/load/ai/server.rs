//! One provider of models.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::reader::Reader;
use super::super::{limit, provider, quota};
use super::{offer, quirks};
use crate::model::ai::{
    CATEGORY, Dialect, Discovery, DiscoveryFormat, Model, ModelServer, Route, Task,
};
use crate::model::{Auth, Host, Http, Provider, Quota, Source};
use crate::suggest::did_you_mean;
use crate::written::ai::Server;
use crate::written::{Kind, Text};

/// What stands in base URLs for the first part of a secret.
const ACCOUNT: &str = "{account}";

/// A provider, and its place among the others.
pub(super) fn read(id: &str, reader: &mut Reader<'_>) -> Option<(i64, Provider)> {
    let mut written: Server = reader.parse()?;
    reader.set_prelude(written.prelude.take());
    let http = http(&written, reader)?;
    let server = server(&written, &http, reader);
    let provider = Provider {
        id: id.into(),
        category: CATEGORY.into(),
        title: written.title.unwrap_or_else(|| id.to_owned()),
        docs: written.docs,
        verified: written.verified.map(|date| date.to_string()),
        source: Source::Http(Box::new(http)),
        terms: written
            .terms
            .map(|terms| provider::terms(terms, Kind::Http, reader)),
        enabled: written.enabled,
        verify: None,
        operations: server
            .routes
            .keys()
            .map(|task| Arc::from(task.as_str()))
            .collect(),
        models: Some(Arc::new(server)),
    };
    Some((written.order, provider))
}

fn http(written: &Server, reader: &mut Reader<'_>) -> Option<Http> {
    let Some(base_url) = &written.base_url else {
        reader.wrong("a provider needs a `base_url`, such as \"http://10.0.0.5:8000/v1\"");
        return None;
    };
    // Whoever writes a file of their own with `http://` in it has agreed to it.
    let plain_http = written.plain_http
        || written.local
        || (reader.file.own && base_url.get_ref().starts_with("http://"));
    let mut hosts = Vec::new();
    for text in &written.hosts {
        match Host::parse(text.get_ref()) {
            Ok(host) => hosts.push(host),
            Err(message) => reader.wrong_at(text, message),
        }
    }
    hosts.extend(provider::base_host(base_url, plain_http, reader));
    if base_url.get_ref().contains(ACCOUNT) && account(written).is_none() {
        let message =
            "`{account}` in `base_url` needs `account` in [auth]: the variable that may hold it";
        reader.wrong_at(base_url, message);
    }
    Some(Http {
        base_url: reader.template(base_url),
        base_url_text: base_url.get_ref().clone(),
        hosts,
        own_hosts: reader.file.own || written.local,
        auth: match &written.auth {
            Some(auth) => provider::auth(auth, reader),
            None => usual_auth(written.dialect),
        },
        env: written
            .auth
            .as_ref()
            .map_or_else(Vec::new, |auth| auth.env.clone()),
        contact: written.contact,
        plain_http,
        quotas: written
            .quota
            .iter()
            .filter_map(|quota| quota::read(quota, reader).map(Arc::new))
            .collect(),
        limits: limit::all(&written.limit, written.status.as_ref(), reader),
        status: limit::status(written.status.as_ref(), reader),
        errors: written
            .error
            .iter()
            .map(|error| provider::error(error, reader))
            .collect(),
    })
}

fn account(written: &Server) -> Option<String> {
    written.auth.as_ref().and_then(|auth| auth.account.clone())
}

/// Where a dialect's servers look for a key, if the operator has one for them.
fn usual_auth(dialect: Dialect) -> Auth {
    let header = |name: &str| Auth::Header {
        name: name.into(),
        optional: true,
    };
    match dialect {
        Dialect::OpenAi | Dialect::Ollama => Auth::Bearer { optional: true },
        Dialect::Anthropic => header("x-api-key"),
        Dialect::Gemini => header("x-goog-api-key"),
    }
}

fn server(written: &Server, http: &Http, reader: &mut Reader<'_>) -> ModelServer {
    if matches!(http.auth, Auth::Query { .. } | Auth::Path) {
        reader.wrong("[auth]: keys of providers of models go into headers, never into URLs");
    }
    let models = models(written, &http.quotas, reader);
    let any_model = written.any_model.unwrap_or(models.is_empty());
    let any_tasks = match (&written.any_tasks, any_model) {
        (Some(tasks), _) => tasks.clone(),
        (None, true) => [Task::Chat, Task::Embeddings]
            .into_iter()
            .filter(|task| written.dialect.path(*task).is_some())
            .collect(),
        (None, false) => Vec::new(),
    };
    if !any_model {
        check_patterns(written, &models, reader);
    }
    ModelServer {
        dialect: written.dialect,
        routes: routes(written, &models, &any_tasks, reader),
        any_model,
        any_tasks,
        any_abilities: offer::abilities(written.abilities.as_deref(), &[], &[]),
        free: free(written),
        discovery: discovery(written, models.is_empty(), reader),
        local: written.local,
        base_url_env: written
            .base_url_env
            .as_ref()
            .map(|name| name.get_ref().clone()),
        account: account(written),
        verify: written
            .verify
            .as_ref()
            .and_then(|path| self::path(path, reader)),
        headers: quirks::headers(written, http, reader),
        quirks: quirks::read(&written.quirks, reader),
        models,
    }
}

/// What runs on the operator's own machine costs nothing.
fn free(written: &Server) -> Vec<String> {
    if written.local && written.free.is_empty() {
        vec!["*".into()]
    } else {
        quota::texts(&written.free)
    }
}

fn models(
    written: &Server,
    quotas: &[Arc<Quota>],
    reader: &mut Reader<'_>,
) -> BTreeMap<Arc<str>, Arc<Model>> {
    let mut named: BTreeMap<&str, &Text> = BTreeMap::new();
    let mut models = BTreeMap::new();
    let free = free(written);
    for (id, model) in &written.model {
        for name in &model.names {
            if named.insert(name.get_ref(), id).is_some() {
                reader.wrong_at(
                    name,
                    format!("two models of this provider are named `{}`", name.get_ref()),
                );
            }
        }
        let model = offer::read(id, model, written, quotas, &free, reader);
        models.insert(Arc::clone(&model.id), Arc::new(model));
    }
    models
}

/// Patterns that fit no model of the file are slips, where the file lists all.
fn check_patterns(
    written: &Server,
    models: &BTreeMap<Arc<str>, Arc<Model>>,
    reader: &mut Reader<'_>,
) {
    let quotas = written.quota.iter().flat_map(|quota| &quota.models);
    let limits = written.limit.iter().flat_map(|limit| &limit.models);
    for pattern in quotas.chain(limits).chain(&written.free) {
        let fits =
            |id: &Arc<str>| crate::model::covers(std::slice::from_ref(pattern.get_ref()), id);
        if !models.keys().any(fits) {
            let hint = did_you_mean(pattern.get_ref(), models.keys().map(|id| &**id));
            reader.wrong_at(
                pattern,
                format!(
                    "no model of this provider fits `{}`{hint}",
                    pattern.get_ref()
                ),
            );
        }
    }
}

fn routes(
    written: &Server,
    models: &BTreeMap<Arc<str>, Arc<Model>>,
    any_tasks: &[Task],
    reader: &mut Reader<'_>,
) -> BTreeMap<Task, Route> {
    let of_models = models
        .values()
        .flat_map(|model| model.tasks.iter().copied());
    let tasks: BTreeSet<Task> = of_models.chain(any_tasks.iter().copied()).collect();
    for task in written.task.keys().filter(|task| !tasks.contains(task)) {
        reader.wrong(format!(
            "[task.{task}]: no model does it; name it in a model's `tasks`, or in `any_tasks`"
        ));
    }
    tasks
        .into_iter()
        .filter_map(|task| Some((task, route(task, written, reader)?)))
        .collect()
}

fn route(task: Task, written: &Server, reader: &mut Reader<'_>) -> Option<Route> {
    let own = written.task.get(&task);
    let dialect = own.and_then(|own| own.dialect).unwrap_or(written.dialect);
    let usual = dialect.path(task);
    let path = match own.and_then(|own| own.path.as_ref()) {
        Some(path) => self::path(path, reader)?,
        None => usual.map(|(path, _)| path.to_owned()).or_else(|| {
            reader.wrong(format!(
                "the dialect {} has no {task}: give [task.{task}] a `dialect` that has",
                dialect.as_str()
            ));
            None
        })?,
    };
    let stream_path = match own.and_then(|own| own.stream_path.as_ref()) {
        Some(path) => Some(self::path(path, reader)?),
        None => usual.and_then(|(_, stream)| stream).map(str::to_owned),
    };
    Some(Route {
        dialect,
        path,
        stream_path,
    })
}

fn discovery(written: &Server, unknown: bool, reader: &mut Reader<'_>) -> Option<Discovery> {
    if let Some(own) = &written.discovery {
        return Some(Discovery {
            path: path(&own.path, reader)?,
            format: own.format,
        });
    }
    // A file that names no models means those that the server has.
    let (path, format) = match written.dialect {
        Dialect::OpenAi => ("/models", DiscoveryFormat::OpenAi),
        Dialect::Anthropic => ("/v1/models", DiscoveryFormat::OpenAi),
        Dialect::Ollama => ("/api/tags", DiscoveryFormat::Ollama),
        Dialect::Gemini => return None,
    };
    unknown.then(|| Discovery {
        path: path.into(),
        format,
    })
}

fn path(text: &Text, reader: &mut Reader<'_>) -> Option<String> {
    let path = text.get_ref();
    if path.starts_with('/') && !path.contains(char::is_whitespace) {
        return Some(path.clone());
    }
    let message = "a path begins with `/`; the host stands in `base_url`";
    reader.wrong_at(text, message);
    None
}
