//! Chat completions in OpenAI's shape, whole and as a stream of server-sent events.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame};
use serde::Deserialize;
use serde_json::{Value, json};

/// Content events of a stream, besides the role, the end and the usage.
const WORDS: usize = 100;

/// The prepared answers.
pub(crate) struct Chat {
    /// The answer to a request without `stream`.
    pub(crate) whole: Bytes,
    events: Arc<[Bytes]>,
}

impl Chat {
    pub(crate) fn new() -> Self {
        let usage =
            json!({"prompt_tokens": 20, "completion_tokens": WORDS, "total_tokens": 20 + WORDS});
        let message = json!({"role": "assistant", "content": " word".repeat(WORDS)});
        let whole = json!({
            "id": "chatcmpl-bench", "object": "chat.completion", "created": 1_767_225_600, "model": "bench",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": usage,
        });
        let mut events = vec![chunk(
            &json!({"role": "assistant", "content": ""}),
            &Value::Null,
        )];
        events.extend(vec![
            chunk(&json!({"content": " word"}), &Value::Null);
            WORDS
        ]);
        events.push(chunk(&json!({}), &json!("stop")));
        events.push(event(&json!({
            "id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1_767_225_600, "model": "bench",
            "choices": [], "usage": usage,
        })));
        events.push(Bytes::from_static(b"data: [DONE]\n\n"));
        Self {
            whole: whole.to_string().into(),
            events: events.into(),
        }
    }

    pub(crate) fn events(&self) -> Events {
        Events {
            all: self.events.clone(),
            sent: 0,
        }
    }
}

fn chunk(delta: &Value, finish_reason: &Value) -> Bytes {
    event(&json!({
        "id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1_767_225_600, "model": "bench",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}],
    }))
}

fn event(data: &Value) -> Bytes {
    format!("data: {data}\n\n").into()
}

/// Whether a request's body asks for a stream.
pub(crate) fn wants_stream(body: &[u8]) -> serde_json::Result<bool> {
    #[derive(Deserialize)]
    struct Asked {
        #[serde(default)]
        stream: bool,
    }
    serde_json::from_slice(body).map(|asked: Asked| asked.stream)
}

/// A streamed answer: one frame per event, each ready at once.
pub(crate) struct Events {
    all: Arc<[Bytes]>,
    sent: usize,
}

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = self.all.get(self.sent).cloned();
        self.sent += 1;
        Poll::Ready(next.map(|event| Ok(Frame::data(event))))
    }
}
