//! Answers of models, whole and as streams of server-sent events, in the dialects that providers speak. What is said is
//! the same in each, so that what differs between two of them is the dialect. The name of the model chooses how a
//! stream comes.

mod anthropic;
mod gemini;
mod openai;
mod stream;

use std::sync::Arc;

use bytes::Bytes;
use hyper::{Method, Uri};
use serde::Deserialize;

pub(crate) use stream::Events;
use stream::Pace;

/// Events with content of a stream whose events are ready together.
const BURST_WORDS: usize = 500;
/// Words of a whole answer: a short paragraph.
const WHOLE_WORDS: usize = 100;
/// Events with content of a stream that comes word by word.
const PACED_WORDS: usize = 50;

/// What one dialect says.
struct Spoken {
    whole: Bytes,
    burst: Arc<[Bytes]>,
    paced: Arc<[Bytes]>,
}

impl Spoken {
    fn new(whole: fn(usize) -> Bytes, stream: fn(usize) -> Vec<Bytes>) -> Self {
        Self {
            whole: whole(WHOLE_WORDS),
            burst: stream(BURST_WORDS).into(),
            paced: stream(PACED_WORDS).into(),
        }
    }
}

/// The prepared answers of all dialects.
pub(crate) struct Chat {
    openai: Spoken,
    anthropic: Spoken,
    gemini: Spoken,
}

/// An answer that was chosen.
pub(crate) enum Chosen {
    /// One JSON document.
    Whole(Bytes),
    /// Server-sent events.
    Stream(Events),
}

/// What of a request decides the answer. Gemini's say it in the URL.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    stream: bool,
    #[serde(default)]
    model: String,
}

impl Chat {
    pub(crate) fn new() -> Self {
        Self {
            openai: Spoken::new(openai::whole, openai::stream),
            anthropic: Spoken::new(anthropic::whole, anthropic::stream),
            gemini: Spoken::new(gemini::whole, gemini::stream),
        }
    }

    /// The answer to a request with this body; none where no model is asked. The error is that of a body which is not JSON.
    pub(crate) fn answer(
        &self,
        method: &Method,
        uri: &Uri,
        body: &[u8],
    ) -> Option<serde_json::Result<Chosen>> {
        if *method != Method::POST {
            return None;
        }
        let spoken = match uri.path() {
            "/v1/chat/completions" => &self.openai,
            "/v1/messages" => &self.anthropic,
            path => {
                let asked = gemini_asked(path)?;
                return Some(Ok(chosen(&self.gemini, &asked)));
            }
        };
        Some(serde_json::from_slice(body).map(|asked| chosen(spoken, &asked)))
    }
}

/// `/v1beta/models/MODEL:streamGenerateContent`.
fn gemini_asked(path: &str) -> Option<Asked> {
    let (model, method) = path.strip_prefix("/v1beta/models/")?.split_once(':')?;
    let stream = match method {
        "generateContent" => false,
        "streamGenerateContent" => true,
        _ => return None,
    };
    Some(Asked {
        stream,
        model: model.to_owned(),
    })
}

fn chosen(spoken: &Spoken, asked: &Asked) -> Chosen {
    if !asked.stream {
        return Chosen::Whole(spoken.whole.clone());
    }
    let (events, pace) = match asked.model.as_str() {
        "paced" => (&spoken.paced, Pace::Steady),
        "held" => (&spoken.paced, Pace::Held),
        _ => (&spoken.burst, Pace::Together),
    };
    Chosen::Stream(Events::new(Arc::clone(events), pace))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(uri: &str, body: &str) -> Option<serde_json::Result<Chosen>> {
        Chat::new().answer(&Method::POST, &uri.parse().unwrap(), body.as_bytes())
    }

    #[test]
    fn each_dialect_is_asked_where_it_lives() {
        for uri in [
            "/v1/chat/completions",
            "/v1/messages",
            "/v1beta/models/chat:generateContent",
        ] {
            let Some(Ok(Chosen::Whole(body))) = answer(uri, "{}") else {
                panic!("{uri} has no whole answer");
            };
            let text = String::from_utf8(body.to_vec()).unwrap();
            assert_eq!(text.matches(" word").count(), WHOLE_WORDS, "{uri}");
        }
        assert!(answer("/v1/other", "{}").is_none());
        assert!(answer("/v1beta/models/chat:countTokens", "{}").is_none());
        assert!(answer("/v1/messages", "not JSON").is_some_and(|answer| answer.is_err()));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn streams_are_asked_for_in_the_body_or_in_the_url() {
        for (uri, body) in [
            ("/v1/chat/completions", r#"{"stream":true}"#),
            ("/v1/messages", r#"{"stream":true,"model":"paced"}"#),
            (
                "/v1beta/models/chat:streamGenerateContent?alt=sse",
                "not read",
            ),
        ] {
            let answered = answer(uri, body);
            assert!(matches!(answered, Some(Ok(Chosen::Stream(_)))), "{uri}");
        }
    }
}
