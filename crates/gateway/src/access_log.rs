//! One event per request, under the target `guichet::access`.
//!
//! **Invariant:** no query string, no header, no body, no key; of the path only the route's pattern.

use std::fmt;
use std::time::Duration;

use guichet_access::Principal;
use guichet_engine::answer::Served;
use guichet_engine::outcome::Attempt;
use http::{Method, StatusCode};

use crate::reply::Story;
use crate::visit::Visit;

/// Writes the event.
pub(crate) fn write(
    visit: &Visit,
    route: &'static str,
    status: StatusCode,
    took: Duration,
    principal: Option<&Principal>,
    story: &Story,
) {
    tracing::info!(
        target: "guichet::access",
        method = method(&visit.head.method),
        route,
        status = status.as_u16(),
        ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        request_id = &*visit.request_id,
        organization = principal.map(|principal| principal.organization.as_str()),
        project = principal.map(|principal| principal.project.as_str()),
        key = principal.map(|principal| principal.key.as_str()),
        category = story.operation.as_ref().map(|(category, _)| &**category),
        operation = story.operation.as_ref().map(|(_, operation)| &**operation),
        served = story.served.map(Served::as_str),
        provider = story.provider.as_deref(),
        code = story.refused.map(crate::codes::Code::as_str),
        attempts = (!story.attempts.is_empty()).then(|| tracing::field::display(Summary(&story.attempts))),
    );
}

/// The methods that exist; a client may invent others, of any length.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// `met-no:rate_limited,open-meteo:ok`
struct Summary<'attempts>(&'attempts [Attempt]);

impl fmt::Display for Summary<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, attempt) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(formatter, "{comma}{}:{}", attempt.provider, attempt.class)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use guichet_engine::outcome::Class;

    use super::*;

    #[test]
    fn attempts_are_told_in_one_word_each() {
        let attempt = |provider: &str, class| Attempt {
            provider: provider.into(),
            class,
            status: None,
            took: Duration::ZERO,
            retry_at: None,
        };
        let attempts = [
            attempt("met-no", Class::RateLimited),
            attempt("open-meteo", Class::Ok),
        ];
        assert_eq!(
            Summary(&attempts).to_string(),
            "met-no:rate_limited,open-meteo:ok"
        );
    }
}
