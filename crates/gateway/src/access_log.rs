//! One line per request, under the target `guichet::access`.
//!
//! The lines look like those of the program's log, as text or JSON, but are put together here: a request that is
//! answered from memory has no time for a general logger.
//!
//! **Invariant:** no query string, no header, no body, no key; of the path only the route's pattern.

use std::cell::RefCell;
use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use guichet_access::Principal;
use guichet_engine::answer::Served;
use guichet_engine::outcome::Attempt;
use http::{Method, StatusCode};

use crate::codes::Code;
use crate::reply::Story;
use crate::visit::Visit;

/// Where the lines go, and how they look. Cheap to clone.
#[derive(Clone)]
pub struct AccessLog {
    format: LineFormat,
    take: Take,
}

type Take = Arc<dyn Fn(&[u8]) + Send + Sync>;

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineFormat {
    /// `2026-11-22T10:00:00.000000Z  INFO guichet::access: method="GET" status=200 …`
    Text,
    /// A JSON object.
    Json,
}

impl AccessLog {
    /// `take` gets each line, its end included, and must not block.
    pub fn new(format: LineFormat, take: impl Fn(&[u8]) + Send + Sync + 'static) -> Self {
        Self {
            format,
            take: Arc::new(take),
        }
    }

    /// Writes the line of a request.
    pub(crate) fn write(&self, request: &Told<'_>) {
        thread_local! {
            static LINE: RefCell<(Clock, String)> = RefCell::default();
        }
        LINE.with_borrow_mut(|(clock, text)| {
            text.clear();
            let mut line = Line::begin(self.format, text, clock);
            request.tell(&mut line);
            line.end();
            (self.take)(text.as_bytes());
        });
    }
}

impl fmt::Debug for AccessLog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "AccessLog({:?})", self.format)
    }
}

/// What is told of a request.
pub(crate) struct Told<'a> {
    pub(crate) visit: &'a Visit,
    pub(crate) route: &'static str,
    pub(crate) status: StatusCode,
    pub(crate) took: Duration,
    pub(crate) principal: Option<&'a Principal>,
    pub(crate) story: &'a Story,
}

impl Told<'_> {
    fn tell(&self, line: &mut Line<'_>) {
        let Self {
            visit,
            route,
            status,
            took,
            principal,
            story,
        } = self;
        line.text("method", method(&visit.head.method));
        line.text("route", route);
        line.number("status", status.as_u16().into());
        line.number("ms", u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        line.text("request_id", &visit.request_id);
        if let Some(principal) = principal {
            line.text("organization", principal.organization.as_str());
            line.text("project", principal.project.as_str());
            line.text("key", principal.key.as_str());
        }
        if let Some(operation) = &story.operation {
            line.text("category", &operation.id.category);
            line.text("operation", &operation.id.name);
        }
        if let Some(served) = story.served.map(Served::as_str) {
            line.text("served", served);
        }
        if let Some(provider) = &story.provider {
            line.text("provider", provider);
        }
        if let Some(code) = story.refused.map(Code::as_str) {
            line.text("code", code);
        }
        if !story.attempts.is_empty() {
            line.text("attempts", &summary(&story.attempts));
        }
    }
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
fn summary(attempts: &[Attempt]) -> String {
    let one = |attempt: &Attempt| format!("{}:{}", attempt.provider, attempt.class);
    attempts.iter().map(one).collect::<Vec<_>>().join(",")
}

/// A line being written.
struct Line<'a> {
    format: LineFormat,
    text: &'a mut String,
}

impl<'a> Line<'a> {
    fn begin(format: LineFormat, text: &'a mut String, clock: &mut Clock) -> Self {
        match format {
            LineFormat::Text => {
                clock.write(text);
                text.push_str("  INFO guichet::access:");
            }
            LineFormat::Json => {
                text.push_str("{\"timestamp\":\"");
                clock.write(text);
                text.push_str("\",\"level\":\"INFO\",\"target\":\"guichet::access\"");
            }
        }
        Self { format, text }
    }

    fn name(&mut self, name: &str) {
        match self.format {
            LineFormat::Text => {
                self.text.push(' ');
                self.text.push_str(name);
                self.text.push('=');
            }
            LineFormat::Json => {
                self.text.push_str(",\"");
                self.text.push_str(name);
                self.text.push_str("\":");
            }
        }
    }

    fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        self.text.push('"');
        if value.bytes().all(is_plain) {
            self.text.push_str(value);
        } else {
            // Both formats take JSON's way of writing what is no plain character.
            let escaped = serde_json::to_string(value).unwrap_or_default();
            let inner = escaped.get(1..escaped.len().saturating_sub(1));
            self.text.push_str(inner.unwrap_or_default());
        }
        self.text.push('"');
    }

    fn number(&mut self, name: &str, value: u64) {
        self.name(name);
        // A string takes everything.
        let _written = write!(self.text, "{value}");
    }

    fn end(self) {
        self.text.push_str(match self.format {
            LineFormat::Text => "\n",
            LineFormat::Json => "}\n",
        });
    }
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'
}

/// Writes the time of day. The part that changes only each second is kept.
#[derive(Default)]
struct Clock {
    second: Option<u64>,
    text: String,
}

impl Clock {
    fn write(&mut self, line: &mut String) {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        if self.second != Some(now.as_secs()) {
            self.second = Some(now.as_secs());
            let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
            let whole = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX);
            self.text = whole.to_string();
            // The `Z` follows after the fraction.
            self.text.pop();
        }
        line.push_str(&self.text);
        // A string takes everything.
        let _written = write!(line, ".{:06}Z", now.subsec_micros());
    }
}

#[cfg(test)]
mod tests {
    use guichet_engine::outcome::Class;

    use super::*;

    fn line(format: LineFormat) -> String {
        let mut text = String::new();
        let mut line = Line::begin(format, &mut text, &mut Clock::default());
        line.text("method", "GET");
        line.number("status", 200);
        line.text("request_id", "a\"b");
        line.end();
        text
    }

    #[test]
    fn a_line_of_text_looks_like_those_of_the_log() {
        let line = line(LineFormat::Text);
        let (time, rest) = line.split_at(27);
        assert!(time.parse::<jiff::Timestamp>().is_ok(), "{line}");
        assert_eq!(
            rest,
            "  INFO guichet::access: method=\"GET\" status=200 request_id=\"a\\\"b\"\n"
        );
    }

    #[test]
    fn a_line_of_json_is_one_object() {
        let value: serde_json::Value = serde_json::from_str(&line(LineFormat::Json)).unwrap();
        assert_eq!(value["target"], "guichet::access");
        assert_eq!(value["status"], 200);
        assert_eq!(value["request_id"], "a\"b");
        let time = value["timestamp"].as_str().unwrap();
        assert!(time.parse::<jiff::Timestamp>().is_ok(), "{time}");
    }

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
        assert_eq!(summary(&attempts), "met-no:rate_limited,open-meteo:ok");
    }
}
