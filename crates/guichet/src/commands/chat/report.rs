//! Who answered, and what it took.

use guichet_engine::ai::UsageRecord;
use serde::Serialize;

/// An answer, for programs.
#[derive(Serialize)]
pub(super) struct Answered<'a> {
    pub(super) text: String,
    #[serde(flatten)]
    pub(super) who: Who<'a>,
}

/// Who answered. Figures that nobody knows are none.
#[derive(Serialize)]
pub(super) struct Who<'a> {
    provider: &'a str,
    model: &'a str,
    attempts: usize,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    dropped: &'a [String],
    #[serde(flatten)]
    used: Option<Used>,
}

#[derive(Serialize)]
struct Used {
    input_tokens: u64,
    output_tokens: u64,
    /// Whether the tokens are an estimate.
    estimated: bool,
    cost_usd: Option<f64>,
    first_token_ms: Option<u128>,
    took_ms: u128,
}

impl<'a> Who<'a> {
    pub(super) fn new(
        provider: &'a str,
        model: &'a str,
        attempts: usize,
        dropped: &'a [String],
        used: Option<&UsageRecord>,
    ) -> Self {
        Self {
            provider,
            model,
            attempts,
            dropped,
            used: used.map(|used| Used {
                input_tokens: used.usage.input,
                output_tokens: used.usage.output,
                estimated: !used.counted,
                cost_usd: used.cost,
                first_token_ms: used.first_token.map(|time| time.as_millis()),
                took_ms: used.took.as_millis(),
            }),
        }
    }

    /// `groq/openai/gpt-oss-120b · 12 + 34 tokens · $0.000021 · first token after 310 ms, all after 1200 ms`
    pub(super) fn line(&self) -> String {
        let mut line = format!("{}/{}", self.provider, self.model);
        if let Some(used) = &self.used {
            let about = if used.estimated { "about " } else { "" };
            let (input, output) = (used.input_tokens, used.output_tokens);
            line.push_str(&format!(" · {about}{input} + {output} tokens"));
            if let Some(cost) = used.cost_usd {
                line.push_str(&format!(" · ${cost:.6}"));
            }
            line.push_str(" · ");
            if let Some(first) = used.first_token_ms {
                line.push_str(&format!("first token after {first} ms, "));
            }
            line.push_str(&format!("all after {} ms", used.took_ms));
        }
        if self.attempts > 1 {
            line.push_str(&format!(" · {} attempts", self.attempts));
        }
        if !self.dropped.is_empty() {
            line.push_str(&format!(" · without {}", self.dropped.join(", ")));
        }
        line
    }
}
