//! Under which address this server was asked, for those who are to ask it again.
//!
//! **Invariant:** what comes out is a scheme and an authority, and nothing that could be more than that to a shell or
//! a page.

use std::net::IpAddr;

use http::header::HOST;
use http::request::Parts;

use crate::forwarded::{Hop, forwarded, nearest};
use crate::settings::Settings;

/// `http://localhost:8080`: as the request was addressed, or as a trusted proxy says that it was; the server's own
/// address where nothing of this can be used.
pub(crate) fn of(head: &Parts, peer: Option<IpAddr>, settings: &Settings) -> String {
    let told = match peer {
        Some(peer) if settings.trusted_proxies.covers(peer) => told(head),
        _ => Hop::default(),
    };
    let scheme = told
        .scheme
        .filter(|scheme| matches!(scheme.as_str(), "http" | "https"));
    let scheme = scheme.as_deref().unwrap_or("http");
    let host = told.host.filter(|host| is_plain(host));
    match host.or_else(|| asked(head)) {
        Some(host) => format!("{scheme}://{host}"),
        None => format!("http://{}", settings.address),
    }
}

/// What the nearest proxy says of the request that it passed on.
fn told(head: &Parts) -> Hop {
    let own = forwarded(&head.headers).and_then(|mut hops| hops.pop());
    let own = own.unwrap_or_default();
    Hop {
        scheme: nearest(&head.headers, "x-forwarded-proto").or(own.scheme),
        host: nearest(&head.headers, "x-forwarded-host").or(own.host),
        client: own.client,
    }
}

/// The host that the request names: an authority in its line holds over the header (RFC 9112, 3.2.2).
fn asked(head: &Parts) -> Option<String> {
    let host = match head.uri.authority() {
        Some(authority) => authority.as_str(),
        None => head.headers.get(HOST)?.to_str().ok()?,
    };
    is_plain(host).then(|| host.to_owned())
}

/// Whether a text is a host, perhaps with a port, and nothing else.
fn is_plain(host: &str) -> bool {
    /// Names have 253 bytes at the most; a port follows.
    const LONGEST: usize = 260;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    let whole = url::Url::parse(&format!("http://{host}/"));
    host.len() <= LONGEST
        && host.bytes().all(plain)
        && whole.is_ok_and(|url| url.has_host() && url.path() == "/")
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    /// The address by which a request of this peer was asked, behind a proxy at `10.0.0.1`.
    fn address(peer: &str, uri: &str, said: &[(&str, &str)]) -> String {
        let mut request = Request::get(uri);
        for (name, value) in said {
            request = request.header(*name, *value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        let settings = Settings {
            trusted_proxies: "10.0.0.1".parse().unwrap(),
            ..Settings::default()
        };
        of(&head, peer.parse().ok(), &settings)
    }

    #[test]
    fn a_request_is_answered_under_the_name_that_it_used() {
        let asked = |host| address("192.0.2.1", "/docs", &[("host", host)]);
        assert_eq!(asked("localhost:9090"), "http://localhost:9090");
        assert_eq!(asked("[::1]:9090"), "http://[::1]:9090");
        let second_version = address("192.0.2.1", "http://api.example.com/docs", &[]);
        assert_eq!(second_version, "http://api.example.com");
    }

    #[test]
    fn what_is_no_host_is_not_repeated() {
        for host in [
            "", "a b", "'; rm", "x$(id)", "<b>", "u@h", "h/p", "h:99999", "[::1", ":80",
        ] {
            let address = address("192.0.2.1", "/docs", &[("host", host)]);
            assert_eq!(address, "http://127.0.0.1:8080", "{host}");
        }
        let none = address("192.0.2.1", "/docs", &[]);
        assert_eq!(none, "http://127.0.0.1:8080");
    }

    #[test]
    fn a_trusted_proxy_tells_the_name_and_the_scheme() {
        let said = [
            ("host", "inside:8080"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "api.example.com"),
        ];
        assert_eq!(
            address("10.0.0.1", "/docs", &said),
            "https://api.example.com"
        );
        assert_eq!(address("10.0.0.2", "/docs", &said), "http://inside:8080");
        let said = [
            ("host", "inside"),
            (
                "forwarded",
                "for=x;host=evil, for=y;proto=https;host=api.example.com",
            ),
        ];
        assert_eq!(
            address("10.0.0.1", "/docs", &said),
            "https://api.example.com"
        );
        let said = [("host", "api.example.com"), ("x-forwarded-proto", "https")];
        assert_eq!(
            address("10.0.0.1", "/docs", &said),
            "https://api.example.com"
        );
        let said = [("host", "inside"), ("x-forwarded-proto", "javascript")];
        assert_eq!(address("10.0.0.1", "/docs", &said), "http://inside");
    }
}
