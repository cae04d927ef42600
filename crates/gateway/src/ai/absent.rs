//! What OpenAI and Anthropic have under `/v1` and this server has not, and what to do instead.

use crate::codes::Code;
use crate::problem::Problem;

/// First words of paths after `/v1/`, what they are, and the way out. The first that fits holds.
const ABSENT: [(&str, &str); 24] = [
    (
        "responses",
        "keeps no responses: send the whole conversation in `input`",
    ),
    ("chat/completions", "keeps no completions"),
    (
        "messages/batches",
        "has no batches: send each message by itself",
    ),
    (
        "files",
        "keeps no files: send what they hold within the request",
    ),
    (
        "uploads",
        "keeps no files: send what they hold within the request",
    ),
    (
        "assistants",
        "has no assistants: use `/v1/chat/completions` or `/v1/responses`",
    ),
    (
        "threads",
        "keeps no threads: send the whole conversation with each request",
    ),
    (
        "conversations",
        "keeps no conversations: send the whole conversation with each request",
    ),
    (
        "vector_stores",
        "has no vector stores: `/v1/embeddings` makes vectors and `/v1/rerank` sorts by them",
    ),
    ("fine_tuning", "trains no models"),
    ("batches", "has no batches: send each request by itself"),
    ("evals", "has no evaluations"),
    ("graders", "has no evaluations"),
    ("containers", "has no containers"),
    (
        "realtime",
        "has no realtime sessions: use a stream of `/v1/chat/completions`",
    ),
    (
        "images/edits",
        "edits no pictures: `/v1/images/generations` makes them",
    ),
    (
        "images/variations",
        "varies no pictures: `/v1/images/generations` makes them",
    ),
    (
        "audio/voices",
        "keeps no voices: name one of the provider's",
    ),
    ("videos", "makes no videos"),
    ("skills", "has no skills"),
    ("chatkit", "has no sessions of ChatKit"),
    ("organization", "has no administration under `/v1`"),
    ("organizations", "has no administration under `/v1`"),
    (
        "complete",
        "has no text completions of Anthropic's: use `/v1/messages`",
    ),
];

/// The refusal of a path under `/v1` that has no route.
pub(crate) fn unknown_route(path: &str) -> Problem {
    let words = path.trim_start_matches("/v1").trim_matches('/');
    let is_of = |name: &str| {
        words
            .strip_prefix(name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let known = ABSENT.iter().find(|(name, _)| is_of(name));
    let detail = match known {
        Some((_, what)) => format!("this server {what}"),
        None => "there is nothing at this path; /docs shows every path".to_owned(),
    };
    Problem::new(Code::UnknownRoute, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router;

    #[test]
    fn what_is_absent_is_named_with_the_way_out() {
        let said = |path: &str| unknown_route(path).detail().to_owned();
        assert!(said("/v1/files/file-1").starts_with("this server keeps no files"));
        assert!(said("/v1/responses/resp_1").starts_with("this server keeps no responses"));
        assert!(said("/v1/filesystem").starts_with("there is nothing"));
    }

    #[test]
    fn nothing_that_is_served_is_called_absent() {
        for (name, _) in ABSENT {
            let below = format!("/v1/{name}/x");
            assert!(router::find(&below).is_none(), "{below}");
        }
    }
}
