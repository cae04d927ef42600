//! Problems as the clients of the two dialects know them.
//!
//! **Invariant:** nothing is said here that the problem does not hold; see there what it may.

use guichet_dialects::error::{DoorError, ErrorKind};
use guichet_dialects::{anthropic, openai};
use http::StatusCode;
use http::header::HeaderName;

use super::Dialect;
use super::answer::REQUEST_ID;
use crate::codes::Code;
use crate::problem::Problem;
use crate::reply::{Reply, Response, Story, json_response, set_header};

/// Tells official clients not to ask again: they would at every 429 and 5xx, three times, and each time in vain.
const X_SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// Sentences are no longer than this: what a caller sent, or a provider says, may be.
const LONGEST: usize = 1_000;

/// The reply to a call that was refused.
pub(crate) fn refuse(problem: &Problem, dialect: Dialect, request_id: &str) -> Reply {
    Reply {
        response: written(problem, dialect, request_id),
        story: Story::refused(problem),
    }
}

fn written(problem: &Problem, dialect: Dialect, request_id: &str) -> Response {
    let error = read(problem, request_id);
    let body = match dialect {
        Dialect::OpenAi => openai::chat::write_error(&error),
        Dialect::Anthropic => anthropic::write_error(&error),
    };
    let status = StatusCode::from_u16(error.status).unwrap_or(problem.code.status());
    let mut response = json_response(status, body);
    problem.tell_headers(response.headers_mut());
    let in_vain = !is_worth_repeating(problem.code) && status.is_server_error();
    if in_vain || problem.is_final() {
        set_header(&mut response, X_SHOULD_RETRY, "false");
    }
    if dialect == Dialect::Anthropic {
        set_header(&mut response, REQUEST_ID, request_id);
    }
    response
}

fn is_worth_repeating(code: Code) -> bool {
    !matches!(code, Code::NoCandidate | Code::OutcomeUnknown)
}

fn read(problem: &Problem, request_id: &str) -> DoorError {
    let (kind, word) = meaning(problem.code);
    let error = DoorError {
        status: problem.code.status().as_u16(),
        kind,
        message: message(problem),
        param: problem.parameter().map(|name| shortened(name.to_owned())),
        code: word.map(str::to_owned),
        request_id: Some(request_id.to_owned()),
    };
    let Some(rejection) = problem.rejection() else {
        return error;
    };
    let status = callers(rejection.status);
    DoorError {
        status,
        kind: kind_of(status),
        param: rejection.param.clone(),
        code: rejection.code.clone().or(error.code),
        ..error
    }
}

/// The one table from codes to what the dialects have words for. A code without a word gets that of its kind.
fn meaning(code: Code) -> (ErrorKind, Option<&'static str>) {
    let kind = match code {
        Code::MalformedJson
        | Code::MalformedUrl
        | Code::BrokenBody
        | Code::InvalidRequest
        | Code::InvalidParameters
        | Code::BodyNotAnObject
        | Code::UnsupportedMediaType
        | Code::MethodNotAllowed
        | Code::BodyTimeout
        | Code::TooLong
        | Code::Rejected => ErrorKind::InvalidRequest,
        Code::MissingKey
        | Code::MalformedKey
        | Code::MistypedKey
        | Code::UnknownKey
        | Code::ExpiredKey
        | Code::RevokedKey => ErrorKind::Authentication,
        Code::UnknownRoute
        | Code::UnknownCategory
        | Code::UnknownOperation
        | Code::UnknownProvider
        | Code::PlaceNotFound
        | Code::NotFound
        | Code::UnknownModel => ErrorKind::NotFound,
        Code::BodyTooLarge => ErrorKind::TooLarge,
        Code::AtLimit | Code::LimitReached => ErrorKind::RateLimited,
        Code::Uncountable => ErrorKind::Permission,
        Code::AllSuspended | Code::Stopping => ErrorKind::Overloaded,
        Code::AllFailed | Code::OutcomeUnknown | Code::NoCandidate => ErrorKind::Upstream,
        Code::Deadline => ErrorKind::Timeout,
        Code::Internal => ErrorKind::Internal,
    };
    let word = match code {
        // OpenAI's own words, which programs look for.
        Code::UnknownModel => Some("model_not_found"),
        Code::InvalidRequest | Code::Rejected | Code::Internal => None,
        _ if matches!(kind, ErrorKind::Authentication | ErrorKind::RateLimited) => None,
        other => Some(other.as_str()),
    };
    (kind, word)
}

/// A provider's status, as far as it is about what the caller sent: what it says of our key or our quota is not.
fn callers(status: u16) -> u16 {
    match status {
        400 | 403 | 404 | 409 | 413 | 415 | 422 => status,
        _ => 400,
    }
}

fn kind_of(status: u16) -> ErrorKind {
    match status {
        403 => ErrorKind::Permission,
        404 => ErrorKind::NotFound,
        413 => ErrorKind::TooLarge,
        _ => ErrorKind::InvalidRequest,
    }
}

fn message(problem: &Problem) -> String {
    let detail = shortened(problem.detail().to_owned());
    match problem.nearest() {
        Some(nearest) => format!("{detail}; did you mean `{nearest}`?"),
        None => detail,
    }
}

fn shortened(mut text: String) -> String {
    if text.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or(0));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use guichet_engine::answer::Rejection;

    use super::*;

    #[test]
    fn every_code_has_its_words() {
        let line = |code: &Code| {
            let error = read(&Problem::new(*code, "…"), "r-1");
            let text = |bytes| {
                let value: serde_json::Value = serde_json::from_slice(bytes).unwrap();
                value["error"].clone()
            };
            let (openai, anthropic) = (
                text(&openai::chat::write_error(&error)),
                text(&anthropic::write_error(&error)),
            );
            format!(
                "{} {}: {} {}; {}",
                error.status,
                code.as_str(),
                openai["type"].as_str().unwrap(),
                openai["code"],
                anthropic["type"].as_str().unwrap()
            )
        };
        insta::assert_snapshot!(Code::ALL.iter().map(line).collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn a_rejection_keeps_the_providers_status_unless_it_is_about_us() {
        let status = |status| {
            let rejection = Rejection {
                status,
                message: "no".into(),
                param: None,
                code: None,
            };
            read(
                &Problem::new(Code::Rejected, "no").with_rejection(rejection),
                "r-1",
            )
            .status
        };
        assert_eq!([400, 404, 413, 422].map(status), [400, 404, 413, 422]);
        assert_eq!([401, 402, 429, 418].map(status), [400; 4]);
    }

    #[test]
    fn no_sentence_is_longer_than_a_person_reads() {
        let problem = Problem::new(Code::UnknownModel, "é".repeat(5_000));
        let message = message(&problem);
        assert!(
            message.len() <= LONGEST + '…'.len_utf8(),
            "{}",
            message.len()
        );
    }
}
