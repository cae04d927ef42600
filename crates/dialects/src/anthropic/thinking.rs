//! Thinking before the answer: `thinking` and `output_config.effort`, which of them a model takes, and what it takes
//! beside them.
//!
//! Claude up to 4.5 is given a budget in tokens; from 4.6 on it decides by itself (`adaptive`) under an effort, and from
//! 4.7 on refuses budgets and the drawing of tokens.
//! Source: <https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking>, read 2026-11.

use serde::Serialize;

use super::fields::Fields;
use crate::chat::{Effort, Reasoning};
use crate::error::Malformed;

/// Efforts and the budgets that stand for them with a model that knows only the other one. Anthropic's least is 1024.
const BUDGETS: [(&str, u64); 6] = [
    ("minimal", LEAST_BUDGET),
    ("low", 2048),
    ("medium", 8192),
    ("high", 16_384),
    ("xhigh", 24_576),
    ("max", 32_768),
];

const LEAST_BUDGET: u64 = 1024;

/// `thinking` as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Thinking {
    Disabled,
    Enabled {
        budget_tokens: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        display: Option<&'static str>,
    },
    Adaptive {
        #[serde(skip_serializing_if = "Option::is_none")]
        display: Option<&'static str>,
    },
}

/// What a request says of thinking.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Plan<'a> {
    pub(super) thinking: Option<Thinking>,
    pub(super) effort: Option<&'a str>,
    /// Whether something of the caller's wish is lost.
    pub(super) cut: bool,
}

impl Plan<'_> {
    /// Whether the model is told to think.
    pub(super) fn thinks(&self) -> bool {
        self.thinking
            .is_some_and(|thinking| thinking != Thinking::Disabled)
    }
}

/// Reads `thinking` into what `output_config` has said already.
pub(super) fn read(raw: &str, path: &str, into: &mut Reasoning) -> Result<(), Malformed> {
    let mut thinking = Fields::of(raw, path.to_owned())?;
    let kind = thinking.need_text("type", "`enabled`, `adaptive` or `disabled`")?;
    into.budget_tokens = match kind.as_str() {
        "enabled" => {
            let what = "a whole number of tokens, 1024 or more";
            let budget: Option<u32> = thinking.typed("budget_tokens", what)?;
            let budget = budget.ok_or_else(|| {
                Malformed::new(thinking.at("budget_tokens"), format!("is missing: {what}"))
            })?;
            Some(i64::from(budget))
        }
        "adaptive" => Some(-1),
        "disabled" => Some(0),
        _ => {
            let reason = "must be `enabled`, `adaptive` or `disabled`";
            return Err(Malformed::new(thinking.at("type"), reason));
        }
    };
    into.show = thinking.text("display")?.map(|shown| shown != "omitted");
    Ok(())
}

/// Reads `output_config.effort`.
pub(super) fn read_effort(word: String) -> Effort {
    match word.as_str() {
        "low" => Effort::Low,
        "medium" => Effort::Medium,
        "high" => Effort::High,
        _ => Effort::Other(word),
    }
}

/// What to write for this model. `max_tokens` includes the thoughts.
pub(super) fn plan<'a>(reasoning: &'a Reasoning, model: &str, max_tokens: u64) -> Plan<'a> {
    let display = reasoning
        .show
        .map(|shown| if shown { "summarized" } else { "omitted" });
    let effort = reasoning.effort.as_ref().map(word);
    let off = effort == Some("none") || reasoning.budget_tokens == Some(0);
    let budget = reasoning
        .budget_tokens
        .and_then(|budget| u64::try_from(budget).ok())
        .filter(|budget| *budget > 0);
    if version(model) >= Some((4, 6)) {
        let wish = effort.or_else(|| budget.map(effort_of)).filter(|_| !off);
        let effort = wish.and_then(|word| known_effort(word, model));
        return Plan {
            // It does not think unless it is told to, and some models refuse to be told not to.
            thinking: (!off).then_some(Thinking::Adaptive { display }),
            effort,
            cut: wish.is_some() && effort.is_none(),
        };
    }
    if off {
        return Plan {
            thinking: Some(Thinking::Disabled),
            ..Plan::default()
        };
    }
    let named = effort.and_then(|word| BUDGETS.iter().find(|(name, _)| *name == word));
    let wish = match budget.or(named.map(|(_, budget)| *budget)) {
        Some(wish) => wish,
        None if reasoning.budget_tokens == Some(-1) || effort.is_some() => budget_of("medium"),
        // Only whether thoughts are shown was said: whether there are any is left to the model's default.
        None => return Plan::default(),
    };
    let (thinking, cut) = match fitted(wish, max_tokens) {
        Some(budget_tokens) => (
            Some(Thinking::Enabled {
                budget_tokens,
                display,
            }),
            budget_tokens < wish,
        ),
        None => (None, true),
    };
    Plan {
        thinking,
        // Of the models that have budgets, this one knows efforts too.
        effort: effort
            .filter(|_| version(model) == Some((4, 5)) && model.contains("opus"))
            .and_then(|word| known_effort(word, model)),
        cut,
    }
}

/// A budget that leaves room for an answer; none = there is no room for thoughts at all. One that Anthropic would take
/// is left as it is; another is cut to four fifths of all tokens.
fn fitted(wish: u64, max_tokens: u64) -> Option<u64> {
    let wish = wish.max(LEAST_BUDGET);
    if wish < max_tokens {
        return Some(wish);
    }
    let room = max_tokens / 5 * 4;
    (max_tokens > LEAST_BUDGET).then(|| room.max(LEAST_BUDGET))
}

fn word(effort: &Effort) -> &str {
    match effort {
        Effort::None => "none",
        Effort::Minimal => "minimal",
        Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
        Effort::Other(word) => word,
    }
}

/// The effort in Anthropic's words; none = it has none for this. The least is `low`, and `xhigh` came with 4.7.
fn known_effort<'a>(word: &'a str, model: &str) -> Option<&'a str> {
    match word {
        "minimal" => Some("low"),
        "xhigh" if version(model) < Some((4, 7)) => Some("high"),
        "low" | "medium" | "high" | "xhigh" | "max" => Some(word),
        _ => None,
    }
}

fn budget_of(word: &str) -> u64 {
    BUDGETS
        .iter()
        .find(|(name, _)| *name == word)
        .map_or(LEAST_BUDGET, |(_, budget)| *budget)
}

/// The least effort whose budget is enough.
fn effort_of(budget: u64) -> &'static str {
    BUDGETS
        .iter()
        .find(|(_, enough)| budget <= *enough)
        .map_or("max", |(name, _)| name)
}

/// The version of a Claude model, from its name: `claude-opus-4-7`, `claude-3-5-sonnet-20241022`, `claude-sonnet-5`.
/// None = another model, or one that tells no version; these get budgets.
pub(super) fn version(model: &str) -> Option<(u32, u32)> {
    let (_, name) = model.split_once("claude")?;
    let mut words = name.split(['-', '.', '@', ':', '_']).map(|word| {
        // A date of eight digits is not a version.
        word.parse::<u32>().ok().filter(|_| word.len() < 3)
    });
    let major = words.find_map(|word| word)?;
    Some((major, words.next().flatten().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(effort: Option<Effort>, budget_tokens: Option<i64>) -> Reasoning {
        Reasoning {
            effort,
            budget_tokens,
            show: None,
        }
    }

    #[test]
    fn a_model_tells_its_version() {
        for (model, expected) in [
            ("claude-opus-4-7", Some((4, 7))),
            ("anthropic/claude-opus-4.6", Some((4, 6))),
            ("claude-sonnet-4-20250514", Some((4, 0))),
            ("claude-haiku-4-5-20251001", Some((4, 5))),
            ("claude-3-5-sonnet-20241022", Some((3, 5))),
            ("claude-sonnet-5", Some((5, 0))),
            ("claude-instant", None),
            ("glm-4.6", None),
        ] {
            assert_eq!(version(model), expected, "{model}");
        }
    }

    #[test]
    fn an_effort_becomes_a_budget_for_older_models_and_stays_one_for_newer() {
        let high = wish(Some(Effort::High), None);
        let older = plan(&high, "claude-haiku-4-5", 64_000);
        let thinking = Thinking::Enabled {
            budget_tokens: 16_384,
            display: None,
        };
        assert_eq!((older.thinking, older.effort), (Some(thinking), None));
        let newer = plan(&high, "claude-opus-4-7", 64_000);
        let thinking = Thinking::Adaptive { display: None };
        assert_eq!(
            (newer.thinking, newer.effort),
            (Some(thinking), Some("high"))
        );
    }

    #[test]
    fn a_word_that_the_model_does_not_know_is_the_next_lesser_or_is_told() {
        let other = |word: &str| wish(Some(Effort::Other(word.into())), None);
        let effort = |word: &str, model: &str| {
            let wish = other(word);
            let plan = plan(&wish, model, 4096);
            (plan.effort.map(str::to_owned), plan.cut)
        };
        assert_eq!(
            effort("xhigh", "claude-opus-4-7"),
            (Some("xhigh".into()), false)
        );
        assert_eq!(
            effort("xhigh", "claude-opus-4-6"),
            (Some("high".into()), false)
        );
        assert_eq!(effort("utmost", "claude-opus-4-6"), (None, true));
    }

    #[test]
    fn a_budget_becomes_an_effort_where_budgets_are_refused() {
        for (budget, effort) in [
            (1024, "low"),
            (5000, "medium"),
            (16_000, "high"),
            (90_000, "max"),
        ] {
            let wish = wish(None, Some(budget));
            assert_eq!(plan(&wish, "claude-opus-4-8", 4096).effort, Some(effort));
        }
    }

    #[test]
    fn a_budget_leaves_room_for_the_answer_and_says_when_it_was_cut() {
        let budget = |budget, max_tokens| {
            let wish = wish(None, Some(budget));
            let plan = plan(&wish, "claude-sonnet-4-5", max_tokens);
            let budget = match plan.thinking {
                Some(Thinking::Enabled { budget_tokens, .. }) => Some(budget_tokens),
                _ => None,
            };
            (budget, plan.cut)
        };
        assert_eq!(budget(16_000, 16_001), (Some(16_000), false));
        assert_eq!(budget(16_000, 4000), (Some(3200), true));
        assert_eq!(budget(16_000, 1100), (Some(1024), true));
        assert_eq!(budget(100, 4000), (Some(1024), false));
        assert_eq!(budget(16_000, 1000), (None, true));
    }

    #[test]
    fn no_thinking_is_said_where_it_may_be_said() {
        let off = wish(Some(Effort::None), None);
        assert_eq!(
            plan(&off, "claude-sonnet-4-5", 4096).thinking,
            Some(Thinking::Disabled)
        );
        assert_eq!(plan(&off, "claude-opus-4-7", 4096), Plan::default());
    }
}
