//! What differs between generations of Gemini's models, told from the name: no list of the API tells it.
//!
//! Sources: <https://ai.google.dev/gemini-api/docs/thinking>, <https://ai.google.dev/gemini-api/docs/gemini-3> and the
//! table of `reasoning_effort` in <https://ai.google.dev/gemini-api/docs/openai> (2026-11).

use crate::chat::{Effort, Reasoning};

/// What a model's generation decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Family {
    /// How much it is to think is said in this unit.
    pub(super) thinking: Thinking,
    /// It refuses calls of earlier turns that come back without a signature.
    pub(super) wants_signatures: bool,
    /// It takes a form of the text and tools in one request.
    pub(super) formats_with_tools: bool,
    /// It takes pictures within results of tools.
    pub(super) pictures_in_results: bool,
}

/// The unit of thinking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thinking {
    /// It does not think; to ask for it is an error.
    Never,
    /// In tokens, within bounds.
    Budget {
        /// The fewest that are accepted.
        least: i64,
        /// The most that are accepted.
        most: i64,
        /// Whether 0 is accepted too.
        off: bool,
    },
    /// In levels; none of them is "not at all".
    Level {
        /// Whether there is one below `low`.
        minimal: bool,
    },
}

/// Says how much to think, in the model's unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Amount {
    /// `thinkingBudget`
    Budget(i64),
    /// `thinkingLevel`
    Level(&'static str),
}

impl Family {
    /// Of the model with this name: `gemini-2.5-flash`, `models/gemini-3-pro-preview`, `gemini-flash-latest`, `gemma-…`.
    pub(super) fn of(model: &str) -> Self {
        let name = model.rsplit('/').next().unwrap_or(model);
        let generation = name.strip_prefix("gemini-").map(generation);
        let third = generation.is_some_and(|generation| generation >= (3, 0));
        let thinking = match generation {
            Some(generation) if generation >= (3, 0) => Thinking::Level {
                minimal: !name.contains("pro"),
            },
            Some((2, 5)) => budget(name),
            _ => Thinking::Never,
        };
        Self {
            thinking,
            wants_signatures: third,
            formats_with_tools: third,
            pictures_in_results: third,
        }
    }

    /// Whether it thinks at all.
    pub(super) fn thinks(self) -> bool {
        self.thinking != Thinking::Never
    }

    /// How much the model is to think; none = nothing is to be said, an error = it cannot be said.
    pub(super) fn amount(self, asked: &Reasoning) -> Result<Option<Amount>, CannotSay> {
        let Some(tokens) = tokens(asked)? else {
            return Ok(None);
        };
        match self.thinking {
            Thinking::Never if tokens == 0 => Ok(None),
            Thinking::Never => Err(CannotSay),
            Thinking::Budget { off: true, .. } if tokens == 0 => Ok(Some(Amount::Budget(0))),
            // -1 = as the model likes.
            Thinking::Budget { .. } if tokens < 0 => Ok(Some(Amount::Budget(-1))),
            Thinking::Budget { least, most, .. } => {
                Ok(Some(Amount::Budget(tokens.clamp(least, most))))
            }
            Thinking::Level { .. } if tokens < 0 => Ok(None),
            Thinking::Level { minimal } => Ok(Some(Amount::Level(level(asked, tokens, minimal)))),
        }
    }
}

/// A word that the model has no like of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CannotSay;

/// Google's own table for `reasoning_effort`.
fn tokens(asked: &Reasoning) -> Result<Option<i64>, CannotSay> {
    if let Some(tokens) = asked.budget_tokens {
        return Ok(Some(tokens));
    }
    Ok(match &asked.effort {
        None => None,
        Some(Effort::None) => Some(0),
        Some(Effort::Minimal | Effort::Low) => Some(1_024),
        Some(Effort::Medium) => Some(8_192),
        Some(Effort::High) => Some(24_576),
        // Newer words of OpenAI and Anthropic for more than `high`.
        Some(Effort::Other(word)) if matches!(&**word, "xhigh" | "max") => Some(32_768),
        Some(Effort::Other(_)) => return Err(CannotSay),
    })
}

fn level(asked: &Reasoning, tokens: i64, minimal: bool) -> &'static str {
    let least = if minimal { "minimal" } else { "low" };
    match (&asked.effort, tokens) {
        (Some(Effort::None | Effort::Minimal), _) | (_, 0) => least,
        (_, ..=1_024) => "low",
        (_, ..=8_192) => "medium",
        _ => "high",
    }
}

/// `2.5-flash` → (2, 5). A name without a number (`flash-latest`) means the newest.
fn generation(name: &str) -> (u32, u32) {
    let number = name.split('-').next().unwrap_or(name);
    let (major, minor) = number.split_once('.').unwrap_or((number, "0"));
    match (major.parse(), minor.parse()) {
        (Ok(major), Ok(minor)) => (major, minor),
        _ => (u32::MAX, 0),
    }
}

fn budget(name: &str) -> Thinking {
    let (least, most, off) = if name.contains("image") || name.contains("tts") {
        return Thinking::Never;
    } else if name.contains("pro") {
        (128, 32_768, false)
    } else if name.contains("flash-lite") {
        (512, 24_576, true)
    } else {
        (1, 24_576, true)
    };
    Thinking::Budget { least, most, off }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(
        model: &str,
        effort: Option<Effort>,
        budget_tokens: Option<i64>,
    ) -> Result<Option<Amount>, CannotSay> {
        Family::of(model).amount(&Reasoning {
            effort,
            budget_tokens,
            show: None,
        })
    }

    #[test]
    fn efforts_are_levels_since_the_third_generation_and_tokens_before() {
        use Amount::{Budget, Level};
        use Effort::{High, Low, Medium, Minimal};
        for (model, effort, expected) in [
            (
                "gemini-3-flash-preview",
                Effort::None,
                Some(Level("minimal")),
            ),
            ("gemini-3-pro-preview", Minimal, Some(Level("low"))),
            ("models/gemini-3.5-flash", Low, Some(Level("low"))),
            ("gemini-flash-latest", Medium, Some(Level("medium"))),
            (
                "gemini-3.1-pro",
                Effort::Other("xhigh".into()),
                Some(Level("high")),
            ),
            ("gemini-2.5-flash", Effort::None, Some(Budget(0))),
            ("gemini-2.5-pro", Effort::None, Some(Budget(128))),
            ("gemini-2.5-flash-lite", High, Some(Budget(24_576))),
            ("gemma-3-27b-it", Effort::None, None),
        ] {
            assert_eq!(amount(model, Some(effort), None), Ok(expected), "{model}");
        }
    }

    #[test]
    fn a_budget_is_kept_within_what_the_model_accepts() {
        assert_eq!(
            amount("gemini-2.5-flash", None, Some(32_000)),
            Ok(Some(Amount::Budget(24_576)))
        );
        assert_eq!(
            amount("gemini-2.5-flash", None, Some(-1)),
            Ok(Some(Amount::Budget(-1)))
        );
        assert_eq!(amount("gemini-3-pro", None, Some(-1)), Ok(None));
        assert_eq!(
            amount("gemini-3-pro", None, Some(4_000)),
            Ok(Some(Amount::Level("medium")))
        );
    }

    #[test]
    fn a_model_that_does_not_think_is_not_asked_to() {
        assert_eq!(
            amount("gemini-2.0-flash", Some(Effort::High), None),
            Err(CannotSay)
        );
        assert_eq!(
            amount("gemini-2.5-flash-image", Some(Effort::High), None),
            Err(CannotSay)
        );
        assert_eq!(
            amount("gemini-3-pro", Some(Effort::Other("some".into())), None),
            Err(CannotSay)
        );
    }
}
