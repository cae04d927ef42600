//! `guichet chat "…"`: a conversation with a model through the whole engine, without a server.

mod ask;
mod conversation;
mod report;
mod said;
mod talk;

use std::io::{IsTerminal, Read};

use anyhow::Context as _;

use crate::context::{self, Context};
use crate::failure::{Usage, Verdict};
use crate::installation::Installation;
use ask::Asking;
use conversation::Conversation;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What to say; what stdin holds is appended. With neither, on a terminal, a conversation begins
    prompt: Option<String>,
    /// provider/model, a plain name, one of your own, auto, auto:fast …; several are tried in order
    #[arg(long, value_name = "NAME,…", default_value = "auto")]
    model: String,
    /// What the model is told before everything else
    #[arg(long, value_name = "TEXT")]
    system: Option<String>,
    /// Only models that cost nothing
    #[arg(long)]
    free: bool,
    /// Wait for the whole answer
    #[arg(long)]
    no_stream: bool,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<Verdict> {
    let models = models(&arguments.model)?;
    let terminal = std::io::stdin().is_terminal();
    let prompt = prompt(arguments.prompt.as_deref(), terminal)?;
    let config = context.config()?;
    let catalogue = context::catalogue(&config)?;
    let installation = Installation::open(&config.settings).await?;
    let engine = installation.engine(&config.settings, catalogue).await?;
    let usage = installation.record_usage(&engine);
    engine.discover_once().await;
    let mut asking = Asking::new(engine.clone(), models, arguments.free);
    let mut conversation = Conversation::new(arguments.system);
    let verdict = match prompt {
        Some(prompt) if context.json_asked() => {
            conversation.say(prompt);
            said::as_json(context, asking, &conversation).await
        }
        Some(prompt) => {
            conversation.say(prompt);
            let said = said::aloud(&mut asking, &conversation, !arguments.no_stream).await;
            said.map(|said| said.verdict())
        }
        None => talk::talk(asking, conversation, !arguments.no_stream).await,
    };
    // What was spent is remembered, however it ended.
    engine.flush().await;
    usage.flush().await;
    verdict
}

fn models(text: &str) -> Result<Vec<String>, Usage> {
    let names = text.split(',').map(str::trim);
    let names: Vec<String> = names
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    if names.is_empty() {
        return Err(Usage("--model names no model; `auto` takes any".into()));
    }
    Ok(names)
}

/// What is to be said; none where a conversation is to begin.
fn prompt(given: Option<&str>, terminal: bool) -> anyhow::Result<Option<String>> {
    let mut piped = String::new();
    if !terminal {
        let read = std::io::stdin().read_to_string(&mut piped);
        read.context("stdin holds no text")?;
    }
    let parts = [given.unwrap_or_default(), &piped].map(str::trim);
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    if !parts.is_empty() {
        return Ok(Some(parts.join("\n\n")));
    }
    if terminal && given.is_none() {
        return Ok(None);
    }
    Err(Usage("there is nothing to say: give a text, or one on stdin".into()).into())
}
