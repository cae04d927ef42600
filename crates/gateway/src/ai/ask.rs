//! One call to a model: what every AI door does.

use guichet_access::Principal;
use guichet_catalogue::parameters::InvalidParameter;
use guichet_dialects::error::Malformed;
use guichet_engine::ai::{Door, ModelCall, Origin};
use guichet_engine::answer::Reason;
use http::header::CONTENT_TYPE;

use super::{answer, extensions, facts, headers, refusal};
use crate::codes::Code;
use crate::gateway::Gateway;
use crate::limits;
use crate::problem::Problem;
use crate::reply::Reply;
use crate::visit::Visit;

/// Answers a call that came in at this door.
pub(crate) async fn ask(
    gateway: &Gateway,
    visit: &mut Visit,
    principal: &Principal,
    door: Door,
) -> Result<Reply, Problem> {
    let call = read(gateway, visit, principal, door)?;
    let answered = gateway.shared.engine.ask_model(call).await;
    let answer = answered.map_err(|refusal| match &refusal.reason {
        Reason::OverBudget(full) => limits::refused(principal, full, visit.at),
        _ => refusal::problem(refusal),
    })?;
    let room = visit.room_for_headers();
    Ok(answer::told(answer, door, &visit.request_id, room))
}

fn read(
    gateway: &Gateway,
    visit: &Visit,
    principal: &Principal,
    door: Door,
) -> Result<ModelCall, Problem> {
    let catalogue = gateway.shared.engine.catalogue();
    let mut wish = headers::read(&visit.head.headers, principal.opt_ins, &catalogue)?;
    let content_type = content_type(visit);
    let read = facts::read(door, content_type, &visit.body).map_err(malformed)?;
    let named = read.facts.model.clone().filter(|_| read.names_model);
    if takes_json(door) {
        extensions::read(&read.body, named, &catalogue, &mut wish)?;
    } else {
        wish.models.extend(named);
    }
    Ok(ModelCall {
        door,
        body: read.body,
        content_type: (!takes_json(door)).then(|| content_type.to_owned()),
        facts: read.facts,
        wish,
        caller: visit.caller(principal),
        origin: Origin {
            project: principal.project.clone(),
            key: principal.key.clone(),
            budgets: limits::budgets(&gateway.shared.engine, principal),
        },
    })
}

/// Recordings come as forms.
fn takes_json(door: Door) -> bool {
    !matches!(door, Door::Transcription | Door::Translation)
}

fn content_type(visit: &Visit) -> &str {
    let declared = visit.head.headers.get(CONTENT_TYPE);
    declared
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// A body that cannot be read, told with the path to what is wrong.
pub(super) fn malformed(error: Malformed) -> Problem {
    let problem = Problem::new(Code::InvalidRequest, error.to_string());
    if error.path.is_empty() {
        return problem;
    }
    problem.with_errors(vec![InvalidParameter {
        name: error.path,
        reason: error.reason,
        allowed: None,
        nearest: None,
    }])
}
