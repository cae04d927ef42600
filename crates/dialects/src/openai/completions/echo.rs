//! What an answer repeats of its request.

use crate::error::Malformed;
use crate::openai::fields::Fields;

/// What an answer needs to know of its request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Echo {
    /// The prompt, where the caller wants it before the answer (`echo`).
    pub(super) prompt: Option<String>,
    /// Whether a stream ends with the usage (`stream_options.include_usage`).
    pub(super) usage: bool,
}

impl Echo {
    /// From the request's body.
    pub fn read(body: &[u8]) -> Result<Self, Malformed> {
        let mut fields = Fields::read(body)?;
        let wanted = fields.flag("echo")?.unwrap_or(false);
        let usage = match fields.object("stream_options")? {
            Some(mut options) => options.flag("include_usage")?.unwrap_or(false),
            None => false,
        };
        let prompt = if wanted {
            Some(super::request::read_prompt(&mut fields)?)
        } else {
            None
        };
        Ok(Self { prompt, usage })
    }
}
