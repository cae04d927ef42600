//! A stream that is read, and written in the caller's dialect.

use bytes::Bytes;
use guichet_catalogue::model::ai::Dialect;
use guichet_dialects::chat::{Event, Finish, Usage};
use guichet_dialects::error::{DoorError, Malformed};
use guichet_dialects::framing::{Frame, Frames, Framing};
use guichet_dialects::openai::{chat, completions, responses};
use guichet_dialects::{anthropic, gemini, ollama};

use super::super::answer::id_of;
use super::{Fault, fault_of, unreadable};
use crate::ai::{Door, ModelCall};

/// A stream of another dialect than the caller's.
pub(super) struct Other {
    frames: Frames,
    reader: Reader,
    writer: Writer,
    events: Vec<Event>,
    /// For providers that do not tell.
    created: i64,
    id: String,
    state: State,
}

/// What has come so far.
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about a stream"
)]
struct State {
    started: bool,
    semantic: bool,
    /// Whether text is all that the caller can be told.
    only_text: bool,
    /// Whether something else than text has been said.
    beyond_text: bool,
    done: bool,
    finishes: Vec<(usize, Finish)>,
    usage: Option<Usage>,
    /// The text, if it is gathered.
    said: Option<String>,
}

enum Reader {
    OpenAi(chat::StreamReader),
    Anthropic(anthropic::StreamReader),
    Gemini(gemini::StreamReader),
    Ollama(ollama::StreamReader),
}

enum Writer {
    Chat(chat::StreamWriter),
    Responses(Box<responses::StreamWriter>),
    Completions(completions::StreamWriter),
    Messages(anthropic::StreamWriter),
}

impl Other {
    pub(super) fn new(call: &ModelCall, dialect: Dialect, created: i64, request_id: &str) -> Self {
        Self {
            frames: Frames::new(framing(dialect)),
            reader: Reader::new(dialect),
            writer: Writer::new(call),
            events: Vec::new(),
            created,
            id: id_of(call.door, request_id),
            state: State {
                said: call.wish.resume.then(String::new),
                only_text: call.door == Door::Completions,
                ..State::default()
            },
        }
    }

    pub(super) fn feed(&mut self, bytes: &[u8], out: &mut Vec<Bytes>) -> Result<(), Fault> {
        let comments = self.frames.comments();
        let mut written = Vec::new();
        self.frames.push(bytes);
        let fed = self.read(&mut written);
        if written.is_empty() && self.state.semantic && self.frames.comments() > comments {
            self.writer.write(&Event::KeepAlive, &mut written);
        }
        pass_on(written, out);
        fed
    }

    pub(super) fn finish(&mut self, choices: usize, out: &mut Vec<Bytes>) -> Result<(), Fault> {
        let mut written = Vec::new();
        let ended = self.end(choices, &mut written);
        pass_on(written, out);
        ended
    }

    pub(super) fn fail(&mut self, error: &DoorError, out: &mut Vec<u8>) {
        match &mut self.writer {
            Writer::Chat(_) => chat::write_stream_error(error, out),
            Writer::Responses(writer) => writer.write_error(error, out),
            Writer::Completions(_) => completions::write_stream_error(error, out),
            Writer::Messages(_) => anthropic::write_stream_error(error, out),
        }
        self.state.done = true;
    }

    pub(super) fn semantic(&self) -> bool {
        self.state.semantic
    }

    pub(super) fn done(&self) -> bool {
        self.state.done
    }

    pub(super) fn usage(&self) -> Option<Usage> {
        self.state.usage
    }

    pub(super) fn finishes(&self) -> &[(usize, Finish)] {
        &self.state.finishes
    }

    /// Reads every event that is whole.
    fn read(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        loop {
            let frame = match self.frames.next() {
                Ok(Some(frame)) => frame,
                Ok(None) => return Ok(()),
                Err(malformed) => return Err(unreadable(&malformed)),
            };
            let read = self.reader.read(&frame, &mut self.events);
            self.tell(out)?;
            read.map_err(|malformed| unreadable(&malformed))?;
        }
    }

    fn end(&mut self, choices: usize, out: &mut Vec<u8>) -> Result<(), Fault> {
        let read = match self.frames.last() {
            Ok(Some(frame)) => self.reader.read(&frame, &mut self.events),
            Ok(None) => Ok(()),
            Err(malformed) => Err(malformed),
        };
        self.tell(out)?;
        // What cannot be read was cut off in its middle.
        read.map_err(|_| Fault::CutOff)?;
        self.reader.finish(&mut self.events);
        self.tell(out)?;
        if self.state.done {
            return Ok(());
        }
        if self.state.finishes.len() < choices {
            return Err(Fault::CutOff);
        }
        self.state.done = true;
        self.writer.write(&Event::End, out);
        Ok(())
    }

    /// Tells the caller what has been read, up to a fault.
    fn tell(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        let mut events = std::mem::take(&mut self.events);
        let mut told = Ok(());
        for mut event in events.drain(..) {
            if self.state.done {
                break;
            }
            if let Event::Start { id, created, .. } = &mut event {
                if std::mem::replace(&mut self.state.started, true) {
                    continue;
                }
                created.get_or_insert(self.created);
                if id.is_empty() {
                    id.clone_from(&self.id);
                }
            }
            told = self.state.take(&event);
            if told.is_err() {
                break;
            }
            self.writer.write(&event, out);
        }
        events.clear();
        self.events = events;
        told
    }
}

impl Other {
    /// What comes now begins anew, but is the same answer to the caller.
    pub(super) fn go_on(&mut self, dialect: Dialect) {
        self.frames = Frames::new(framing(dialect));
        self.reader = Reader::new(dialect);
        self.state.finishes.clear();
        self.state.usage = None;
    }

    pub(super) fn said(&self) -> &str {
        self.state.said.as_deref().unwrap_or_default()
    }

    pub(super) fn can_go_on(&self) -> bool {
        let state = &self.state;
        !state.beyond_text && !state.done && state.finishes.is_empty() && !self.said().is_empty()
    }
}

impl State {
    fn take(&mut self, event: &Event) -> Result<(), Fault> {
        let is_told = !self.only_text || matches!(event, Event::Text { .. });
        let says = event.is_semantic() && is_told;
        self.semantic |= says;
        match event {
            Event::Text { choice: 0, text } => {
                if let Some(said) = &mut self.said {
                    said.push_str(text);
                }
            }
            Event::Start { usage, .. } => self.usage = usage.or(self.usage),
            Event::Usage(usage) => self.usage = Some(*usage),
            Event::Finish { choice, reason, .. } => {
                self.finishes.push((*choice, reason.clone()));
                fault_of(&self.finishes).map_or(Ok(()), Err)?;
            }
            Event::Failed(error) => return Err(Fault::Error(error.clone())),
            Event::End => self.done = true,
            // Thoughts before the text do not keep another from going on with it.
            Event::Thinking { .. } | Event::Signature { .. } => {}
            _ => self.beyond_text |= says,
        }
        Ok(())
    }
}

impl Reader {
    fn new(dialect: Dialect) -> Self {
        match dialect {
            Dialect::OpenAi => Self::OpenAi(chat::StreamReader::default()),
            Dialect::Anthropic => Self::Anthropic(anthropic::StreamReader::default()),
            Dialect::Gemini => Self::Gemini(gemini::StreamReader::default()),
            Dialect::Ollama => Self::Ollama(ollama::StreamReader::default()),
        }
    }

    fn read(&mut self, frame: &Frame<'_>, events: &mut Vec<Event>) -> Result<(), Malformed> {
        match self {
            Self::OpenAi(reader) => reader.read(frame, events),
            Self::Anthropic(reader) => reader.read(frame, events),
            Self::Gemini(reader) => reader.read(frame, events),
            Self::Ollama(reader) => reader.read(frame, events),
        }
    }

    fn finish(&mut self, events: &mut Vec<Event>) {
        match self {
            Self::OpenAi(reader) => reader.finish(events),
            Self::Anthropic(reader) => reader.finish(events),
            Self::Gemini(reader) => reader.finish(events),
            Self::Ollama(reader) => reader.finish(events),
        }
    }
}

impl Writer {
    /// For the caller. A body that repeats nothing readable has been refused before anybody was asked.
    fn new(call: &ModelCall) -> Self {
        let body = &call.body;
        match call.door {
            Door::Responses => {
                let echo = responses::Echo::read(body).unwrap_or_default();
                Self::Responses(Box::new(responses::StreamWriter::new(echo)))
            }
            Door::Completions => {
                let echo = completions::Echo::read(body).unwrap_or_default();
                Self::Completions(completions::StreamWriter::new(echo))
            }
            Door::Messages => Self::Messages(anthropic::StreamWriter::default()),
            _ => Self::Chat(chat::StreamWriter::new(call.facts.stream_usage)),
        }
    }

    fn write(&mut self, event: &Event, out: &mut Vec<u8>) {
        match self {
            Self::Chat(writer) => writer.write(event, out),
            Self::Responses(writer) => writer.write(event, out),
            Self::Completions(writer) => writer.write(event, out),
            Self::Messages(writer) => writer.write(event, out),
        }
    }
}

fn framing(dialect: Dialect) -> Framing {
    match dialect {
        Dialect::Ollama => Framing::JsonLines,
        Dialect::OpenAi | Dialect::Anthropic | Dialect::Gemini => Framing::ServerSentEvents,
    }
}

fn pass_on(written: Vec<u8>, out: &mut Vec<Bytes>) {
    if !written.is_empty() {
        out.push(written.into());
    }
}
