//! One answer, shown as it comes.

use std::io::IsTerminal;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use guichet_catalogue::model::OperationId;
use guichet_dialects::chat::{Event, Part};
use guichet_dialects::framing::{Frames, Framing};
use guichet_dialects::openai::chat::{StreamReader, read_answer};
use guichet_engine::ai::{ModelAnswer, ModelContent};
use tokio::signal::ctrl_c;

use super::ask::Asking;
use super::conversation::Conversation;
use super::report;
use crate::commands::call::report as refusals;
use crate::context::Context;
use crate::failure::Verdict;
use crate::output::{self, Paint, progress};

/// How an answer ended.
pub(super) enum Said {
    /// Well, with this text.
    Whole(String),
    /// Badly, as stderr says.
    Failed,
    /// The person has had enough.
    Interrupted,
}

impl Said {
    pub(super) fn verdict(&self) -> Verdict {
        match self {
            Self::Whole(_) => Verdict::Good,
            Self::Failed => Verdict::Problem,
            Self::Interrupted => Verdict::Interrupted,
        }
    }
}

/// Prints the answer to a conversation on stdout, and on stderr who gave it. Ctrl-C ends it.
pub(super) async fn aloud(
    asking: &mut Asking,
    conversation: &Conversation,
    stream: bool,
) -> anyhow::Result<Said> {
    let asked = tokio::select! {
        asked = asking.ask(conversation, stream) => asked?,
        _ = ctrl_c() => return Ok(Said::Interrupted),
    };
    let answer = match asked {
        Ok(answer) => answer,
        Err((refusal, request_id)) => {
            let id = operation();
            let report = refusals::Refused::new(&id, &refusal, &request_id);
            progress(&refusals::refused(&report, Paint::NONE));
            // What was tried for it is known, and of no interest.
            let _used = asking.used().await;
            return Ok(Said::Failed);
        }
    };
    let ModelAnswer {
        provider,
        model,
        attempts,
        dropped,
        content,
        ..
    } = answer;
    let said = match content {
        ModelContent::Whole { body, .. } => {
            let text = text_of(&body)?;
            output::print(&format!("{}\n", printable(&text)))?;
            Said::Whole(text)
        }
        ModelContent::Stream(stream) => streamed(stream).await?,
    };
    let used = asking.used().await;
    let who = report::Who::new(&provider, &model, attempts.len(), &dropped, used.as_ref());
    progress(&who.line());
    Ok(said)
}

/// Prints the answer and who gave it as one JSON object.
pub(super) async fn as_json(
    context: &Context,
    mut asking: Asking,
    conversation: &Conversation,
) -> anyhow::Result<Verdict> {
    let asked = tokio::select! {
        asked = asking.ask(conversation, false) => asked?,
        _ = ctrl_c() => return Ok(Verdict::Interrupted),
    };
    let answer = match asked {
        Ok(answer) => answer,
        Err((refusal, request_id)) => {
            let id = operation();
            let report = refusals::Refused::new(&id, &refusal, &request_id);
            context.output.show(&report, refusals::refused)?;
            return Ok(Verdict::Problem);
        }
    };
    let ModelContent::Whole { body, .. } = &answer.content else {
        anyhow::bail!("a stream came where a whole answer was asked for");
    };
    let used = asking.used().await;
    let who = report::Who::new(
        &answer.provider,
        &answer.model,
        answer.attempts.len(),
        &answer.dropped,
        used.as_ref(),
    );
    let report = report::Answered {
        text: text_of(body)?,
        who,
    };
    context
        .output
        .show(&report, |report, _| format!("{}\n", report.text))?;
    Ok(Verdict::Good)
}

/// Prints text as it comes.
async fn streamed(mut stream: BoxStream<'static, Bytes>) -> anyhow::Result<Said> {
    let mut hearing = Hearing::default();
    loop {
        let bytes = tokio::select! {
            bytes = stream.next() => bytes,
            _ = ctrl_c() => {
                output::print("\n")?;
                return Ok(Said::Interrupted);
            }
        };
        let more = match &bytes {
            Some(bytes) => hearing.hear(bytes)?,
            None => break,
        };
        output::print(&printable(&more))?;
    }
    output::print("\n")?;
    Ok(match hearing.failure() {
        Some(failure) => {
            progress(&format!("error: {failure}"));
            Said::Failed
        }
        None => Said::Whole(hearing.text),
    })
}

/// Reads a stream's text.
struct Hearing {
    frames: Frames,
    reader: StreamReader,
    text: String,
    whole: bool,
    failure: Option<String>,
}

impl Default for Hearing {
    fn default() -> Self {
        Self {
            frames: Frames::new(Framing::ServerSentEvents),
            reader: StreamReader::default(),
            text: String::new(),
            whole: false,
            failure: None,
        }
    }
}

impl Hearing {
    /// What these bytes add to the text.
    fn hear(&mut self, bytes: &[u8]) -> anyhow::Result<String> {
        self.frames.push(bytes);
        let mut events = Vec::new();
        while let Some(frame) = self.frames.next()? {
            self.reader.read(&frame, &mut events)?;
        }
        let mut more = String::new();
        for event in events {
            match event {
                Event::Text { choice: 0, text } | Event::Refusal { choice: 0, text } => {
                    more.push_str(&text);
                }
                Event::Failed(error) => self.failure = Some(error.message),
                Event::End => self.whole = true,
                _ => {}
            }
        }
        self.text.push_str(&more);
        Ok(more)
    }

    /// What was wrong with the stream, now that it has ended.
    fn failure(&self) -> Option<&str> {
        let broken = (!self.whole).then_some("the answer broke off");
        self.failure.as_deref().or(broken)
    }
}

fn text_of(body: &[u8]) -> anyhow::Result<String> {
    let answer = read_answer(body)?;
    let parts = answer
        .choices
        .iter()
        .take(1)
        .flat_map(|choice| &choice.parts);
    Ok(parts
        .filter_map(|part| match part {
            Part::Text { text, .. } | Part::Refusal(text) => Some(text.as_str()),
            _ => None,
        })
        .collect())
}

/// On a terminal, what a model says may not move the cursor, change colours or write to the clipboard.
fn printable(text: &str) -> String {
    if std::io::stdout().is_terminal() {
        without_controls(text)
    } else {
        text.to_owned()
    }
}

fn without_controls(text: &str) -> String {
    let harmless = |letter: &char| !letter.is_control() || matches!(letter, '\n' | '\t');
    text.chars().filter(harmless).collect()
}

fn operation() -> OperationId {
    OperationId {
        category: "ai".into(),
        name: "chat".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(stream: &str) -> Hearing {
        let mut hearing = Hearing::default();
        for piece in stream.as_bytes().chunks(7) {
            hearing.hear(piece).unwrap();
        }
        hearing
    }

    const HELLO: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"}}]}\n\n\
        data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lo\"},\"finish_reason\":\"stop\"}]}\n\n";

    #[test]
    fn a_whole_stream_is_a_text_and_a_broken_one_a_failure() {
        let whole = heard(&format!("{HELLO}data: [DONE]\n\n"));
        assert_eq!((whole.text.as_str(), whole.failure()), ("Hello", None));
        assert_eq!(heard(HELLO).failure(), Some("the answer broke off"));
        let failed = heard(&format!(
            "{HELLO}data: {{\"error\":{{\"message\":\"out of capacity\"}}}}\n\n"
        ));
        assert_eq!(failed.failure(), Some("out of capacity"));
    }

    #[test]
    fn a_model_does_not_steer_the_terminal() {
        assert_eq!(without_controls("a\x1b[2J\tb\r\n\u{9b}c"), "a[2J\tb\nc");
    }
}
