//! Which tool call a fragment belongs to, whatever index, id and name the provider gives with it.

use serde_json::Value;

use crate::{chat::Event, openai::ids};

/// The calls of one answer of a stream.
#[derive(Debug, Default)]
pub(super) struct Calls {
    list: Vec<Call>,
}

#[derive(Debug)]
struct Call {
    /// The provider's index, where it gave one.
    index: Option<u64>,
    /// The provider's id, or none.
    told: String,
    /// What the reader of the events knows it by.
    id: String,
    name: String,
    /// What has come so far: it tells whether a name that comes again begins another call.
    arguments: String,
    signature: Option<String>,
    announced: bool,
}

/// What a chunk says of a call.
#[derive(Debug, Default)]
pub(super) struct Fragment {
    pub(super) index: Option<u64>,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) arguments: String,
    pub(super) signature: Option<String>,
}

impl Calls {
    /// Whether there has been a call.
    pub(super) fn any(&self) -> bool {
        !self.list.is_empty()
    }

    /// Takes a fragment; false = it belongs to no call. `answer` is the id of the answer, `choice` its place.
    pub(super) fn take(
        &mut self,
        fragment: Fragment,
        answer: &str,
        choice: usize,
        events: &mut Vec<Event>,
    ) -> bool {
        let call = match self.find(&fragment) {
            Some(call) => call,
            None if fragment.id.is_empty() && fragment.name.is_empty() => {
                return fragment.arguments.is_empty();
            }
            None => self.begin(&fragment, answer, choice),
        };
        let begun = &mut self.list[call];
        if begun.name.is_empty() {
            begun.name = fragment.name;
        }
        let had_signature = begun.signature.is_some();
        begun.signature = begun.signature.take().or(fragment.signature);
        begun.arguments.push_str(&fragment.arguments);
        if begun.announced {
            if let Some(signature) = begun.signature.clone().filter(|_| !had_signature) {
                events.push(Event::Signature { choice, signature });
            }
            push_arguments(events, choice, call, &fragment.arguments);
        } else if !begun.name.is_empty() {
            begun.announced = true;
            events.push(Event::ToolCall {
                choice,
                call,
                id: begun.id.clone(),
                name: begun.name.clone(),
                signature: begun.signature.clone(),
            });
            push_arguments(events, choice, call, &begun.arguments);
        }
        true
    }

    /// The call that a fragment continues. An id or a name that has not been there begins a new one, even under an
    /// index that has been (Ollama's and Gemini's is always 0).
    fn find(&self, fragment: &Fragment) -> Option<usize> {
        let same_index = |call: &Call| fragment.index.is_none() || call.index == fragment.index;
        if !fragment.id.is_empty() {
            return self.position(|call| {
                call.told == fragment.id
                    && same_index(call)
                    && (fragment.name.is_empty() || !call.whole_before(&fragment.name))
                    || call.told.is_empty() && call.name.is_empty() && same_index(call)
            });
        }
        let found = self.position(same_index)?;
        let call = &self.list[found];
        let continues = fragment.name.is_empty()
            || call.name.is_empty()
            || call.name == fragment.name && !call.whole();
        continues.then_some(found)
    }

    fn position(&self, of: impl Fn(&Call) -> bool) -> Option<usize> {
        self.list.iter().rposition(of)
    }

    fn begin(&mut self, fragment: &Fragment, answer: &str, choice: usize) -> usize {
        let call = self.list.len();
        let taken = self.list.iter().any(|before| before.id == fragment.id);
        let id = if fragment.id.is_empty() || taken {
            // Unique within the conversation as long as the answer's id is.
            ids::made(&[
                answer,
                &choice.to_string(),
                &call.to_string(),
                &fragment.name,
            ])
        } else {
            fragment.id.clone()
        };
        self.list.push(Call {
            index: fragment.index,
            told: fragment.id.clone(),
            id,
            name: String::new(),
            arguments: String::new(),
            signature: None,
            announced: false,
        });
        call
    }
}

impl Call {
    /// Whether its arguments are a whole object: nothing can follow.
    fn whole(&self) -> bool {
        self.arguments.trim_end().ends_with('}')
            && serde_json::from_str::<serde::de::IgnoredAny>(&self.arguments).is_ok()
    }

    /// Whether it is over and the name that comes is of another.
    fn whole_before(&self, name: &str) -> bool {
        self.whole() || !self.name.is_empty() && self.name != name
    }
}

fn push_arguments(events: &mut Vec<Event>, choice: usize, call: usize, fragment: &str) {
    if !fragment.is_empty() {
        events.push(Event::Arguments {
            choice,
            call,
            fragment: fragment.to_owned(),
        });
    }
}

impl Fragment {
    /// Reads an element of `delta.tool_calls`. Anything that is missing, null or of another type counts as not there.
    pub(super) fn read(value: &Value) -> Self {
        let function = value.get("function");
        let text =
            |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        Self {
            index: value.get("index").and_then(Value::as_u64),
            id: text(value.get("id")),
            name: text(function.and_then(|function| function.get("name"))),
            arguments: match function.and_then(|function| function.get("arguments")) {
                Some(object @ Value::Object(_)) => object.to_string(),
                other => text(other),
            },
            signature: value
                .get("extra_content")
                .and_then(super::super::message::signature),
        }
    }
}
