//! Probes: alive, ready, and how every operation stands.

use std::collections::BTreeMap;

use guichet_engine::identity::CredentialId;
use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderValue};
use serde::Serialize;

use crate::codes::Code;
use crate::gateway::Gateway;
use crate::problem::Problem;
use crate::reply::{Reply, Response, json_response};
use crate::standing::Standing;

#[derive(Serialize)]
struct Health {
    status: &'static str,
    version: &'static str,
    uptime_s: u64,
    operations: BTreeMap<String, OperationHealth>,
}

#[derive(Serialize)]
struct OperationHealth {
    guarantee: &'static str,
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
            guarantee: engine.guarantee(operation).as_str(),
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
        uptime_s: gateway.shared.started.elapsed().as_secs(),
        operations,
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
