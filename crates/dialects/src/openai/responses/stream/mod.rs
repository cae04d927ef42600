//! A stream of Responses events, written from the events of the common form.
//!
//! Text and thoughts are open one at a time, as they come; calls stay open until the answer's end, because providers
//! mix the fragments of parallel calls.
//!
//! Source: openai-python 3.54, `types/responses/response_*_event.py`.

mod output;
mod sender;
#[cfg(test)]
mod tests;

use self::output::Output;
use self::sender::Sender;
use super::answer::response_id;
use super::echo::Echo;
use super::response::{FAILED, Outcome, Response, State};
use crate::chat::{Event, Finish, Usage};
use crate::error::DoorError;

/// Writes the stream of one response.
#[derive(Debug)]
pub struct StreamWriter {
    echo: Echo,
    id: String,
    model: String,
    created: i64,
    usage: Option<Usage>,
    output: Output,
    finish: Option<Finish>,
    started: bool,
    ended: bool,
}

impl StreamWriter {
    /// For the answer to the request that `echo` repeats.
    #[must_use]
    pub fn new(echo: Echo) -> Self {
        Self {
            echo,
            id: String::new(),
            model: String::new(),
            created: 0,
            usage: None,
            output: Output::default(),
            finish: None,
            started: false,
            ended: false,
        }
    }

    /// Appends what an event is in this dialect. Only the first answer is told: the dialect knows no others.
    pub fn write(&mut self, event: &Event, out: &mut Vec<u8>) {
        if self.ended || choice_of(event) > 0 {
            return;
        }
        match event {
            Event::Start {
                id,
                model,
                created,
                usage,
            } => {
                self.id = response_id(id);
                self.model.clone_from(model);
                self.created = created.unwrap_or(0);
                self.usage = *usage;
                self.start(out);
            }
            Event::KeepAlive => out.extend_from_slice(b": keep-alive\n\n"),
            Event::Usage(usage) => self.usage = Some(*usage),
            Event::Failed(error) => {
                let code = error.code.as_deref().or(error.kind.as_deref());
                self.fail(Outcome::Failed("server_error"), code, FAILED, None, out);
            }
            Event::End => self.end(out),
            Event::Finish { reason, .. } => self.finish = Some(reason.clone()),
            piece => {
                self.start(out);
                self.output.write(piece, out);
            }
        }
    }

    /// Appends the end of a stream that failed after it had begun: the dialect's error event, and the response as a
    /// failed one.
    pub fn write_error(&mut self, error: &DoorError, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        let outcome = Outcome::of_failure(error.kind);
        self.fail(
            outcome,
            error.code.as_deref(),
            &error.message,
            error.param.as_deref(),
            out,
        );
    }

    fn start(&mut self, out: &mut Vec<u8>) {
        if self.started {
            return;
        }
        self.started = true;
        if self.id.is_empty() {
            self.id = response_id("");
        }
        self.output.name(&self.id);
        self.respond("response.created", Outcome::InProgress, out);
        self.respond("response.in_progress", Outcome::InProgress, out);
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.start(out);
        let finish = self.finish.take().unwrap_or(Finish::Stop);
        self.conclude(Outcome::of(&finish, self.output.refuses()), out);
    }

    fn fail(
        &mut self,
        outcome: Outcome,
        code: Option<&str>,
        message: &str,
        param: Option<&str>,
        out: &mut Vec<u8>,
    ) {
        self.start(out);
        let (kind, word) = outcome.of_error();
        let code = code.unwrap_or(word);
        self.output.sender(out).send("error", |event| {
            // The official types have the members here, the service itself has them within `error`; clients read
            // either.
            event.put("code", code);
            event.put("message", message);
            event.put("param", param);
            event.object("error", |error| {
                error.put("type", kind);
                error.put("code", code);
                error.put("message", message);
                error.put("param", param);
            });
        });
        // What is open is not ended: a client would call a tool with half of its arguments.
        self.output.abandon();
        self.conclude(outcome, out);
    }

    fn conclude(&mut self, outcome: Outcome, out: &mut Vec<u8>) {
        self.output.close_all(outcome, out);
        let kind = match outcome {
            Outcome::Incomplete(_) => "response.incomplete",
            Outcome::Failed(_) => "response.failed",
            Outcome::Completed | Outcome::InProgress => "response.completed",
        };
        self.respond(kind, outcome, out);
        self.ended = true;
    }

    /// An event that has the response as a whole.
    fn respond(&mut self, kind: &'static str, outcome: Outcome, out: &mut Vec<u8>) {
        let state = State {
            id: &self.id,
            created: self.created,
            model: &self.model,
            outcome,
            output: self.output.items().collect(),
            usage: self.usage.filter(|_| outcome != Outcome::InProgress),
        };
        let response = Response::new(state, &self.echo);
        let mut sequence = self.output.sequence;
        let mut sender = Sender {
            out,
            sequence: &mut sequence,
        };
        sender.send(kind, |event| event.put("response", response));
        self.output.sequence = sequence;
    }
}

/// Which answer an event is of.
fn choice_of(event: &Event) -> usize {
    match event {
        Event::Text { choice, .. }
        | Event::Thinking { choice, .. }
        | Event::Signature { choice, .. }
        | Event::Refusal { choice, .. }
        | Event::ToolCall { choice, .. }
        | Event::Arguments { choice, .. }
        | Event::Whole { choice, .. }
        | Event::Citations { choice, .. }
        | Event::Logprobs { choice, .. }
        | Event::Finish { choice, .. } => *choice,
        Event::Start { .. }
        | Event::Usage(_)
        | Event::KeepAlive
        | Event::Failed(_)
        | Event::End => 0,
    }
}
