//! The proxy door: any call to a provider as it is. The engine adds the credential and keeps quota, breaker and log.
//!
//! **Invariant:** only headers on the two lists below pass; no credential passes in either direction.

use guichet_access::Principal;
use guichet_catalogue::model::{Catalogue, Provider};
use guichet_catalogue::suggest::nearest;
use guichet_engine::ProxyCall;
use guichet_engine::transport::UpstreamResponse;
use http::header::{
    ACCEPT, ACCEPT_LANGUAGE, ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LANGUAGE,
    CONTENT_RANGE, CONTENT_TYPE, ETAG, EXPIRES, HeaderName, IF_MATCH, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, LAST_MODIFIED, LINK, RANGE, RETRY_AFTER, VARY,
};
use http::{HeaderMap, StatusCode};

use crate::codes::Code;
use crate::gateway::Gateway;
use crate::limits;
use crate::problem::Problem;
use crate::reply::{Reply, Response, Story, set_header};
use crate::visit::Visit;

/// What a provider may be told.
const INWARD: [HeaderName; 11] = [
    ACCEPT,
    ACCEPT_LANGUAGE,
    CONTENT_LANGUAGE,
    CONTENT_TYPE,
    IF_MATCH,
    IF_MODIFIED_SINCE,
    IF_NONE_MATCH,
    IF_RANGE,
    IF_UNMODIFIED_SINCE,
    RANGE,
    HeaderName::from_static("idempotency-key"),
];

/// What a caller may be told.
const OUTWARD: [HeaderName; 13] = [
    ACCEPT_RANGES,
    CACHE_CONTROL,
    CONTENT_DISPOSITION,
    CONTENT_LANGUAGE,
    CONTENT_RANGE,
    CONTENT_TYPE,
    ETAG,
    EXPIRES,
    LAST_MODIFIED,
    LINK,
    RETRY_AFTER,
    VARY,
    HeaderName::from_static("ratelimit"),
];

/// Names of the headers in which providers tell what is left.
const RATE_LIMITS: [&str; 3] = ["ratelimit-", "x-ratelimit-", "x-rate-limit-"];

const X_GUICHET_PROVIDER: HeaderName = HeaderName::from_static("x-guichet-provider");

/// Answers one call.
pub(crate) async fn answer(
    gateway: &Gateway,
    visit: &Visit,
    principal: &Principal,
    provider: &str,
    path: &str,
) -> Result<Reply, Problem> {
    let catalogue = gateway.shared.engine.catalogue();
    let provider = find(&catalogue, provider)?;
    if provider.models.is_some() {
        limits::check_countable(principal)?;
    }
    let call = ProxyCall {
        provider: provider.id.clone(),
        method: visit.head.method.clone(),
        path_and_query: path_and_query(path, visit.head.uri.query())?,
        headers: only(&visit.head.headers, |name| INWARD.contains(name)),
        body: visit.body.clone(),
        caller: visit.caller(principal),
    };
    let upstream = gateway.shared.engine.proxy(call).await?;
    let story = Story {
        provider: Some(provider.id.clone()),
        ..Story::default()
    };
    Ok(Reply {
        response: told(upstream, &provider.id),
        story,
    })
}

fn find<'catalogue>(
    catalogue: &'catalogue Catalogue,
    id: &str,
) -> Result<&'catalogue Provider, Problem> {
    let Some(provider) = catalogue.providers.get(id) else {
        let names = catalogue
            .providers
            .values()
            .filter(|provider| !provider.is_local())
            .map(|provider| &*provider.id);
        let problem = Problem::new(Code::UnknownProvider, "/api/catalogue names every provider");
        return Err(problem.with_nearest(nearest(id, names)));
    };
    if provider.is_local() {
        let detail = "this provider is computed here; there is no server to call";
        return Err(Problem::new(Code::UnknownProvider, detail));
    }
    Ok(provider)
}

/// A path that climbs (`..`) could leave the part of the host that the provider's base URL names.
fn path_and_query(path: &str, query: Option<&str>) -> Result<String, Problem> {
    let climbs = |segment: &str| {
        matches!(
            segment.to_ascii_lowercase().replace("%2e", ".").as_str(),
            "." | ".."
        )
    };
    if path.split(['/', '\\']).any(climbs) {
        return Err(Problem::new(
            Code::MalformedUrl,
            "a path may not hold the segments `.` and `..`",
        ));
    }
    Ok(match query {
        Some(query) => format!("/{path}?{query}"),
        None => format!("/{path}"),
    })
}

fn only(headers: &HeaderMap, passes: impl Fn(&HeaderName) -> bool) -> HeaderMap {
    let passing = headers.iter().filter(|(name, _)| passes(name));
    let mut kept = HeaderMap::new();
    for (name, value) in passing {
        kept.append(name, value.clone());
    }
    kept
}

fn passes_outward(name: &HeaderName) -> bool {
    OUTWARD.contains(name)
        || RATE_LIMITS
            .iter()
            .any(|prefix| name.as_str().starts_with(prefix))
}

fn told(upstream: UpstreamResponse, provider: &str) -> Response {
    let mut response = Response::new(upstream.body.into());
    *response.status_mut() =
        StatusCode::from_u16(upstream.status).unwrap_or(StatusCode::BAD_GATEWAY);
    *response.headers_mut() = only(&upstream.headers, passes_outward);
    set_header(&mut response, X_GUICHET_PROVIDER, provider);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(names: &[&'static str]) -> HeaderMap {
        names
            .iter()
            .map(|name| (HeaderName::from_static(name), "v".parse().unwrap()))
            .collect()
    }

    fn names(headers: &HeaderMap) -> Vec<&str> {
        headers.keys().map(HeaderName::as_str).collect()
    }

    #[test]
    fn no_credential_and_no_hop_by_hop_header_goes_in() {
        let sent = headers(&[
            "authorization",
            "x-api-key",
            "cookie",
            "connection",
            "te",
            "host",
            "accept",
            "x-forwarded-for",
        ]);
        assert_eq!(
            names(&only(&sent, |name| INWARD.contains(name))),
            ["accept"]
        );
    }

    #[test]
    fn no_cookie_and_no_address_comes_out() {
        let sent = headers(&[
            "set-cookie",
            "location",
            "transfer-encoding",
            "server",
            "etag",
            "x-ratelimit-remaining",
        ]);
        assert_eq!(
            names(&only(&sent, passes_outward)),
            ["etag", "x-ratelimit-remaining"]
        );
    }

    #[test]
    fn a_path_is_handed_on_as_it_is_unless_it_climbs() {
        assert_eq!(
            path_and_query("v1/a%2Fb", Some("x=1&x=2")).unwrap(),
            "/v1/a%2Fb?x=1&x=2"
        );
        assert_eq!(path_and_query("", None).unwrap(), "/");
        for path in ["a/../b", "..", "%2e%2E/x", ".%2e", "a/./b", "a\\..\\b"] {
            assert_eq!(
                path_and_query(path, None).unwrap_err().code,
                Code::MalformedUrl,
                "{path}"
            );
        }
    }
}
