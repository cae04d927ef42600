//! A conversation line by line.

use std::io::BufRead;

use tokio::signal::ctrl_c;
use tokio::sync::mpsc::{Receiver, channel};

use super::ask::Asking;
use super::conversation::Conversation;
use super::said::{self, Said};
use crate::failure::Verdict;
use crate::output::{self, progress};

const QUIT: &str = "/quit";

/// Answers what is typed until it is enough.
pub(super) async fn talk(
    mut asking: Asking,
    mut conversation: Conversation,
    stream: bool,
) -> anyhow::Result<Verdict> {
    progress("/quit or Ctrl-D ends the conversation, Ctrl-C an answer.");
    let mut lines = lines();
    loop {
        output::print("> ")?;
        let line = tokio::select! {
            line = lines.recv() => line.transpose()?,
            _ = ctrl_c() => None,
        };
        let Some(line) = line else {
            output::print("\n")?;
            return Ok(Verdict::Good);
        };
        match line.trim() {
            "" => continue,
            QUIT => return Ok(Verdict::Good),
            text => conversation.say(text.to_owned()),
        }
        match said::aloud(&mut asking, &conversation, stream).await? {
            Said::Whole(text) => conversation.answered(text),
            Said::Failed | Said::Interrupted => conversation.take_back(),
        }
    }
}

/// Lines of stdin, read by a thread of their own: such a read cannot be given up.
fn lines() -> Receiver<std::io::Result<String>> {
    let (sender, lines) = channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            if sender.blocking_send(line).is_err() {
                break;
            }
        }
    });
    lines
}
