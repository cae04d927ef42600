//! The table of all routes, and how a path finds its own.
//!
//! **Invariant:** what is not in [`ROUTES`] is not served; `/openapi.json` is made from the same table.

use guichet_engine::ai;

/// Every route. The first whose pattern fits holds, so that fixed words stand before names.
pub(crate) static ROUTES: [Route; 28] = [
    Route::read(
        "/health/live",
        Access::Open,
        Door::Live,
        "Whether the process runs",
    ),
    Route::read(
        "/health/ready",
        Access::Open,
        Door::Ready,
        "Whether the server takes requests",
    ),
    Route::read(
        "/health",
        Access::Key,
        Door::Health,
        "Version, uptime, guarantee and state of every operation",
    ),
    Route::read(
        "/metrics",
        Access::KeyOrLoopback,
        Door::Metrics,
        "Metrics for Prometheus",
    ),
    Route::read(
        "/openapi.json",
        Access::Open,
        Door::OpenApi,
        "This description",
    ),
    Route::read("/docs", Access::Open, Door::Docs, "The same for people"),
    Route::read(
        "/api/catalogue",
        Access::Key,
        Door::Catalogue,
        "Every category",
    ),
    Route::read(
        "/api/catalogue/{category}",
        Access::Key,
        Door::CatalogueCategory,
        "One category",
    ),
    Route::read(
        "/api/catalogue/{category}/{operation}",
        Access::Key,
        Door::CatalogueOperation,
        "One operation: parameters, providers, guarantee",
    ),
    Route::read(
        "/api/quotas",
        Access::Key,
        Door::Quotas,
        "What is left of every provider's quotas",
    ),
    Route {
        pattern: "/api/{category}/{operation}",
        fixed: fixed("/api/{category}/{operation}"),
        methods: &["GET", "HEAD", "POST"],
        allow: "GET, HEAD, POST, OPTIONS",
        access: Access::Key,
        door: Door::Data,
        summary: "An operation of the catalogue",
    },
    Route::ask(
        "/v1/chat/completions",
        ai::Door::Chat,
        "OpenAI's chat completions",
    ),
    Route::ask(
        "/v1/responses",
        ai::Door::Responses,
        "OpenAI's responses; none is kept",
    ),
    Route::ask(
        "/v1/completions",
        ai::Door::Completions,
        "OpenAI's older completions",
    ),
    Route::ask("/v1/messages", ai::Door::Messages, "Anthropic's messages"),
    Route::post(
        "/v1/messages/count_tokens",
        Door::CountTokens,
        "How long a message is, by estimate",
    ),
    Route::ask("/v1/embeddings", ai::Door::Embeddings, "Vectors of texts"),
    Route::ask("/v1/audio/speech", ai::Door::Speech, "Texts read aloud"),
    Route::ask(
        "/v1/audio/transcriptions",
        ai::Door::Transcription,
        "Speech written down",
    ),
    Route::ask(
        "/v1/audio/translations",
        ai::Door::Translation,
        "Speech written down in English",
    ),
    Route::ask(
        "/v1/images/generations",
        ai::Door::Images,
        "Pictures from words",
    ),
    Route::ask(
        "/v1/moderations",
        ai::Door::Moderations,
        "What of a text is harmful",
    ),
    Route::ask(
        "/v1/rerank",
        ai::Door::Rerank,
        "Which texts answer a question best, as Cohere and Jina have it",
    ),
    Route::read(
        "/v1/models",
        Access::Key,
        Door::Models,
        "Every model that can be asked for now",
    ),
    Route::read("/v1/models/{*id}", Access::Key, Door::Model, "One model"),
    Route::proxy("/proxy/{provider}/{*path}"),
    Route::proxy("/proxy/{provider}"),
    Route::read("/", Access::Open, Door::Home, "Leads to the docs"),
];

/// One row of the table.
pub(crate) struct Route {
    /// The path; `{name}` is one segment, `{*name}` everything that is left.
    pub(crate) pattern: &'static str,
    /// What it begins with before its first name.
    fixed: &'static str,
    pub(crate) methods: &'static [&'static str],
    /// The same as the value of `Allow`.
    pub(crate) allow: &'static str,
    pub(crate) access: Access,
    pub(crate) door: Door,
    pub(crate) summary: &'static str,
}

/// Who may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody.
    Open,
    /// Whoever has a key.
    Key,
    /// Whoever has a key, and whoever asks from this machine without a proxy between.
    KeyOrLoopback,
}

/// What is behind a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    Live,
    Ready,
    Health,
    Metrics,
    OpenApi,
    Docs,
    Catalogue,
    CatalogueCategory,
    CatalogueOperation,
    Quotas,
    Data,
    /// A call to a model.
    Ask(ai::Door),
    CountTokens,
    Models,
    Model,
    Proxy,
    Home,
}

impl Door {
    /// Whether calls are answered here: what callers' limits count. Pages and lists are not limited, so that whoever is
    /// at a limit can still look what is left.
    pub(crate) fn is_for_calls(self) -> bool {
        match self {
            Self::Data | Self::Ask(_) | Self::Proxy => true,
            Self::Live
            | Self::Ready
            | Self::Health
            | Self::Metrics
            | Self::OpenApi
            | Self::Docs
            | Self::Catalogue
            | Self::CatalogueCategory
            | Self::CatalogueOperation
            | Self::CountTokens
            | Self::Models
            | Self::Model
            | Self::Quotas
            | Self::Home => false,
        }
    }
}

/// A route and what its pattern's names stand for.
pub(crate) struct Found<'path> {
    pub(crate) route: &'static Route,
    pub(crate) names: [&'path str; 2],
}

/// The route of a path.
pub(crate) fn find(path: &str) -> Option<Found<'_>> {
    let named = |route: &'static Route| {
        let after = route.fixed.len();
        let names = names(&route.pattern[after..], path.get(after..)?)?;
        Some(Found { route, names })
    };
    // Most rows begin otherwise, which a single character shows nearly always.
    let fits = |route: &&Route| {
        let fixed = route.fixed.as_bytes();
        path.as_bytes().get(fixed.len() - 1) == fixed.last() && path.as_bytes().starts_with(fixed)
    };
    ROUTES.iter().filter(fits).find_map(named)
}

/// What a pattern begins with before its first name.
const fn fixed(pattern: &'static str) -> &'static str {
    let mut end = 0;
    while end < pattern.len() && pattern.as_bytes()[end] != b'{' {
        end += 1;
    }
    pattern.split_at(end).0
}

/// What the pattern's names stand for in the path, if it fits: of both, what follows after all that is fixed.
fn names<'path>(pattern: &str, path: &'path str) -> Option<[&'path str; 2]> {
    let mut found = [""; 2];
    let mut free = found.iter_mut();
    let (mut rest, mut expected) = (path, pattern);
    loop {
        let (expectation, more_expected) = first_segment(expected);
        if expectation.starts_with("{*") {
            *free.next()? = rest;
            return Some(found);
        }
        let (segment, more) = first_segment(rest);
        match expectation.starts_with('{') {
            true if segment.is_empty() => return None,
            true => *free.next()? = segment,
            false if segment != expectation => return None,
            false => {}
        }
        match (more_expected, more) {
            (Some(more_expected), Some(more)) => (expected, rest) = (more_expected, more),
            (None, None) => return Some(found),
            _ => return None,
        }
    }
}

/// A path's first segment, and what follows after its slash. Segments are short, so that a plain loop is fastest.
fn first_segment(path: &str) -> (&str, Option<&str>) {
    match path.bytes().position(|byte| byte == b'/') {
        Some(end) => (&path[..end], Some(&path[end + 1..])),
        None => (path, None),
    }
}

impl Route {
    const fn read(
        pattern: &'static str,
        access: Access,
        door: Door,
        summary: &'static str,
    ) -> Self {
        Self {
            pattern,
            fixed: fixed(pattern),
            methods: &["GET", "HEAD"],
            allow: "GET, HEAD, OPTIONS",
            access,
            door,
            summary,
        }
    }

    const fn ask(pattern: &'static str, door: ai::Door, summary: &'static str) -> Self {
        Self::post(pattern, Door::Ask(door), summary)
    }

    const fn post(pattern: &'static str, door: Door, summary: &'static str) -> Self {
        Self {
            pattern,
            fixed: fixed(pattern),
            methods: &["POST"],
            allow: "POST, OPTIONS",
            access: Access::Key,
            door,
            summary,
        }
    }

    const fn proxy(pattern: &'static str) -> Self {
        Self {
            pattern,
            fixed: fixed(pattern),
            methods: &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
            allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
            access: Access::Key,
            door: Door::Proxy,
            summary: "A call to a provider as it is; the credential is added here",
        }
    }

    /// Where it stands in the table.
    pub(crate) fn place(&self) -> usize {
        let here = |route: &Route| std::ptr::eq(route, self);
        ROUTES.iter().position(here).unwrap_or(ROUTES.len())
    }

    /// Whether a request's body means something here.
    pub(crate) fn takes_body(&self) -> bool {
        matches!(self.door, Door::Data | Door::Proxy) || self.is_for_models()
    }

    /// Whether models are asked here, with pictures and recordings.
    pub(crate) fn is_for_models(&self) -> bool {
        matches!(self.door, Door::Ask(_) | Door::CountTokens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(path: &str) -> Option<&'static str> {
        find(path).map(|found| found.route.pattern)
    }

    #[test]
    fn fixed_words_go_before_names() {
        assert_eq!(pattern("/api/catalogue"), Some("/api/catalogue"));
        assert_eq!(
            pattern("/api/catalogue/weather"),
            Some("/api/catalogue/{category}")
        );
        assert_eq!(
            pattern("/api/weather/current"),
            Some("/api/{category}/{operation}")
        );
        assert_eq!(pattern("/api/quotas"), Some("/api/quotas"));
        assert_eq!(pattern("/health"), Some("/health"));
        assert_eq!(pattern("/health/live"), Some("/health/live"));
        assert_eq!(pattern("/"), Some("/"));
    }

    #[test]
    fn names_are_taken_as_they_are() {
        assert_eq!(
            find("/api/weather/current").unwrap().names,
            ["weather", "current"]
        );
        assert_eq!(
            find("/proxy/nager/api/v3/x%2Fy/").unwrap().names,
            ["nager", "api/v3/x%2Fy/"]
        );
        assert_eq!(find("/proxy/nager/").unwrap().names, ["nager", ""]);
    }

    #[test]
    fn everything_else_is_nowhere() {
        for path in [
            "",
            "*",
            "/api",
            "/api/",
            "/api/weather",
            "/api/weather/",
            "/api//current",
            "/api/a/b/c",
            "/docs/",
            "/Health",
        ] {
            assert_eq!(pattern(path), None, "{path}");
        }
    }

    #[test]
    fn the_methods_are_said_twice_alike() {
        for route in &ROUTES {
            let said: Vec<_> = route
                .allow
                .split(", ")
                .filter(|method| *method != "OPTIONS")
                .collect();
            let listed: Vec<_> = route
                .methods
                .iter()
                .copied()
                .filter(|method| *method != "OPTIONS")
                .collect();
            assert_eq!(said, listed, "{}", route.pattern);
        }
    }
}
