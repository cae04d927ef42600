//! Counts of calls to models, by the names of OpenTelemetry's semantic conventions for generative AI, as Prometheus
//! writes them.
//!
//! Source: <https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/>, read 2026-11.
//!
//! **Invariant:** the names of models are bounded: beyond [`MOST_MODELS`] all further ones are one.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use guichet_catalogue::model::ai::Task;
use guichet_engine::ai::UsageRecord;
use guichet_engine::outcome::Class;
use parking_lot::Mutex;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::metrics::Name;

/// The most models that have numbers of their own: a caller could name any number of models to a provider that takes
/// every name.
const MOST_MODELS: usize = 512;
/// The name of all others.
const OTHERS: &str = "other";

/// The bounds that the conventions recommend.
const TOKENS: [f64; 14] = [
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1_024.0,
    4_096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];
const DURATION: [f64; 14] = [
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];
const FIRST_TOKEN: [f64; 16] = [
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

type Histograms<Labels> = Family<Labels, Histogram, fn() -> Histogram>;

/// What is counted. Clones share everything.
#[derive(Clone)]
pub(crate) struct GenAi {
    tokens: Histograms<TokenLabels>,
    durations: Histograms<CallLabels>,
    first_tokens: Histograms<CallLabels>,
    models: Arc<Mutex<HashSet<Arc<str>>>>,
    /// The numbers of calls that went well lately, so that such a call looks for none of its own.
    known: Arc<Mutex<Vec<Numbers>>>,
}

/// The numbers of good calls of one kind.
struct Numbers {
    task: Task,
    provider: Arc<str>,
    model: Arc<str>,
    duration: Histogram,
    /// Each as soon as there is one.
    first_token: Option<Histogram>,
    tokens: [Option<Histogram>; 2],
}

/// Kinds of calls whose numbers are at hand.
const MOST_KNOWN: usize = 16;

#[expect(
    clippy::struct_field_names,
    reason = "the names of the labels are OpenTelemetry's"
)]
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TokenLabels {
    gen_ai_operation_name: &'static str,
    gen_ai_provider_name: Name,
    gen_ai_response_model: Name,
    gen_ai_token_type: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    gen_ai_operation_name: &'static str,
    gen_ai_provider_name: Name,
    gen_ai_response_model: Name,
    /// Empty where all went well.
    error_type: &'static str,
}

impl GenAi {
    /// Nothing counted yet.
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let own = Self {
            tokens: Family::new_with_constructor(|| Histogram::new(TOKENS)),
            durations: Family::new_with_constructor(|| Histogram::new(DURATION)),
            first_tokens: Family::new_with_constructor(|| Histogram::new(FIRST_TOKEN)),
            models: Arc::default(),
            known: Arc::default(),
        };
        registry.register(
            "gen_ai_client_token_usage",
            "Tokens by kind",
            Family::clone(&own.tokens),
        );
        registry.register(
            "gen_ai_client_operation_duration_seconds",
            "How long calls to models took, attempts that failed included",
            Family::clone(&own.durations),
        );
        registry.register(
            "gen_ai_server_time_to_first_token_seconds",
            "How long streams took to begin",
            Family::clone(&own.first_tokens),
        );
        own
    }

    /// Counts a call that has ended.
    pub(crate) fn observe(&self, record: &UsageRecord) {
        if record.outcome == Class::Ok
            && let (Some(provider), Some(model)) = (&record.provider, &record.model)
        {
            let mut known = self.known.lock();
            let place = known
                .iter()
                .position(|numbers| numbers.are_of(record.task, provider, model));
            let place = place.unwrap_or_else(|| {
                if known.len() >= MOST_KNOWN {
                    known.remove(0);
                }
                known.push(Numbers {
                    task: record.task,
                    provider: Arc::clone(provider),
                    model: Arc::clone(model),
                    duration: self.duration(record),
                    first_token: None,
                    tokens: [None, None],
                });
                known.len() - 1
            });
            self.count(record, &mut known[place]);
            return;
        }
        let mut once = Numbers {
            task: record.task,
            provider: Arc::default(),
            model: Arc::default(),
            duration: self.duration(record),
            first_token: None,
            tokens: [None, None],
        };
        self.count(record, &mut once);
    }

    fn count(&self, record: &UsageRecord, numbers: &mut Numbers) {
        numbers.duration.observe(record.took.as_secs_f64());
        if let Some(first) = record.first_token {
            let first_token = numbers.first_token.get_or_insert_with(|| {
                self.first_tokens
                    .get_or_create_owned(&self.call_labels(record))
            });
            first_token.observe(first.as_secs_f64());
        }
        let kinds = [
            ("input", record.usage.input),
            ("output", record.usage.output),
        ];
        for ((kind, tokens), own) in kinds.into_iter().zip(&mut numbers.tokens) {
            if tokens == 0 {
                continue;
            }
            let own = own.get_or_insert_with(|| {
                let labels = self.call_labels(record);
                self.tokens.get_or_create_owned(&TokenLabels {
                    gen_ai_operation_name: labels.gen_ai_operation_name,
                    gen_ai_provider_name: labels.gen_ai_provider_name,
                    gen_ai_response_model: labels.gen_ai_response_model,
                    gen_ai_token_type: kind,
                })
            });
            #[expect(
                clippy::cast_precision_loss,
                reason = "a bucket is wider than the loss"
            )]
            own.observe(tokens as f64);
        }
    }

    fn duration(&self, record: &UsageRecord) -> Histogram {
        self.durations
            .get_or_create_owned(&self.call_labels(record))
    }

    fn call_labels(&self, record: &UsageRecord) -> CallLabels {
        let is_ok = record.outcome == Class::Ok;
        CallLabels {
            gen_ai_operation_name: record.task.as_str(),
            gen_ai_provider_name: Name(record.provider.clone().unwrap_or_default()),
            gen_ai_response_model: Name(self.model(record)),
            error_type: if is_ok { "" } else { record.outcome.as_str() },
        }
    }

    /// The model's name, while there are not too many.
    fn model(&self, record: &UsageRecord) -> Arc<str> {
        let Some(model) = &record.model else {
            return Arc::default();
        };
        let mut models = self.models.lock();
        if models.contains(model) {
            return Arc::clone(model);
        }
        if models.len() >= MOST_MODELS {
            return OTHERS.into();
        }
        models.insert(Arc::clone(model));
        Arc::clone(model)
    }
}

impl Numbers {
    /// Names are compared by their places: those of a catalogue have one each.
    fn are_of(&self, task: Task, provider: &Arc<str>, model: &Arc<str>) -> bool {
        self.task == task
            && Arc::ptr_eq(&self.provider, provider)
            && Arc::ptr_eq(&self.model, model)
    }
}

impl fmt::Debug for GenAi {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("GenAi").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use guichet_dialects::chat::Usage;
    use guichet_engine::identity::{KeyId, OrganizationId, ProjectId};
    use jiff::Timestamp;
    use prometheus_client::encoding::text::encode;

    use super::*;

    fn record(model: &str, outcome: Class) -> UsageRecord {
        UsageRecord {
            at: Timestamp::UNIX_EPOCH,
            request_id: "r-1".into(),
            organization: OrganizationId::new("o"),
            project: ProjectId::new("p"),
            key: KeyId::new("k"),
            task: Task::Chat,
            provider: Some("groq".into()),
            model: Some(model.into()),
            outcome,
            served: None,
            usage: Usage {
                input: 12,
                output: 5,
                ..Usage::default()
            },
            counted: true,
            cost: None,
            first_token: Some(Duration::from_millis(90)),
            took: Duration::from_millis(700),
            stream: true,
            attempts: 1,
        }
    }

    fn exposed(records: &[UsageRecord]) -> String {
        let mut registry = Registry::default();
        let metrics = GenAi::new(&mut registry);
        for record in records {
            metrics.observe(record);
        }
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        text
    }

    #[test]
    fn a_call_is_counted_by_the_names_of_opentelemetry() {
        let text = exposed(&[record("m", Class::Ok)]);
        for line in [
            r#"gen_ai_client_token_usage_sum{gen_ai_operation_name="chat",gen_ai_provider_name="groq",gen_ai_response_model="m",gen_ai_token_type="input"} 12.0"#,
            r#"gen_ai_client_operation_duration_seconds_sum{gen_ai_operation_name="chat",gen_ai_provider_name="groq",gen_ai_response_model="m",error_type=""} 0.7"#,
            r#"gen_ai_server_time_to_first_token_seconds_count{gen_ai_operation_name="chat",gen_ai_provider_name="groq",gen_ai_response_model="m",error_type=""} 1"#,
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }

    #[test]
    fn a_failure_has_its_class() {
        let text = exposed(&[record("m", Class::RateLimited)]);
        assert!(text.contains(r#"error_type="rate_limited""#), "{text}");
    }

    #[test]
    fn models_without_number_are_one() {
        let records: Vec<_> = (0..MOST_MODELS + 3)
            .map(|number| record(&format!("m{number}"), Class::Ok))
            .collect();
        let text = exposed(&records);
        let others = r#"gen_ai_response_model="other",gen_ai_token_type="input"} 36.0"#;
        assert!(text.contains(others), "{}", text.len());
    }
}
