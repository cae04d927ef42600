//! What proxies write into a request about the one they pass on: `X-Forwarded-…` and `Forwarded` (RFC 7239).
//!
//! Nothing here decides whether it is true: that is for [`TrustedProxies`](crate::TrustedProxies).

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use http::header::FORWARDED;

/// What one proxy says of the request that it got.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Hop {
    /// Who asked it; none where that is unknown or hidden.
    pub(crate) client: Option<IpAddr>,
    /// `http` or `https`.
    pub(crate) scheme: Option<String>,
    /// The host that it was asked for.
    pub(crate) host: Option<String>,
}

/// The addresses of `X-Forwarded-For`, the nearest proxy's last. None without the header; an item that is no address
/// is one that nobody knows.
pub(crate) fn x_forwarded_for(headers: &HeaderMap) -> Option<Vec<Option<IpAddr>>> {
    let items = listed(headers, "x-forwarded-for")?;
    Some(items.iter().map(|item| address(item)).collect())
}

/// The last item of a list that proxies append to: what the nearest one wrote.
pub(crate) fn nearest(headers: &HeaderMap, name: &str) -> Option<String> {
    listed(headers, name)?.pop()
}

/// The elements of `Forwarded`, the nearest proxy's last. None without the header.
pub(crate) fn forwarded(headers: &HeaderMap) -> Option<Vec<Hop>> {
    let elements = listed(headers, FORWARDED.as_str())?;
    Some(elements.iter().map(|element| hop(element)).collect())
}

/// The items of a header that may stand in several lines, in order.
fn listed(headers: &HeaderMap, name: &str) -> Option<Vec<String>> {
    let mut items = Vec::new();
    for line in headers.get_all(name) {
        // A line that is no text still counts: what was before it is not the nearest.
        let text = line.to_str().unwrap_or("?");
        items.extend(split(text, ',').map(str::to_owned));
    }
    (!items.is_empty()).then_some(items)
}

fn hop(element: &str) -> Hop {
    let mut hop = Hop::default();
    for pair in split(element, ';') {
        let Some((name, value)) = pair.split_once('=') else {
            continue;
        };
        let value = value.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "for" => hop.client = address(value),
            "proto" => hop.scheme = Some(value.to_owned()),
            "host" => hop.host = Some(value.to_owned()),
            _ => {}
        }
    }
    hop
}

/// The parts between marks that do not stand within quotes.
fn split(text: &str, mark: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let parts = text.split(move |letter| {
        quoted ^= letter == '"';
        letter == mark && !quoted
    });
    parts.map(str::trim)
}

/// An address, with or without a port: `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    let without_port = || text.parse::<SocketAddr>().map(|address| address.ip());
    let address = bare.parse().or_else(|_| without_port()).ok()?;
    Some(IpAddr::to_canonical(&address))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(name: &'static str, lines: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name, HeaderValue::from_static(line));
        }
        headers
    }

    #[test]
    fn addresses_are_read_in_every_spelling_over_several_lines() {
        let headers = headers(
            "x-forwarded-for",
            &["192.0.2.1, 192.0.2.2:4711", "[2001:db8::1]:80,unknown"],
        );
        let read = x_forwarded_for(&headers).unwrap();
        let shown: Vec<String> = read
            .iter()
            .map(|address| address.map_or_else(|| "–".into(), |address| address.to_string()))
            .collect();
        assert_eq!(shown, ["192.0.2.1", "192.0.2.2", "2001:db8::1", "–"]);
    }

    #[test]
    fn an_address_of_the_old_family_is_the_same_in_the_new_ones_clothes() {
        assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
    }

    #[test]
    fn elements_are_read_with_their_quotes_and_hidden_names_stay_hidden() {
        let headers = headers(
            "forwarded",
            &[
                "for=_hidden;by=\"a,b;c\", For=\"[2001:db8::1]:4711\"; Proto=https ;host=\"api.example.com:8443\"",
            ],
        );
        let hops = forwarded(&headers).unwrap();
        assert_eq!(hops.len(), 2, "{hops:?}");
        assert_eq!(hops[0], Hop::default());
        assert_eq!(hops[1].client, "2001:db8::1".parse().ok());
        assert_eq!(hops[1].scheme.as_deref(), Some("https"));
        assert_eq!(hops[1].host.as_deref(), Some("api.example.com:8443"));
    }

    #[test]
    fn without_the_header_nothing_is_said() {
        assert_eq!(x_forwarded_for(&HeaderMap::new()), None);
        assert_eq!(forwarded(&HeaderMap::new()), None);
    }
}
