//! The data door: `/api/{category}/{operation}`.

use std::sync::Arc;

use guichet_access::Principal;
use guichet_catalogue::model::{self, Catalogue, Operation};
use guichet_catalogue::suggest::nearest;
use guichet_engine::answer::{Answer, Served};
use guichet_engine::call::{Call, Prepared};
use guichet_engine::recalled::Recalled;
use guichet_engine::rehearsal::Rehearsal;
use http::{HeaderValue, Method, StatusCode};

use crate::again::Again;
use crate::asked::Question;
use crate::codes::Code;
use crate::freshness::Freshness;
use crate::gateway::Gateway;
use crate::problem::Problem;
use crate::reply::{Reply, Story, empty_response, json_response_in};
use crate::visit::Visit;
use crate::{envelope, freshness, input, refusal};

/// The answer to a URL that came before, if it is at hand.
pub(crate) fn recall(gateway: &Gateway, visit: &mut Visit, principal: &Principal) -> Option<Reply> {
    let url = readable_again(visit)?;
    let engine = &gateway.shared.engine;
    if engine.is_rehearsing() {
        // What is marked is written anew.
        return None;
    }
    let question = gateway.shared.asked.find(engine, principal, url)?;
    let recalled = engine.recall(&question.prepared, visit.at)?;
    Some(told_again(visit, &question, &recalled).about(&question.counts))
}

/// Answers one operation.
pub(crate) async fn answer(
    gateway: &Gateway,
    visit: &mut Visit,
    principal: &Principal,
    category: &str,
    name: &str,
) -> Result<Reply, Problem> {
    let catalogue = gateway.shared.engine.catalogue();
    let operation = find(&catalogue, category, name)?;
    let day = gateway.shared.asked.under(&catalogue);
    let counts = day.counts(&gateway.shared.metrics, &operation.id);
    let outcome = match read(visit, principal, &operation) {
        Ok(call) => {
            if let Some((url, prepared)) = readable_again(visit).zip(Prepared::new(call.clone())) {
                let question = Question {
                    operation: Arc::clone(&operation),
                    counts: Arc::clone(&counts),
                    prepared,
                    again: Again::default(),
                };
                day.keep(principal, url, Arc::new(question));
            }
            gateway
                .shared
                .engine
                .call(call)
                .await
                .map_err(Problem::from)
        }
        Err(problem) => Err(problem),
    };
    let reply = match outcome {
        Ok(answer) => {
            let rehearsed = gateway.shared.engine.rehearsed();
            told(visit, &operation, answer, &rehearsed)
        }
        Err(problem) => Reply::refusing(problem, &visit.request_id),
    };
    Ok(reply.about(&counts))
}

/// The URL, where it says everything that is asked.
fn readable_again(visit: &Visit) -> Option<&str> {
    let reads = matches!(visit.head.method, Method::GET | Method::HEAD);
    let url = visit.head.uri.path_and_query().filter(|_| reads)?;
    Some(url.as_str())
}

fn read(visit: &Visit, principal: &Principal, operation: &Arc<Operation>) -> Result<Call, Problem> {
    check_method(&visit.head.method, operation)?;
    let raw = input::read(&visit.head, &visit.body)?;
    Call::read(Arc::clone(operation), raw, visit.caller(principal)).map_err(refusal::invalid)
}

/// Every operation can be asked by POST; one that changes something, or takes much, by nothing else.
fn check_method(method: &Method, operation: &Operation) -> Result<(), Problem> {
    const POST: &str = "POST, OPTIONS";
    if operation.method == model::Method::Post && method != Method::POST {
        let problem = Problem::new(
            Code::MethodNotAllowed,
            format!("{} is asked by POST", operation.id),
        );
        return Err(problem.with_allow(POST));
    }
    Ok(())
}

/// The operation of this name, or what was probably meant.
pub(crate) fn find(
    catalogue: &Catalogue,
    category: &str,
    name: &str,
) -> Result<Arc<Operation>, Problem> {
    let found = find_category(catalogue, category)?;
    found.operations.get(name).cloned().ok_or_else(|| {
        let names = || found.operations.keys().map(|name| &**name);
        let all = names().collect::<Vec<_>>().join(", ");
        Problem::new(
            Code::UnknownOperation,
            format!("`{category}` has no operation of this name; it has {all}"),
        )
        .with_nearest(nearest(name, names()))
    })
}

/// The category of this name, or what was probably meant.
pub(crate) fn find_category<'catalogue>(
    catalogue: &'catalogue Catalogue,
    category: &str,
) -> Result<&'catalogue Arc<model::Category>, Problem> {
    catalogue.categories.get(category).ok_or_else(|| {
        let names = || catalogue.categories.keys().map(|name| &**name);
        let all = names().collect::<Vec<_>>().join(", ");
        Problem::new(Code::UnknownCategory, format!("the categories are {all}"))
            .with_nearest(nearest(category, names()))
    })
}

fn told(
    visit: &mut Visit,
    operation: &Operation,
    answer: Answer,
    rehearsed: &[Rehearsal],
) -> Reply {
    let tag = (visit.head.method != Method::POST).then(|| freshness::etag(answer.digest));
    let mut response = if is_known(visit, tag.as_ref()) {
        empty_response(StatusCode::NOT_MODIFIED)
    } else {
        let body = envelope::write(&operation.id, &answer, &visit.request_id, rehearsed);
        json_response_in(visit.room_for_headers(), body)
    };
    Freshness::of(&answer, operation).tell(&mut response);
    if let Some(tag) = tag {
        freshness::set_etag(&mut response, tag);
    }
    let story = Story {
        served: Some(answer.served),
        provider: Some(answer.provider),
        attempts: answer.attempts,
        ..Story::default()
    };
    Reply { response, story }
}

/// The same, of an answer that was told before: the question was not asked by POST.
fn told_again(visit: &mut Visit, question: &Question, recalled: &Recalled) -> Reply {
    let written = question.again.of(recalled, &question.operation);
    let mut response = if freshness::is_known(&visit.head.headers, &written.etag) {
        empty_response(StatusCode::NOT_MODIFIED)
    } else {
        let body = written.body(recalled, &visit.request_id);
        json_response_in(visit.room_for_headers(), body)
    };
    let freshness = written.freshness(recalled, &question.operation);
    freshness.tell(&mut response);
    freshness::set_etag(&mut response, written.etag.clone());
    let story = Story {
        served: Some(Served::Cached),
        provider: Some(Arc::clone(&written.provider)),
        ..Story::default()
    };
    Reply { response, story }
}

fn is_known(visit: &Visit, tag: Option<&HeaderValue>) -> bool {
    tag.is_some_and(|tag| freshness::is_known(&visit.head.headers, tag))
}
