//! What is left of providers' quotas. What callers may ask is told elsewhere.

use guichet_catalogue::parameters::InvalidParameter;
use guichet_catalogue::suggest::nearest;
use guichet_engine::ledger::QuotaState;
use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderValue};
use jiff::Timestamp;
use serde::Serialize;

use crate::gateway::Gateway;
use crate::problem::Problem;
use crate::refusal::invalid;
use crate::reply::{Response, json_response};
use crate::visit::Visit;

#[derive(Serialize)]
struct Quotas {
    /// When it was so.
    at: Timestamp,
    quotas: Vec<QuotaState>,
}

/// Every window of every provider that could be asked, or of the one that is named: `?provider=groq`.
pub(crate) fn list(gateway: &Gateway, visit: &Visit) -> Result<Response, Problem> {
    let engine = &gateway.shared.engine;
    let mut quotas = engine.quotas();
    let query = visit.head.uri.query().unwrap_or_default();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let catalogue = engine.catalogue();
        let ids = catalogue.providers.keys().map(|id| &**id);
        if name != "provider" {
            return Err(invalid(vec![InvalidParameter {
                name: name.into_owned(),
                reason: "there is no such parameter".into(),
                allowed: Some("provider".into()),
                nearest: None,
            }]));
        }
        if !catalogue.providers.contains_key(&*value) {
            return Err(invalid(vec![InvalidParameter {
                name: name.into_owned(),
                reason: format!("there is no provider `{value}`"),
                allowed: None,
                nearest: nearest(&value, ids).map(str::to_owned),
            }]));
        }
        quotas.retain(|state| state.is_of(&value));
    }
    let body = Quotas {
        at: engine.now(),
        quotas,
    };
    let mut response = json_response(
        StatusCode::OK,
        serde_json::to_vec(&body).unwrap_or_default(),
    );
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
