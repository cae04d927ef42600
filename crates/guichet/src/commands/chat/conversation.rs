//! What was said so far.

use bytes::Bytes;
use serde::Serialize;

/// The turns of a conversation.
#[derive(Debug, Clone, Default)]
pub(super) struct Conversation {
    turns: Vec<Turn>,
}

#[derive(Debug, Clone, Serialize)]
struct Turn {
    role: &'static str,
    content: String,
}

/// OpenAI's request.
#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    messages: &'a [Turn],
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

impl Conversation {
    pub(super) fn new(system: Option<String>) -> Self {
        let mut conversation = Self::default();
        if let Some(system) = system {
            conversation.add("system", system);
        }
        conversation
    }

    /// The person says something.
    pub(super) fn say(&mut self, text: String) {
        self.add("user", text);
    }

    /// The model has answered.
    pub(super) fn answered(&mut self, text: String) {
        self.add("assistant", text);
    }

    /// What was said last is taken back: nobody has answered it.
    pub(super) fn take_back(&mut self) {
        self.turns.pop();
    }

    /// The request for the next answer.
    pub(super) fn request(&self, model: &str, stream: bool) -> serde_json::Result<Bytes> {
        let request = Request {
            model,
            messages: &self.turns,
            stream,
            stream_options: stream.then_some(StreamOptions {
                include_usage: true,
            }),
        };
        serde_json::to_vec(&request).map(Bytes::from)
    }

    fn add(&mut self, role: &'static str, content: String) {
        self.turns.push(Turn { role, content });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_holds_every_turn_that_was_answered() {
        let mut conversation = Conversation::new(Some("be brief".into()));
        conversation.say("one?".into());
        conversation.answered("1".into());
        conversation.say("lost".into());
        conversation.take_back();
        conversation.say("two?".into());
        let body = conversation.request("auto", false).unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let messages = body["messages"].as_array().unwrap().iter();
        let said: Vec<&str> = messages
            .map(|turn| turn["content"].as_str().unwrap())
            .collect();
        assert_eq!(said, ["be brief", "one?", "1", "two?"]);
        assert_eq!(body["messages"][0]["role"], "system");
        assert!(body.get("stream_options").is_none());
    }
}
