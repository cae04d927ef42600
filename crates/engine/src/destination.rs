//! Where a request goes: a URL, and what sending to it needs, read out of it once however often it is used.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;
use std::sync::Arc;

use http::{HeaderValue, Uri};
use url::Url;

/// A URL to which requests are sent. Clones share everything.
#[derive(Clone)]
pub struct Destination(Arc<Parts>);

struct Parts {
    url: Url,
    wire: Option<Wire>,
}

/// What of a URL goes over the wire.
pub(crate) struct Wire {
    /// The whole of it.
    pub(crate) uri: Uri,
    /// Path and query alone, as HTTP/1.1 has them in its first line.
    pub(crate) path: Uri,
    /// The header in which HTTP/1.1 names the host.
    pub(crate) host: HeaderValue,
    /// What decides over which connection it can go: scheme, host and port.
    pub(crate) origin: Arc<str>,
}

impl Destination {
    /// What goes over the wire; none where the URL is nothing that HTTP can send.
    pub(crate) fn wire(&self) -> Option<&Wire> {
        self.0.wire.as_ref()
    }
}

impl From<Url> for Destination {
    fn from(url: Url) -> Self {
        let wire = Wire::of(&url);
        Self(Arc::new(Parts { url, wire }))
    }
}

impl FromStr for Destination {
    type Err = url::ParseError;

    fn from_str(text: &str) -> Result<Self, url::ParseError> {
        Url::parse(text).map(Self::from)
    }
}

impl Deref for Destination {
    type Target = Url;

    fn deref(&self) -> &Url {
        &self.0.url
    }
}

/// A URL may hold a secret in its query, so no more than its host prints.
impl fmt::Debug for Destination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Destination({:?})", self.host_str())
    }
}

impl Wire {
    fn of(url: &Url) -> Option<Self> {
        let uri = Uri::try_from(url.as_str()).ok()?;
        let authority = uri.authority()?.as_str();
        let host = authority
            .rsplit_once('@')
            .map_or(authority, |(_, host)| host);
        let path = uri.path_and_query().cloned();
        Some(Self {
            path: path.map_or_else(|| Uri::from_static("/"), Uri::from),
            host: HeaderValue::from_str(host).ok()?,
            origin: format!("{}://{authority}", uri.scheme_str()?).into(),
            uri,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(url: &str) -> Destination {
        url.parse().unwrap()
    }

    #[test]
    fn what_goes_over_the_wire_is_read_out_of_the_url() {
        let destination = destination("https://Example.ORG:8443/v1/a%20b?q=1&r");
        let wire = destination.wire().unwrap();
        assert_eq!(wire.path, "/v1/a%20b?q=1&r");
        assert_eq!(wire.host, "example.org:8443");
        assert_eq!(&*wire.origin, "https://example.org:8443");
        assert_eq!(wire.uri, "https://example.org:8443/v1/a%20b?q=1&r");
        assert_eq!(destination.path(), "/v1/a%20b");
    }

    #[test]
    fn a_url_without_a_host_cannot_be_sent_to() {
        assert!(destination("data:text/plain,x").wire().is_none());
    }

    #[test]
    fn a_secret_in_a_query_is_not_printed() {
        let printed = format!("{:?}", destination("https://example.org/?key=secret"));
        assert_eq!(printed, "Destination(Some(\"example.org\"))");
    }
}
