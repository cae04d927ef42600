//! Runs a sample through the way that a live answer takes: build the request → classify → decode → map → validate.

use guichet_catalogue::filter::{Input, Variables};
use guichet_catalogue::model::{Call, Catalogue, Endpoint, Operation};
use guichet_catalogue::sample::{Expected, Recorded, RecordedAnswer, Sample};
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::outcome::{Class, Failure};
use crate::read::{Reading, validate};
use crate::request::{Draft, Sender};
use crate::transport::UpstreamResponse;

/// What comes out of a sample; `detail` says what went wrong where something did.
#[derive(Debug)]
pub struct Replayed {
    /// To be compared with what is expected.
    pub expected: Expected,
    /// For the author of the mapping.
    pub detail: Option<String>,
}

/// Runs a sample. The error says why it cannot be run at all.
pub fn replay(catalogue: &Catalogue, sample: &Sample) -> Result<Replayed, String> {
    let recorded = &sample.recorded;
    let operation = catalogue
        .operation(&sample.category, &recorded.operation)
        .ok_or_else(|| {
            format!(
                "{} has no operation `{}`",
                sample.category, recorded.operation
            )
        })?;
    let endpoint = operation
        .endpoints
        .iter()
        .find(|endpoint| *endpoint.provider.id == *sample.provider)
        .ok_or_else(|| format!("`{}` does not answer {}", sample.provider, operation.id))?;
    Ok(Run {
        catalogue,
        operation,
        endpoint,
        recorded,
        requests: Vec::new(),
    }
    .run())
}

/// The recorded answer as the transport would have given it.
#[must_use]
pub fn response(answer: &RecordedAnswer) -> UpstreamResponse {
    let mut headers = HeaderMap::new();
    for (name, value) in answer.headers() {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.append(name, value);
        }
    }
    UpstreamResponse {
        status: answer.status,
        headers,
        body: answer.bytes().into(),
    }
}

struct Run<'a> {
    catalogue: &'a Catalogue,
    operation: &'a Operation,
    endpoint: &'a Endpoint,
    recorded: &'a Recorded,
    requests: Vec<String>,
}

impl Run<'_> {
    fn run(mut self) -> Replayed {
        let outcome = self.outcome();
        let requests = self.requests;
        match outcome {
            Ok((data, next)) => Replayed {
                expected: Expected {
                    class: Class::Ok,
                    requests,
                    retry_at: None,
                    next,
                    data,
                },
                detail: None,
            },
            Err(failure) => Replayed {
                expected: Expected {
                    class: failure.class,
                    requests,
                    retry_at: failure.retry_at,
                    next: Value::Null,
                    data: Value::Null,
                },
                detail: Some(failure.detail),
            },
        }
    }

    fn outcome(&mut self) -> Result<(Value, Value), Failure> {
        let (Call::Http(call), Some(http)) = (&self.endpoint.call, self.endpoint.provider.http())
        else {
            return Err(Failure::new(
                Class::BadRequest,
                "a local provider has no samples",
            ));
        };
        let now = self.recorded.now.unwrap_or(Timestamp::UNIX_EPOCH);
        let mut variables = Variables {
            params: crate::request::parameters(&self.recorded.params),
            cursor: Input::from(&self.recorded.cursor),
            now: seconds(now),
            ..Variables::default()
        };
        let program = &self.catalogue.program;
        if let Some(accepts) = self.endpoint.accepts
            && !program
                .holds(accepts, &variables.params, &variables)
                .unwrap_or(false)
        {
            return Err(Failure::new(
                Class::BadRequest,
                "the provider does not accept these parameters",
            ));
        }
        let sender = Sender {
            contact: Some("ops@example.com".into()),
        };
        let mut answers = self.recorded.exchanges.iter();
        let mut steps = Map::new();
        for (name, exchange) in call.exchanges() {
            let draft = Draft::build(program, http, exchange, &variables, &sender)?;
            self.requests.push(draft.describe());
            let Some(answer) = answers.next() else {
                return Err(Failure::new(
                    Class::BadRequest,
                    "the sample holds fewer answers than requests are made",
                ));
            };
            let reading = Reading {
                program,
                http,
                exchange,
                variables: variables.clone(),
                now,
            };
            let next = if name.is_none() { call.next } else { None };
            let read = reading.read(&response(answer), next)?;
            if let Some(name) = name {
                steps.insert(name.to_owned(), read.result);
                variables.steps = Input::from(&Value::Object(steps.clone()));
                continue;
            }
            validate(&self.operation.shape, &read.result)?;
            return Ok((read.result, read.next));
        }
        Err(Failure::new(
            Class::BadRequest,
            "the operation makes no request",
        ))
    }
}

/// Seconds since 1970, as filters count them.
#[must_use]
pub fn seconds(at: Timestamp) -> f64 {
    at.as_duration().as_secs_f64()
}
