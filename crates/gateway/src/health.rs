//! Probes: alive, ready, and how every operation stands.

use std::collections::BTreeMap;

use guichet_engine::identity::CredentialId;
use guichet_engine::rehearsal::Rehearsal;
use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderValue};
use serde::Serialize;

use crate::codes::Code;
use crate::gateway::Gateway;
use crate::problem::Problem;
use crate::promised::Promised;
use crate::reply::{Reply, Response, json_response};
use crate::standing::Standing;

#[derive(Serialize)]
struct Health {
    status: &'static str,
    version: &'static str,
    uptime_s: u64,
    /// Where the database is on a server: whether it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<&'static str>,
    /// Where quotas are counted together with other servers: whether that is possible now.
    #[serde(skip_serializing_if = "Option::is_none")]
    redis: Option<&'static str>,
    operations: BTreeMap<String, OperationHealth>,
    /// What is promised to whoever leaves the choice of a model to us, by task.
    models: BTreeMap<&'static str, Promised>,
    /// Failures that are rehearsed; absent where none is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rehearsals: Vec<Rehearsal>,
}

#[derive(Serialize)]
struct OperationHealth {
    #[serde(flatten)]
    promised: Promised,
    candidates: Vec<CandidateHealth>,
}

#[derive(Serialize)]
struct CandidateHealth {
    provider: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<CredentialId>,
    #[serde(flatten)]
    standing: Standing,
}

/// The process runs.
pub(crate) fn live() -> Response {
    fine()
}

/// Requests are welcome.
pub(crate) fn ready(gateway: &Gateway) -> Result<Reply, Problem> {
    if gateway.is_stopping() {
        return Err(Problem::new(
            Code::Stopping,
            "requests under way are finished, no new ones are wanted",
        ));
    }
    Ok(fine().into())
}

fn reached(answers: bool) -> &'static str {
    if answers { "reachable" } else { "away" }
}

/// `degraded` when an operation has nobody who could answer it now.
pub(crate) fn health(gateway: &Gateway) -> Response {
    let engine = &gateway.shared.engine;
    let of = |operation: &guichet_catalogue::model::Operation| {
        let candidates =
            engine
                .candidates(operation)
                .into_iter()
                .map(|candidate| CandidateHealth {
                    provider: candidate.provider.to_string(),
                    credential: candidate.credential,
                    standing: Standing::of(candidate.state.as_ref()),
                });
        OperationHealth {
            promised: engine.promise(operation).into(),
            candidates: candidates.collect(),
        }
    };
    let catalogue = engine.catalogue();
    let operations: BTreeMap<_, _> = catalogue
        .operations()
        .map(|operation| (operation.id.to_string(), of(operation)))
        .collect();
    let answered = |health: &OperationHealth| {
        health
            .candidates
            .iter()
            .any(|candidate| candidate.standing.is_ready())
    };
    let health = Health {
        status: if operations.values().all(answered) {
            "ok"
        } else {
            "degraded"
        },
        version: env!("CARGO_PKG_VERSION"),
        database: gateway.shared.access.database_answers().map(reached),
        redis: engine.shares_counters().map(reached),
        uptime_s: gateway.shared.started.elapsed().as_secs(),
        operations,
        rehearsals: engine.rehearsed(),
        models: engine
            .promises_of_models()
            .into_iter()
            .map(|(task, promise)| (task.as_str(), promise.into()))
            .collect(),
    };
    uncached(json_response(
        StatusCode::OK,
        serde_json::to_vec(&health).unwrap_or_default(),
    ))
}

fn fine() -> Response {
    uncached(json_response(StatusCode::OK, &b"{\"status\":\"ok\"}"[..]))
}

fn uncached(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
