//! What is known of each provider: its recorded answers with the requests that lead to them, and its own errors.

use std::collections::BTreeMap;
use std::sync::Arc;

use guichet_catalogue::filter::{Input, Variables};
use guichet_catalogue::model::{Call, Catalogue, Class, Endpoint, Exchange, Http, Provider};
use guichet_catalogue::sample::{Recorded, RecordedAnswer, Sample};
use guichet_engine::read::Reading;
use guichet_engine::replay::{replay, response, seconds};
use guichet_engine::request::{Draft, Sender, parameters};
use jiff::Timestamp;
use serde_json::{Map, Value};
use url::Url;

use crate::alphabet::Fault;
use crate::request::{Asked, around, scalars};

/// Every provider that answers over HTTP, by id.
pub(crate) type Book = BTreeMap<Arc<str>, Recordings>;

/// One provider.
#[derive(Debug)]
pub(crate) struct Recordings {
    /// The provider.
    pub(crate) provider: Arc<Provider>,
    /// Its good answers, and those that say "no such thing" properly.
    pub(crate) pages: Vec<Page>,
    errors: Vec<OwnError>,
}

/// One recorded answer and the request that leads to it.
#[derive(Debug)]
pub(crate) struct Page {
    /// The sample: `current`, or `current#station` for the answer of a step.
    pub(crate) sample: String,
    /// Whether it is the sample that shows its operation.
    pub(crate) main: bool,
    /// Whether it says "no such thing", which is right for its own request only.
    pub(crate) empty: bool,
    /// The request.
    pub(crate) asked: Asked,
    /// Which segments of the path vary from call to call.
    pub(crate) free: Vec<bool>,
    /// Texts of the parameters and of what earlier steps gave.
    pub(crate) values: Vec<String>,
    /// The answer.
    pub(crate) kept: Kept,
    /// What the call costs in each of the provider's quotas.
    pub(crate) costs: Vec<f64>,
    operation: String,
    step: usize,
}

/// An answer and when it was given.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    /// The answer.
    pub(crate) answer: RecordedAnswer,
    /// The size of its body in bytes.
    pub(crate) size: usize,
    /// When it was recorded.
    pub(crate) at: Timestamp,
    /// Whether it is about a time that its request names, so that its dates do not move with the clock.
    pub(crate) dated: bool,
}

#[derive(Debug)]
struct OwnError {
    class: Class,
    kept: Kept,
}

/// Puts the samples of a catalogue in order. The error names the sample that cannot be used.
pub(crate) fn read(catalogue: &Catalogue, samples: &[Sample]) -> Result<Book, String> {
    let mut book: Book = catalogue
        .providers
        .values()
        .filter(|provider| !provider.is_local())
        .map(|provider| (Arc::clone(&provider.id), Recordings::new(provider)))
        .collect();
    for sample in samples {
        let unusable = |reason: String| format!("{}: {reason}", sample.file);
        let outcome = replay(catalogue, sample).map_err(unusable)?;
        let Some(recordings) = book.get_mut(sample.provider.as_str()) else {
            continue;
        };
        recordings.add(catalogue, sample, outcome.expected.class);
    }
    for recordings in book.values_mut() {
        recordings.compare_paths();
    }
    Ok(book)
}

impl Recordings {
    fn new(provider: &Arc<Provider>) -> Self {
        Self {
            provider: Arc::clone(provider),
            pages: Vec::new(),
            errors: Vec::new(),
        }
    }

    fn add(&mut self, catalogue: &Catalogue, sample: &Sample, class: Class) {
        let recorded = &sample.recorded;
        if matches!(class, Class::Ok | Class::Empty) {
            let walk = Walk::new(catalogue, sample, class == Class::Empty);
            walk.and_then(|walk| walk.run(&mut self.pages));
        } else if let Some(answer) = recorded.exchanges.last() {
            let kept = Kept::of(recorded, answer);
            self.errors.push(OwnError { class, kept });
        }
    }

    /// A segment that differs between two samples of one request varies, whatever the filter makes it from.
    fn compare_paths(&mut self) {
        let paths: Vec<(String, usize, Vec<String>)> = self
            .pages
            .iter()
            .map(|page| {
                (
                    page.operation.clone(),
                    page.step,
                    page.asked.segments.clone(),
                )
            })
            .collect();
        for page in &mut self.pages {
            let own = &page.asked.segments;
            for (operation, step, other) in &paths {
                let same_request = *operation == page.operation && *step == page.step;
                if !same_request || other.len() != own.len() {
                    continue;
                }
                for (free, (mine, theirs)) in page.free.iter_mut().zip(own.iter().zip(other)) {
                    *free |= mine != theirs;
                }
            }
        }
    }

    /// The provider's own answer that says what a fault says, where there is one.
    pub(crate) fn own_error(&self, fault: Fault) -> Option<&Kept> {
        let first = |fits: &dyn Fn(Class, u16) -> bool| {
            self.errors
                .iter()
                .find(|error| fits(error.class, error.kept.answer.status))
                .map(|error| &error.kept)
        };
        match fault {
            Fault::Unauthorized => first(&|class, status| class == Class::Auth && status == 401)
                .or_else(|| first(&|class, _| class == Class::Auth))
                .or_else(|| first(&|_, status| status == 401)),
            Fault::TooManyWithRetryAfter => {
                first(&|class, status| class == Class::RateLimited && status == 429)
                    .or_else(|| first(&|_, status| status == 429))
            }
            Fault::ServerError => first(&|_, status| status >= 500),
            // An error about the caller's input would not be the provider's fault.
            Fault::ErrorBody => first(&|class, status| class == Class::Upstream && status == 200)
                .or_else(|| {
                    first(&|class, status| {
                        status == 200 && !matches!(class, Class::BadRequest | Class::BadPayload)
                    })
                }),
            _ => None,
        }
    }

    /// The provider's own words for a used-up window of a day or longer, or of a shorter one.
    pub(crate) fn own_refusal(&self, long: bool) -> Option<&Kept> {
        let wanted = if long {
            Class::QuotaExhausted
        } else {
            Class::RateLimited
        };
        self.errors
            .iter()
            .find(|error| error.class == wanted && error.kept.answer.status == 429)
            .map(|error| &error.kept)
    }
}

impl Kept {
    fn of(recorded: &Recorded, answer: &RecordedAnswer) -> Self {
        Self {
            answer: answer.clone(),
            size: answer.bytes().len(),
            at: recorded_at(recorded),
            dated: names_a_time(&recorded.params),
        }
    }
}

/// Whether parameters ask about a certain time.
fn names_a_time(params: &Map<String, Value>) -> bool {
    params.iter().any(|(name, value)| {
        let text = value.as_str().unwrap_or_default();
        name == "year"
            || text
                .get(..10)
                .is_some_and(|day| day.parse::<jiff::civil::Date>().is_ok())
    })
}

/// The way of a sample through its requests.
struct Walk<'a> {
    catalogue: &'a Catalogue,
    sample: &'a Sample,
    endpoint: &'a Endpoint,
    http: &'a Http,
    empty: bool,
    variables: Variables,
    values: Vec<String>,
}

impl<'a> Walk<'a> {
    fn new(catalogue: &'a Catalogue, sample: &'a Sample, empty: bool) -> Option<Self> {
        let recorded = &sample.recorded;
        let operation = catalogue.operation(&sample.category, &recorded.operation)?;
        let endpoint = operation
            .endpoints
            .iter()
            .find(|endpoint| *endpoint.provider.id == *sample.provider)?;
        let mut values = Vec::new();
        scalars(&Value::Object(recorded.params.clone()), &mut values);
        scalars(&recorded.cursor, &mut values);
        Some(Self {
            catalogue,
            sample,
            endpoint,
            http: endpoint.provider.http()?,
            empty,
            variables: Variables {
                params: parameters(&recorded.params),
                cursor: Input::from(&recorded.cursor),
                now: seconds(recorded_at(recorded)),
                ..Variables::default()
            },
            values,
        })
    }

    /// Adds a page for each request, up to the first whose answer says "no such thing". The sample was replayed
    /// before: what cannot be built here could not be built there.
    fn run(mut self, pages: &mut Vec<Page>) -> Option<()> {
        let Call::Http(call) = &self.endpoint.call else {
            return None;
        };
        let answers = &self.sample.recorded.exchanges;
        let mut results = Map::new();
        for (step, ((name, exchange), answer)) in call.exchanges().zip(answers).enumerate() {
            pages.push(self.page(step, name, exchange, answer)?);
            let reading = Reading {
                program: &self.catalogue.program,
                http: self.http,
                exchange,
                variables: self.variables.clone(),
                now: recorded_at(&self.sample.recorded),
            };
            let result = reading.read(&response(answer), None).ok()?.result;
            scalars(&result, &mut self.values);
            results.insert(name?.to_owned(), result);
            self.variables.steps = Input::from(&Value::Object(results.clone()));
        }
        Some(())
    }

    fn page(
        &self,
        step: usize,
        name: Option<&str>,
        exchange: &Exchange,
        answer: &RecordedAnswer,
    ) -> Option<Page> {
        let recorded = &self.sample.recorded;
        let own = &self.sample.name;
        let asked = self.asked(exchange)?;
        Some(Page {
            sample: name.map_or_else(|| own.clone(), |step| format!("{own}#{step}")),
            main: *own == recorded.operation,
            empty: self.empty,
            free: asked
                .segments
                .iter()
                .map(|segment| varies(segment, &self.values))
                .collect(),
            asked,
            values: self.values.clone(),
            kept: Kept::of(recorded, answer),
            costs: self.costs(),
            operation: recorded.operation.clone(),
            step,
        })
    }

    /// The request, below the base URL.
    fn asked(&self, exchange: &Exchange) -> Option<Asked> {
        let program = &self.catalogue.program;
        let sender = Sender {
            contact: Some("simulator@example.com".into()),
        };
        let draft = Draft::build(program, self.http, exchange, &self.variables, &sender).ok()?;
        let line = draft.describe();
        let (method, url) = line.split_once(' ')?;
        let base = program
            .run(self.http.base_url, &self.variables.params, &self.variables)
            .ok()?;
        let base = Url::parse(base.as_str()?).ok()?;
        Some(Asked::of_url(method, &Url::parse(url).ok()?, base.path()))
    }

    fn costs(&self) -> Vec<f64> {
        let cost = |filter| {
            let program = &self.catalogue.program;
            let value = program.run(filter, &self.variables.params, &self.variables);
            value.ok()?.as_f64()
        };
        let quotas = self.http.quotas.iter();
        quotas
            .map(|quota| quota.cost.and_then(cost).unwrap_or(1.0))
            .collect()
    }
}

fn recorded_at(recorded: &Recorded) -> Timestamp {
    recorded.now.unwrap_or(Timestamp::UNIX_EPOCH)
}

fn varies(segment: &str, values: &[String]) -> bool {
    segment == "{key}" || values.iter().any(|value| around(segment, value).is_some())
}
