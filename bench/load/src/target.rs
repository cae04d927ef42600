//! What is sent: one request, or a series of requests whose URLs or bodies differ.

use std::cell::Cell;
use std::fmt::Write;
use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper::{HeaderMap, Method, Request, Uri};

/// Points of the grid along a parallel and along a meridian, 0.1 degrees apart.
const GRID: (u64, u64) = (3600, 1600);
/// The grid's first point, in tenths of a degree; the poles are left out.
const GRID_ORIGIN: (i64, i64) = (-1800, -800);

/// The server and the requests it gets.
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    /// Whether answers are streams of events.
    pub(crate) streams: bool,
    path: Path,
    method: Method,
    headers: HeaderMap,
    body: Body,
    /// What the counter begins with.
    first: u64,
    sent: Cell<u64>,
}

enum Path {
    Same(Uri),
    Varied(String),
}

enum Body {
    Same(Bytes),
    Varied(String),
}

impl Target {
    pub(crate) fn new(
        url: &str,
        headers: &[String],
        body: Option<&str>,
        vary_from: Option<u64>,
        streams: bool,
    ) -> Result<Self, String> {
        let rest = url.strip_prefix("http://").ok_or("only http:// URLs")?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let address = authority
            .parse()
            .map_err(|_| format!("{authority} is not IP:PORT"))?;
        let varies = |template: &str| vary_from.is_some() && template.contains('{');
        let path = if varies(path) {
            Path::Varied(path.to_owned())
        } else {
            Path::Same(parse_path(path)?)
        };
        let text = body.unwrap_or_default();
        Ok(Self {
            address,
            streams,
            path,
            method: body.map_or(Method::GET, |_| Method::POST),
            headers: header_map(authority, headers, body.is_some())?,
            body: if varies(text) {
                Body::Varied(text.to_owned())
            } else {
                Body::Same(Bytes::from(text.to_owned()))
            },
            first: vary_from.unwrap_or_default(),
            sent: Cell::new(0),
        })
    }

    /// How many requests were made, warm-up included.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.get()
    }

    /// The next request.
    pub(crate) fn request(&self) -> Result<Request<Full<Bytes>>, String> {
        let index = self.sent.get();
        self.sent.set(index + 1);
        let counter = self.first + index;
        let body = match &self.body {
            Body::Same(body) => body.clone(),
            Body::Varied(template) => filled(template, counter).into(),
        };
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = match &self.path {
            Path::Same(uri) => uri.clone(),
            Path::Varied(template) => parse_path(&filled(template, counter))?,
        };
        request.headers_mut().clone_from(&self.headers);
        Ok(request)
    }
}

fn parse_path(path: &str) -> Result<Uri, String> {
    path.parse().map_err(|error| format!("{path}: {error}"))
}

fn header_map(host: &str, lines: &[String], has_body: bool) -> Result<HeaderMap, String> {
    let value = |text: &str| HeaderValue::from_str(text).map_err(|error| error.to_string());
    let mut headers = HeaderMap::from_iter([(HOST, value(host)?)]);
    if has_body {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for line in lines {
        let (name, text) = line
            .split_once(':')
            .ok_or_else(|| format!("{line} is not `name: value`"))?;
        let name = HeaderName::try_from(name.trim()).map_err(|error| error.to_string())?;
        headers.insert(name, value(text.trim())?);
    }
    Ok(headers)
}

/// The template with its placeholders replaced.
fn filled(template: &str, counter: u64) -> String {
    let mut text = String::with_capacity(template.len() + 8);
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        // Writing to a string cannot fail.
        if let Some(after) = rest.strip_prefix("{n}") {
            let _ = write!(text, "{counter}");
            rest = after;
        } else if let Some(after) = rest.strip_prefix("{lat}") {
            push_tenths(&mut text, GRID_ORIGIN.1, (counter / GRID.0) % GRID.1);
            rest = after;
        } else if let Some(after) = rest.strip_prefix("{lon}") {
            push_tenths(&mut text, GRID_ORIGIN.0, counter % GRID.0);
            rest = after;
        } else {
            text.push('{');
            rest = &rest[1..];
        }
    }
    text.push_str(rest);
    text
}

/// Appends `origin` + `steps` tenths as a decimal.
fn push_tenths(path: &mut String, origin: i64, steps: u64) {
    let tenths = origin.saturating_add_unsigned(steps);
    let sign = if tenths < 0 { "-" } else { "" };
    let (whole, tenth) = (tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10);
    let _ = write!(path, "{sign}{whole}.{tenth}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_replaced_and_other_braces_kept() {
        assert_eq!(filled("/a/{n}?b={n}&c={x}", 7), "/a/7?b=7&c={x}");
        assert_eq!(filled("/?lat={lat}&lon={lon}", 0), "/?lat=-80.0&lon=-180.0");
        assert_eq!(
            filled("/?lat={lat}&lon={lon}", 1795),
            "/?lat=-80.0&lon=-0.5"
        );
        assert_eq!(
            filled("/?lat={lat}&lon={lon}", 3600 * 801 + 1801),
            "/?lat=0.1&lon=0.1"
        );
    }

    #[test]
    fn every_point_of_the_grid_differs() {
        let points: std::collections::HashSet<_> =
            (0..100_000).map(|n| filled("{lat},{lon}", n)).collect();
        assert_eq!(points.len(), 100_000);
    }

    #[test]
    fn requests_carry_the_headers_and_count() {
        let headers = ["Authorization: Bearer k".to_owned()];
        let url = "http://127.0.0.1:9/x?n={n}";
        let target = Target::new(url, &headers, None, Some(5), false).unwrap();
        assert_eq!(target.request().unwrap().uri(), "/x?n=5");
        let second = target.request().unwrap();
        assert_eq!(second.uri(), "/x?n=6");
        assert_eq!(second.headers()["authorization"], "Bearer k");
        assert_eq!(second.headers()["host"], "127.0.0.1:9");
        assert_eq!(target.sent(), 2);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn bodies_differ_too() {
        use http_body_util::BodyExt;

        let body = r#"{"seed":{n}}"#;
        let target = Target::new("http://127.0.0.1:9/x", &[], Some(body), Some(7), true).unwrap();
        for expected in [r#"{"seed":7}"#, r#"{"seed":8}"#] {
            let request = target.request().unwrap();
            assert_eq!(request.method(), Method::POST);
            let sent = request.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(sent, expected);
        }
    }
}
