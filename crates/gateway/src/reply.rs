//! What a door hands back: the response, and the story of the call for the log and the metrics.

use std::sync::Arc;

use guichet_engine::answer::Served;
use guichet_engine::outcome::Attempt;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::codes::Code;
use crate::content::Content;
use crate::metrics::OperationCounts;
use crate::problem::Problem;

/// Checked when the program is built, not with each answer.
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// An answer as it leaves.
pub(crate) type Response = http::Response<Content>;

/// A response and how it came about.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) response: Response,
    pub(crate) story: Story,
}

/// How a response came about.
#[derive(Debug, Default)]
pub(crate) struct Story {
    /// The operation, where there was one.
    pub(crate) operation: Option<Arc<OperationCounts>>,
    pub(crate) served: Option<Served>,
    pub(crate) provider: Option<Arc<str>>,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) refused: Option<Code>,
}

impl Reply {
    /// The reply to a call that was refused.
    pub(crate) fn refusing(problem: Problem, request_id: &str) -> Self {
        Self {
            story: Story::refused(&problem),
            response: problem.into_response(request_id),
        }
    }

    /// The same reply, told of this operation.
    pub(crate) fn about(mut self, operation: &Arc<OperationCounts>) -> Self {
        self.story.operation = Some(Arc::clone(operation));
        self
    }
}

impl Story {
    /// Of a call that was refused.
    pub(crate) fn refused(problem: &Problem) -> Self {
        Self {
            refused: Some(problem.code),
            attempts: problem.attempts().to_vec(),
            ..Self::default()
        }
    }
}

impl From<Response> for Reply {
    fn from(response: Response) -> Self {
        Self {
            response,
            story: Story::default(),
        }
    }
}

/// A response with a JSON body.
pub(crate) fn json_response(status: StatusCode, body: impl Into<Content>) -> Response {
    typed_response(status, "application/json", body)
}

/// A good response with a JSON body, whose headers use this room.
pub(crate) fn json_response_in(room: HeaderMap, body: Content) -> Response {
    let mut response = Response::new(body);
    *response.headers_mut() = room;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

/// A response with a body of this media type.
pub(crate) fn typed_response(
    status: StatusCode,
    media_type: &'static str,
    body: impl Into<Content>,
) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    set_type(&mut response, media_type);
    response
}

fn set_type(response: &mut Response, media_type: &'static str) {
    let media_type = HeaderValue::from_static(media_type);
    response.headers_mut().insert(CONTENT_TYPE, media_type);
}

/// A response without a body.
pub(crate) fn empty_response(status: StatusCode) -> Response {
    let mut response = Response::new(Content::default());
    *response.status_mut() = status;
    response
}

/// Sets a header whose value is made here; one that cannot be a header is left out.
pub(crate) fn set_header(
    response: &mut Response,
    name: HeaderName,
    value: impl TryInto<HeaderValue>,
) {
    if let Ok(value) = value.try_into() {
        response.headers_mut().insert(name, value);
    }
}
