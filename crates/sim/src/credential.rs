//! Whether a request carries a credential. What it is never leaves this module: only a mark that tells two apart.

use std::hash::{BuildHasher, RandomState};

use guichet_catalogue::model::Auth;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::request::Asked;

/// Takes the credential out of a request, so that it is compared and counted without; gives its mark.
pub(crate) fn take(
    auth: &Auth,
    headers: &HeaderMap,
    asked: &mut Asked,
    marks: &RandomState,
) -> Option<u64> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let scheme = |scheme: &str| {
        let (given, secret) = header(AUTHORIZATION.as_str())?.split_once(' ')?;
        given
            .eq_ignore_ascii_case(scheme)
            .then(|| secret.to_owned())
    };
    let secret = match auth {
        Auth::None | Auth::Path => None,
        Auth::Header { name, .. } => header(name).map(str::to_owned),
        Auth::Bearer { .. } | Auth::Oauth2Client { .. } => scheme("bearer"),
        Auth::Basic { .. } => scheme("basic"),
        Auth::Query { name, .. } => asked.take(name).pop(),
    };
    secret
        .filter(|secret| !secret.trim().is_empty())
        .map(|secret| marks.hash_one(secret))
}

/// Whether a request without a credential is refused. A path always holds something where its credential goes.
pub(crate) fn is_demanded(auth: &Auth) -> bool {
    !auth.works_without() && *auth != Auth::Path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_found_where_the_provider_wants_it_and_taken_out() {
        let marks = RandomState::new();
        let query = Auth::Query {
            name: "key".into(),
            optional: false,
        };
        let mut asked = Asked::read("GET", "/search?key=planted&q=x").unwrap();
        assert!(take(&query, &HeaderMap::new(), &mut asked, &marks).is_some());
        assert_eq!(asked, Asked::read("GET", "/search?q=x").unwrap());
        assert_eq!(take(&query, &HeaderMap::new(), &mut asked, &marks), None);
        let bearer = Auth::Bearer { optional: false };
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, "Basic abc".parse().unwrap());
        assert_eq!(take(&bearer, &headers, &mut asked, &marks), None);
        headers.insert(AUTHORIZATION, "bearer abc".parse().unwrap());
        assert!(take(&bearer, &headers, &mut asked, &marks).is_some());
    }
}
