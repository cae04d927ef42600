//! Which of the two dialects a caller speaks.

use guichet_engine::ai;
use http::request::Parts;

use crate::router::Door;

/// What a caller's client was made for: it says how errors and lists of models are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    OpenAi,
    Anthropic,
}

/// Whether a path is under `/v1`.
pub(crate) fn is_here(path: &str) -> bool {
    path.strip_prefix("/v1")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Dialect {
    /// Of a request that came to this door. Where both kinds of client come, Anthropic's are known by the header that
    /// they always send.
    pub(crate) fn of(head: &Parts, door: Option<Door>) -> Self {
        let is_anthropic = match door {
            Some(Door::Ask(ai::Door::Messages) | Door::CountTokens) => true,
            Some(Door::Ask(_)) => false,
            _ => {
                head.headers.contains_key("anthropic-version")
                    || head.uri.path().starts_with("/v1/messages")
            }
        };
        if is_anthropic {
            Self::Anthropic
        } else {
            Self::OpenAi
        }
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;
    use crate::router;

    fn of(path: &str, anthropic: bool) -> Dialect {
        let mut request = Request::get(path);
        if anthropic {
            request = request.header("anthropic-version", "2023-06-01");
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        let door = router::find(path).map(|found| found.route.door);
        Dialect::of(&head, door)
    }

    #[test]
    fn the_door_says_it_or_else_the_header() {
        assert_eq!(of("/v1/chat/completions", true), Dialect::OpenAi);
        assert_eq!(of("/v1/messages", false), Dialect::Anthropic);
        assert_eq!(of("/v1/messages/count_tokens", false), Dialect::Anthropic);
        assert_eq!(of("/v1/messages/batches", false), Dialect::Anthropic);
        assert_eq!(of("/v1/models", false), Dialect::OpenAi);
        assert_eq!(of("/v1/models", true), Dialect::Anthropic);
        assert_eq!(of("/v1/files", true), Dialect::Anthropic);
        assert_eq!(of("/v1/files", false), Dialect::OpenAi);
    }

    #[test]
    fn only_what_is_under_the_prefix_is_here() {
        assert!(is_here("/v1") && is_here("/v1/") && is_here("/v1/files"));
        assert!(!is_here("/v10/files") && !is_here("/api/v1") && !is_here("*"));
    }
}
