//! Candidates that this binary computes.

use std::net::IpAddr;

use guichet_catalogue::schema::Shape;
use guichet_local::{Context, Failure as LocalFailure};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::outcome::{Class, Failure};
use crate::read::validate;

/// Why a computation gave nothing, where that concerns the caller.
pub(super) enum Computed {
    Answer(Value),
    Failed(Failure),
    /// The caller's input is wrong: which parameter, and why.
    Invalid {
        param: &'static str,
        reason: String,
    },
    /// Another provider may know.
    Unsupported,
}

/// Computes on a thread for such work: some functions read bundled data the first time.
pub(super) async fn compute(
    function: &str,
    parameters: &Map<String, Value>,
    now: Timestamp,
    peer: Option<IpAddr>,
    shape: &Shape,
) -> Computed {
    let Some(function) = guichet_local::function(function) else {
        return Computed::Failed(Failure::new(
            Class::Gone,
            "this binary has no such function",
        ));
    };
    let parameters = parameters.clone();
    let computed =
        tokio::task::spawn_blocking(move || function(&parameters, &Context { now, peer })).await;
    match computed {
        Ok(Ok(value)) => match validate(shape, &value) {
            Ok(()) => Computed::Answer(value),
            Err(failure) => Computed::Failed(failure),
        },
        Ok(Err(LocalFailure::NotFound(detail))) => {
            Computed::Failed(Failure::new(Class::Empty, detail))
        }
        Ok(Err(LocalFailure::Invalid { param, reason })) => Computed::Invalid { param, reason },
        Ok(Err(LocalFailure::Unsupported(_))) => Computed::Unsupported,
        Err(_) => Computed::Failed(Failure::new(Class::Upstream, "the computation died")),
    }
}
