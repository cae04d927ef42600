//! The closed list of error codes: every error that a door answers has one of these, with its status and its title.
//!
//! **Invariant:** a status or a title of an error stands here and nowhere else.

use http::StatusCode;

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $name:literal, $status:ident, $title:literal;)*) => {
        /// What went wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* $code,)*
        }

        impl Code {
            /// All codes.
            pub const ALL: &[Self] = &[$(Self::$code,)*];

            /// Its name in answers, logs and metrics.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$code => $name,)* }
            }

            /// The status that goes with it.
            #[must_use]
            pub fn status(self) -> StatusCode {
                match self { $(Self::$code => StatusCode::$status,)* }
            }

            /// What it means, the same words every time.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$code => $title,)* }
            }
        }
    };
}

codes! {
    /// The body is no JSON.
    MalformedJson = "malformed_json", BAD_REQUEST, "The body is not valid JSON";
    /// The URL cannot be read.
    MalformedUrl = "malformed_url", BAD_REQUEST, "The URL is malformed";
    /// A request to a model that is not as its dialect says.
    InvalidRequest = "invalid_request", BAD_REQUEST, "The request is not as it should be";
    /// The body could not be read to its end.
    BrokenBody = "broken_body", BAD_REQUEST, "The body broke off";
    /// The request carries no key.
    MissingKey = "missing_key", UNAUTHORIZED, "A key is needed";
    /// What it carries is no key.
    MalformedKey = "malformed_key", UNAUTHORIZED, "The key is malformed";
    /// A key with a typing error.
    MistypedKey = "mistyped_key", UNAUTHORIZED, "The key has a typing error";
    /// No key of this installation.
    UnknownKey = "unknown_key", UNAUTHORIZED, "The key is unknown";
    /// A key after its last day.
    ExpiredKey = "expired_key", UNAUTHORIZED, "The key has expired";
    /// A key that was revoked.
    RevokedKey = "revoked_key", UNAUTHORIZED, "The key was revoked";
    /// No route has this path.
    UnknownRoute = "unknown_route", NOT_FOUND, "There is nothing at this path";
    /// No category has this name.
    UnknownCategory = "unknown_category", NOT_FOUND, "There is no such category";
    /// The category has no operation of this name.
    UnknownOperation = "unknown_operation", NOT_FOUND, "There is no such operation";
    /// No provider has this name, or it cannot be called as it is.
    UnknownProvider = "unknown_provider", NOT_FOUND, "There is no such provider";
    /// No place has this name.
    PlaceNotFound = "place_not_found", NOT_FOUND, "There is no such place";
    /// The providers know no such thing.
    NotFound = "not_found", NOT_FOUND, "There is no such thing";
    /// No provider serves a model of this name.
    UnknownModel = "unknown_model", NOT_FOUND, "There is no such model";
    /// The path is right, the method is not.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "The method is not allowed here";
    /// The client took too long to send the body.
    BodyTimeout = "body_timeout", REQUEST_TIMEOUT, "The body took too long";
    /// The body is larger than allowed.
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, "The body is too large";
    /// The body is declared as something else than JSON.
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "The body has the wrong type";
    /// Parameters that cannot be used.
    InvalidParameters = "invalid_parameters", UNPROCESSABLE_ENTITY, "The parameters cannot be used";
    /// The body is JSON, but no object.
    BodyNotAnObject = "body_not_an_object", UNPROCESSABLE_ENTITY, "The body is not a JSON object";
    /// The request is longer than any model that could take it.
    TooLong = "context_length_exceeded", BAD_REQUEST, "The request is too long";
    /// The providers refused the request itself.
    Rejected = "rejected", BAD_REQUEST, "The providers refused the request";
    /// All providers of models that could answer have used up their quotas.
    AtLimit = "at_limit", TOO_MANY_REQUESTS, "Every provider is at its limit";
    /// A limit of the caller's.
    LimitReached = "limit_reached", TOO_MANY_REQUESTS, "A limit is reached";
    /// A call whose tokens or money cannot be counted, by a caller whose are limited.
    Uncountable = "uncountable", FORBIDDEN, "What the call takes cannot be counted";
    /// A defect of ours.
    Internal = "internal", INTERNAL_SERVER_ERROR, "Something went wrong here";
    /// Every provider that was asked failed.
    AllFailed = "all_failed", BAD_GATEWAY, "Every provider failed";
    /// Nobody knows whether the effect took place.
    OutcomeUnknown = "outcome_unknown", BAD_GATEWAY, "The outcome is unknown";
    /// No provider can take this call.
    NoCandidate = "no_candidate", SERVICE_UNAVAILABLE, "No provider can take this call";
    /// All providers that could are resting.
    AllSuspended = "all_suspended", SERVICE_UNAVAILABLE, "Every provider is suspended";
    /// The server is about to stop.
    Stopping = "stopping", SERVICE_UNAVAILABLE, "The server is stopping";
    /// Time was up.
    Deadline = "deadline", GATEWAY_TIMEOUT, "Time was up";
}

impl Code {
    /// Its type for RFC 9457: `urn:guichet:problem:all-failed`.
    #[must_use]
    pub fn urn(self) -> String {
        format!("urn:guichet:problem:{}", self.as_str().replace('_', "-"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_codes_share_a_name_or_a_title() {
        let names: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        let titles: HashSet<_> = Code::ALL.iter().map(|code| code.title()).collect();
        assert_eq!(
            (names.len(), titles.len()),
            (Code::ALL.len(), Code::ALL.len())
        );
    }

    #[test]
    fn every_code_is_an_error() {
        for code in Code::ALL {
            assert!(
                code.status().is_client_error() || code.status().is_server_error(),
                "{}",
                code.as_str()
            );
        }
    }

    #[test]
    fn the_whole_list() {
        let line =
            |code: &Code| format!("{} {} {}", code.status().as_u16(), code.urn(), code.title());
        insta::assert_snapshot!(Code::ALL.iter().map(line).collect::<Vec<_>>().join("\n"));
    }
}
