//! Counts for Prometheus.
//!
//! **Invariant:** labels are bounded by the code and the catalogue: no key, no URL, nothing that a caller writes.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use guichet_engine::Observer;
use guichet_engine::answer::Served;
use http::StatusCode;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::reply::{Response, Story, typed_response};

/// What the doors count.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    calls: Family<CallLabels, Counter>,
    durations: Family<OperationLabels, Histogram, fn() -> Histogram>,
    attempts: Family<AttemptLabels, Counter>,
    in_flight: Gauge,
    connections: Gauge,
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

/// A name of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Name(Arc<str>);

impl EncodeLabelValue for Name {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        (&*self.0).encode(encoder)
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
        Self {
            registry,
            requests,
            calls,
            durations,
            attempts,
            in_flight,
            connections,
        }
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

    /// Counts a request that was answered.
    pub(crate) fn observe(
        &self,
        route: &'static str,
        status: StatusCode,
        story: &Story,
        took: Duration,
    ) {
        self.requests
            .get_or_create(&RequestLabels {
                route,
                status: class(status),
            })
            .inc();
        let Some((category, operation)) = &story.operation else {
            return;
        };
        let (category, operation) = (Name(Arc::clone(category)), Name(Arc::clone(operation)));
        let refused = story.refused.map(crate::codes::Code::as_str);
        if let Some(outcome) = story.served.map(Served::as_str).or(refused) {
            let labels = CallLabels {
                category: category.clone(),
                operation: operation.clone(),
                outcome,
            };
            self.calls.get_or_create(&labels).inc();
        }
        self.durations
            .get_or_create(&OperationLabels {
                category,
                operation,
            })
            .observe(took.as_secs_f64());
    }

    /// All counts as text.
    pub(crate) fn expose(&self) -> Response {
        const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
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

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
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
