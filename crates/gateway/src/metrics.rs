//! Counts for Prometheus.
//!
//! **Invariant:** labels are bounded by the code and the catalogue: no key, no URL, nothing that a caller writes.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use guichet_catalogue::model::OperationId;
use guichet_engine::{Observer, UsageObserver};
use http::StatusCode;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabelSet, EncodeLabelValue, EncodeMetric, LabelValueEncoder,
};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::access_log::Fields;
use crate::gen_ai::GenAi;
use crate::reply::{Response, Story, typed_response};
use crate::router::{ROUTES, Route};

/// What the doors count.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    /// By the place of the route in the table; the last row is of paths that have none.
    requests_by_place: [[OnceLock<Counter>; CLASSES.len()]; ROUTES.len() + 1],
    calls: Family<CallLabels, Counter>,
    durations: Family<OperationLabels, Histogram, fn() -> Histogram>,
    attempts: Family<AttemptLabels, Counter>,
    gen_ai: GenAi,
    in_flight: Gauge,
    connections: Gauge,
    rehearsed: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: &'static str,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    category: Name,
    operation: Name,
    /// How it was served, or the code of its refusal.
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabels {
    category: Name,
    operation: Name,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AttemptLabels {
    provider: Name,
    class: &'static str,
}

/// The counts of one operation, at hand without looking them up by their labels.
pub(crate) struct OperationCounts {
    pub(crate) id: OperationId,
    /// Its names, as the log has them.
    pub(crate) fields: Fields,
    served: [OnceLock<Counter>; 4],
    duration: Histogram,
}

/// A name of the catalogue, or of a provider's model.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Name(pub(crate) Arc<str>);

impl EncodeLabelValue for Name {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        (&*self.0).encode(encoder)
    }
}

/// A number that somebody else keeps.
pub struct Kept {
    /// What it is called, after `guichet_`.
    pub name: &'static str,
    /// What it counts.
    pub help: &'static str,
    /// Whether it is a counter; else it goes up and down.
    pub only_grows: bool,
    /// How it stands.
    pub read: Box<dyn Fn() -> u64 + Send + Sync>,
}

impl Collector for Kept {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let number = (self.read)();
        if self.only_grows {
            let counter = ConstCounter::new(number);
            let kind = counter.metric_type();
            counter.encode(encoder.encode_descriptor(self.name, self.help, None, kind)?)
        } else {
            let gauge = ConstGauge::new(i64::try_from(number).unwrap_or(i64::MAX));
            let kind = gauge.metric_type();
            gauge.encode(encoder.encode_descriptor(self.name, self.help, None, kind)?)
        }
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Kept").field(&self.name).finish()
    }
}

impl Metrics {
    /// Nothing counted yet. The registry may hold the counts of others; all are exposed together.
    #[must_use]
    pub fn new(mut registry: Registry) -> Self {
        let requests = Family::default();
        let calls = Family::default();
        let durations = Family::new_with_constructor(histogram as fn() -> Histogram);
        let attempts = Family::default();
        let (in_flight, connections) = (Gauge::default(), Gauge::default());
        let rehearsed = Gauge::default();
        let gen_ai = GenAi::new(&mut registry);
        let own = registry.sub_registry_with_prefix("guichet");
        own.register(
            "http_requests",
            "Requests by route and class of status",
            Family::clone(&requests),
        );
        own.register(
            "calls",
            "Calls by operation and how they were served or refused",
            Family::clone(&calls),
        );
        own.register(
            "call_duration_seconds",
            "How long calls took",
            Family::clone(&durations),
        );
        own.register(
            "attempts",
            "Attempts by provider and outcome",
            Family::clone(&attempts),
        );
        own.register(
            "http_requests_in_flight",
            "Requests under way",
            in_flight.clone(),
        );
        own.register("http_connections", "Connections open", connections.clone());
        own.register(
            "rehearsals",
            "Providers that are made to fail by `guichet rehearse`",
            rehearsed.clone(),
        );
        Self {
            registry,
            requests,
            requests_by_place: Default::default(),
            calls,
            durations,
            attempts,
            gen_ai,
            rehearsed,
            in_flight,
            connections,
        }
    }

    /// Exposes also a number that somebody else keeps.
    #[must_use]
    pub fn with(mut self, kept: Kept) -> Self {
        let own = self.registry.sub_registry_with_prefix("guichet");
        own.register_collector(Box::new(kept));
        self
    }

    /// Counts what is under way until the guard is dropped.
    pub(crate) fn enter(&self) -> Counted {
        Counted::new(&self.in_flight)
    }

    /// Counts a connection until the guard is dropped.
    pub(crate) fn connect(&self) -> Counted {
        Counted::new(&self.connections)
    }

    /// Counts every attempt of an engine, also those for which no caller waits.
    pub(crate) fn attempt_observer(&self) -> Observer {
        let attempts = Family::clone(&self.attempts);
        Box::new(move |_, attempt| {
            let labels = AttemptLabels {
                provider: Name(Arc::clone(&attempt.provider)),
                class: attempt.class.as_str(),
            };
            attempts.get_or_create(&labels).inc();
        })
    }

    /// Counts every call to a model that has ended.
    pub(crate) fn usage_observer(&self) -> UsageObserver {
        let gen_ai = self.gen_ai.clone();
        Box::new(move |record| gen_ai.observe(record))
    }

    /// The counts of an operation.
    pub(crate) fn of(&self, id: &OperationId) -> OperationCounts {
        let labels = OperationLabels {
            category: Name(Arc::clone(&id.category)),
            operation: Name(Arc::clone(&id.name)),
        };
        OperationCounts {
            id: id.clone(),
            fields: Fields::of_operation(id),
            served: Default::default(),
            duration: self.durations.get_or_create_owned(&labels),
        }
    }

    /// Counts a request that was answered.
    pub(crate) fn observe(
        &self,
        route: Option<&'static Route>,
        status: StatusCode,
        story: &Story,
        took: Duration,
    ) {
        self.count_request(route, status);
        let Some(operation) = &story.operation else {
            return;
        };
        if let Some(served) = story.served {
            let count = || self.call(&operation.id, served.as_str());
            operation.served[served as usize].get_or_init(count).inc();
        } else if let Some(code) = story.refused {
            self.call(&operation.id, code.as_str()).inc();
        }
        operation.duration.observe(took.as_secs_f64());
    }

    fn count_request(&self, route: Option<&'static Route>, status: StatusCode) {
        let place = route.map_or(ROUTES.len(), Route::place);
        let class = class(status);
        let count = || {
            self.requests.get_or_create_owned(&RequestLabels {
                route: route.map_or("unknown", |route| route.pattern),
                status: CLASSES[class],
            })
        };
        if let Some(row) = self.requests_by_place.get(place) {
            row[class].get_or_init(count).inc();
        }
    }

    fn call(&self, id: &OperationId, outcome: &'static str) -> Counter {
        self.calls.get_or_create_owned(&CallLabels {
            category: Name(Arc::clone(&id.category)),
            operation: Name(Arc::clone(&id.name)),
            outcome,
        })
    }

    /// All counts as text, and how many failures are rehearsed.
    pub(crate) fn expose(&self, rehearsed: usize) -> Response {
        const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        self.rehearsed
            .set(i64::try_from(rehearsed).unwrap_or(i64::MAX));
        let mut text = String::with_capacity(16 << 10);
        match encode(&mut text, &self.registry) {
            Ok(()) => typed_response(StatusCode::OK, TYPE, text),
            Err(_) => typed_response(StatusCode::INTERNAL_SERVER_ERROR, TYPE, "# EOF\n"),
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new(Registry::default())
    }
}

/// From a cached answer (well under a millisecond) to the longest deadline.
fn histogram() -> Histogram {
    Histogram::new([
        0.000_25, 0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0,
    ])
}

const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The place of a status among the classes.
fn class(status: StatusCode) -> usize {
    usize::from(status.as_u16() / 100)
        .saturating_sub(1)
        .min(CLASSES.len() - 1)
}

/// One more, until it is dropped.
pub(crate) struct Counted(Gauge);

impl Counted {
    fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl fmt::Debug for OperationCounts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "OperationCounts({})", self.id)
    }
}
