//! `POST /v1/messages/count_tokens`: how long a request is, without asking anybody.
//!
//! It is an estimate, and rather too high than too low: which model will answer, and so how its tokens are cut, is not
//! known before one does.

use guichet_dialects::anthropic;
use http::StatusCode;

use super::ask::malformed;
use super::facts::with_auto;
use crate::problem::Problem;
use crate::reply::{Response, json_response};
use crate::visit::Visit;

/// Answers the number.
pub(crate) fn count_tokens(visit: &Visit) -> Result<Response, Problem> {
    let facts = match anthropic::read_facts(&visit.body) {
        Err(error) if error.path == "model" => anthropic::read_facts(&with_auto(&visit.body)),
        read => read,
    };
    let tokens = facts.map_err(malformed)?.estimate_input_tokens();
    Ok(json_response(
        StatusCode::OK,
        anthropic::write_count(tokens),
    ))
}
