//! Which task a path below a provider's base URL asks for.

use guichet_catalogue::model::{Dialect, ModelServer, Task};

/// What is asked for, where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) task: Task,
    pub(crate) dialect: Dialect,
    /// The model, where the path names it.
    pub(crate) model: Option<String>,
    /// Whether the path is that of streams.
    pub(crate) stream: bool,
}

/// Finds the route of a path and its query, both without the provider's prefix.
pub(crate) fn find(server: &ModelServer, path: &str, query: &str) -> Option<Asked> {
    server.routes.iter().find_map(|(task, route)| {
        let paths = [
            (route.stream_path.as_deref(), true),
            (Some(&*route.path), false),
        ];
        paths.into_iter().find_map(|(template, stream)| {
            let model = matches(template?, path, query)?;
            Some(Asked {
                task: *task,
                dialect: route.dialect,
                model: (!model.is_empty()).then(|| model.to_owned()),
                stream,
            })
        })
    })
}

/// The model in a path of this template: empty where the template has no place for one.
fn matches<'a>(template: &str, path: &'a str, query: &str) -> Option<&'a str> {
    let (template, wanted) = template.split_once('?').unwrap_or((template, ""));
    if !wanted.is_empty() && !query.split('&').any(|pair| pair == wanted) {
        return None;
    }
    match template.split_once("{model}") {
        None => (template == path).then_some(""),
        Some((before, after)) => {
            let model = path.strip_prefix(before)?.strip_suffix(after)?;
            (!model.is_empty()).then_some(model)
        }
    }
}
