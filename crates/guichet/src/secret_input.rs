//! Secrets come from stdin: never an argument, which every user of the machine could read.

use std::io::{self, IsTerminal, Read};

use anyhow::Context;
use secrecy::SecretString;

use crate::failure::Usage;
use crate::output::progress;

/// Longer input is no secret but a mistake.
const LONGEST: u64 = 64 << 10;

/// Reads a secret: typed without echo on a terminal, else all of stdin without the space around it.
pub(crate) fn read(what: &str) -> anyhow::Result<SecretString> {
    if io::stdin().is_terminal() {
        let typed = rpassword::prompt_password(format!("{what} (not shown): "));
        return typed
            .map(SecretString::from)
            .context("nothing could be read");
    }
    progress(&format!("reading {what} from stdin"));
    let mut text = String::new();
    io::stdin()
        .take(LONGEST + 1)
        .read_to_string(&mut text)
        .context("stdin holds no text")?;
    if text.len() as u64 > LONGEST {
        return Err(Usage(format!("{what} on stdin is longer than any secret")).into());
    }
    Ok(SecretString::from(text.trim()))
}
