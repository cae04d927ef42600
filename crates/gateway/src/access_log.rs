//! One line per request, under the target `guichet::access`.
//!
//! The lines look like those of the program's log, as text or JSON, but are put together here: a request that is
//! answered from memory has no time for a general logger.
//!
//! **Invariant:** no query string, no header, no body, no key; of the path only the route's pattern.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use guichet_access::Principal;
use guichet_catalogue::model::OperationId;
use guichet_engine::answer::Served;
use guichet_engine::outcome::Attempt;
use http::{Method, StatusCode};

use crate::codes::Code;
use crate::quoted;
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
            static DESK: RefCell<Desk> = RefCell::default();
        }
        DESK.with_borrow_mut(|desk| {
            desk.text.clear();
            let time = desk.clock.read(request.at());
            let mut line = Line::begin(self.format, &mut desk.text, time);
            request.tell(&mut line, &mut desk.callers);
            line.end();
            (self.take)(desk.text.as_bytes());
        });
    }
}

impl fmt::Debug for AccessLog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "AccessLog({:?})", self.format)
    }
}

/// A name as each format writes it, with what separates it from its neighbours.
struct Name {
    text: &'static str,
    json: &'static str,
}

macro_rules! name {
    ($name:literal) => {
        Name {
            text: concat!(" ", $name, "="),
            json: concat!(",\"", $name, "\":"),
        }
    };
}

/// What a thread has at hand to write its lines with.
#[derive(Default)]
struct Desk {
    clock: Clock,
    callers: Callers,
    text: String,
}

/// Some fields as both formats have them, written once.
#[derive(Debug)]
pub(crate) struct Fields {
    text: Box<str>,
    json: Box<str>,
}

impl Fields {
    fn of(tell: impl Fn(&mut Line<'_>)) -> Self {
        let write = |format| {
            let mut text = String::new();
            tell(&mut Line {
                format,
                text: &mut text,
            });
            text.into_boxed_str()
        };
        Self {
            text: write(LineFormat::Text),
            json: write(LineFormat::Json),
        }
    }

    /// The names of an operation.
    pub(crate) fn of_operation(id: &OperationId) -> Self {
        Self::of(|line| {
            line.text(&name!("category"), &id.category);
            line.text(&name!("operation"), &id.name);
        })
    }

    fn of_caller(principal: &Principal) -> Self {
        Self::of(|line| {
            line.text(&name!("organization"), principal.organization.as_str());
            line.text(&name!("project"), principal.project.as_str());
            line.text(&name!("key"), principal.key.as_str());
        })
    }
}

/// The latest callers, each in the place that its address in memory gives it.
#[derive(Default)]
struct Callers([Option<(Arc<Principal>, Fields)>; 8]);

impl Callers {
    fn fields(&mut self, principal: &Arc<Principal>) -> &Fields {
        /// Principals are at least that far from each other.
        const APART: usize = 64;
        let place = Arc::as_ptr(principal).addr() / APART % self.0.len();
        let slot = &mut self.0[place];
        let known = slot
            .take()
            .filter(|(known, _)| Arc::ptr_eq(known, principal));
        let (_, fields) = slot
            .insert(known.unwrap_or_else(|| (Arc::clone(principal), Fields::of_caller(principal))));
        fields
    }
}

/// What is told of a request.
pub(crate) struct Told<'a> {
    pub(crate) visit: &'a Visit,
    pub(crate) route: &'static str,
    pub(crate) status: StatusCode,
    pub(crate) took: Duration,
    pub(crate) principal: Option<&'a Arc<Principal>>,
    pub(crate) story: &'a Story,
}

impl Told<'_> {
    /// When the line is written: the time of day is read once per request, at its beginning.
    fn at(&self) -> Microseconds {
        let took = i64::try_from(self.took.as_micros()).unwrap_or(i64::MAX);
        self.visit.at.as_microsecond().saturating_add(took)
    }

    fn tell(&self, line: &mut Line<'_>, callers: &mut Callers) {
        let Self {
            visit,
            route,
            status,
            took,
            principal,
            story,
        } = self;
        line.word(&name!("method"), method(&visit.head.method));
        line.word(&name!("route"), route);
        line.number(&name!("status"), status.as_u16().into());
        line.number(
            &name!("ms"),
            u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        );
        line.word(&name!("request_id"), &visit.request_id);
        if let Some(principal) = principal {
            line.fields(callers.fields(principal));
        }
        if let Some(operation) = &story.operation {
            line.fields(&operation.fields);
        }
        if let Some(served) = story.served.map(Served::as_str) {
            line.word(&name!("served"), served);
        }
        if let Some(provider) = &story.provider {
            line.text(&name!("provider"), provider);
        }
        if let Some(code) = story.refused.map(Code::as_str) {
            line.word(&name!("code"), code);
        }
        if !story.attempts.is_empty() {
            line.text(&name!("attempts"), &summary(&story.attempts));
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
    let mut text = String::with_capacity(attempts.len() * 32);
    for attempt in attempts {
        if !text.is_empty() {
            text.push(',');
        }
        for part in [&attempt.provider, ":", attempt.class.as_str()] {
            text.push_str(part);
        }
    }
    text
}

/// A line being written.
struct Line<'a> {
    format: LineFormat,
    text: &'a mut String,
}

impl<'a> Line<'a> {
    fn begin(format: LineFormat, text: &'a mut String, time: &str) -> Self {
        let (before, after) = match format {
            LineFormat::Text => ("", "  INFO guichet::access:"),
            LineFormat::Json => (
                "{\"timestamp\":\"",
                "\",\"level\":\"INFO\",\"target\":\"guichet::access\"",
            ),
        };
        for part in [before, time, after] {
            text.push_str(part);
        }
        Self { format, text }
    }

    fn name(&mut self, name: &Name) {
        self.text.push_str(match self.format {
            LineFormat::Text => name.text,
            LineFormat::Json => name.json,
        });
    }

    /// Both formats take JSON's way of writing a text.
    fn text(&mut self, name: &Name, value: &str) {
        self.name(name);
        quoted::push(self.text, value);
    }

    /// A text that needs no escapes: one of our own, or a request id.
    fn word(&mut self, name: &Name, value: &str) {
        self.name(name);
        quoted::push_plain(self.text, value);
    }

    fn fields(&mut self, fields: &Fields) {
        self.text.push_str(match self.format {
            LineFormat::Text => &fields.text,
            LineFormat::Json => &fields.json,
        });
    }

    fn number(&mut self, name: &Name, value: u64) {
        self.name(name);
        quoted::push_number(self.text, value);
    }

    fn end(self) {
        self.text.push_str(match self.format {
            LineFormat::Text => "\n",
            LineFormat::Json => "}\n",
        });
    }
}

/// Since 1970.
type Microseconds = i64;

/// Writes the time of day. The part that changes only each second is kept.
struct Clock {
    second: i64,
    text: String,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            second: i64::MIN,
            text: String::new(),
        }
    }
}

impl Clock {
    /// `2026-11-22T10:00:00.000000Z`
    fn read(&mut self, at: Microseconds) -> &str {
        const SECOND: Microseconds = 1_000_000;
        let second = at.div_euclid(SECOND);
        if self.second != second {
            self.second = second;
            let whole = jiff::Timestamp::from_second(second).unwrap_or(jiff::Timestamp::MAX);
            self.text = whole.to_string();
        }
        self.text.truncate(WHOLE);
        let mut rest = at.rem_euclid(SECOND);
        let mut fraction = *b".000000Z";
        for digit in fraction[1..7].iter_mut().rev() {
            *digit += u8::try_from(rest % 10).unwrap_or(0);
            rest /= 10;
        }
        self.text
            .push_str(std::str::from_utf8(&fraction).unwrap_or("Z"));
        &self.text
    }
}

/// Characters of a time down to its second.
const WHOLE: usize = "2026-11-22T10:00:00".len();

#[cfg(test)]
mod tests {
    use guichet_engine::outcome::Class;

    use super::*;

    fn line(format: LineFormat) -> String {
        let mut text = String::new();
        let mut line = Line::begin(format, &mut text, "2026-11-22T10:00:00.000042Z");
        line.text(&name!("method"), "GET");
        line.number(&name!("status"), 200);
        line.text(&name!("request_id"), "a\"b");
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
    fn the_time_of_day_is_told_to_the_microsecond() {
        let mut clock = Clock::default();
        let told = |at: &str, clock: &mut Clock| {
            let at: jiff::Timestamp = at.parse().unwrap();
            clock.read(at.as_microsecond()).to_owned()
        };
        for time in [
            "2026-11-22T10:00:00.000042Z",
            "2026-11-22T10:00:00.999999Z",
            "2026-11-22T10:00:01.100000Z",
            "1969-12-31T23:59:59.500000Z",
        ] {
            assert_eq!(told(time, &mut clock), time);
        }
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
