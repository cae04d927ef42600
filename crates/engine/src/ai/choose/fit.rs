//! Whether a request fits a model: what it needs to be understood, and how long it is.

use std::borrow::Cow;
use std::sync::Arc;

use guichet_catalogue::model::ai::{Abilities, Task};
use guichet_catalogue::model::{Dimension, Quota};
use guichet_dialects::facts::{Facts, FormatKind};

use super::{ModelCall, Target};
use crate::answer::SkipReason;

/// An answer that is cut shorter than this is worth nothing; one that the caller wants shorter is.
const SHORTEST_ANSWER: u64 = 256;

/// What a request needs.
pub(super) struct Fit<'a> {
    pub(super) task: Task,
    facts: &'a Facts,
    /// Tokens.
    input: u64,
    /// The least tokens of an answer that are worth asking for.
    least: u64,
}

impl<'a> Fit<'a> {
    pub(super) fn new(call: &'a ModelCall) -> Self {
        let facts = &call.facts;
        let task = call.door.task();
        let writes = task == Task::Chat;
        let least = facts.max_tokens.unwrap_or(SHORTEST_ANSWER);
        Self {
            task,
            facts,
            input: facts.estimate_input_tokens(),
            least: if writes {
                least.min(SHORTEST_ANSWER)
            } else {
                0
            },
        }
    }

    /// Tokens of the request with the least answer.
    pub(super) fn needed(&self) -> u64 {
        self.input.saturating_add(self.least)
    }

    /// Tokens of input and output that a model can take at once, by its own size and by the quotas that hold for it.
    pub(super) fn room(&self, target: &Target<'_>) -> u64 {
        let windows = quotas(target);
        let windows = windows.iter().filter_map(|quota| match quota.dimension {
            Dimension::Tokens => Some(whole(quota.limit)),
            // A window of input alone leaves room for any answer.
            Dimension::InputTokens => Some(whole(quota.limit).saturating_add(self.least)),
            _ => None,
        });
        windows
            .chain(self.context(target))
            .min()
            .unwrap_or(u64::MAX)
    }

    /// To how many tokens the answer has to be cut, if at all; refused where even a short one does not fit.
    pub(super) fn cut_to(&self, target: &Target<'_>) -> Result<Option<u64>, SkipReason> {
        if self.needed() > self.room(target) {
            return Err(SkipReason::Context);
        }
        let windows = quotas(target);
        let windows = windows.iter().filter_map(|quota| {
            let limit = whole(quota.limit);
            match quota.dimension {
                Dimension::Tokens => Some(limit.saturating_sub(self.input)),
                Dimension::OutputTokens => Some(limit),
                _ => None,
            }
        });
        let context = self
            .context(target)
            .map(|context| context.saturating_sub(self.input));
        let output = target.known.and_then(|model| model.output);
        let most = windows.chain(context).chain(output).min();
        Ok(most.filter(|most| self.facts.max_tokens.is_some_and(|wanted| wanted > *most)))
    }

    /// What the server says of its own model is truer than any file. Other tasks than chats take many texts, each of
    /// which has the context for itself.
    pub(super) fn context(&self, target: &Target<'_>) -> Option<u64> {
        let listed = target.listed.and_then(|listed| listed.context);
        listed
            .or_else(|| target.known.and_then(|model| model.context))
            .filter(|_| self.task == Task::Chat)
    }

    /// Whether the model understands what the request needs. Thinking, seeds and parallel calls are wishes: a model
    /// that knows them not still answers.
    pub(super) fn understands(&self, target: &Target<'_>) -> bool {
        if self.task != Task::Chat {
            return true;
        }
        let has = abilities(target);
        let facts = self.facts;
        let needs = [
            (facts.tools > 0, has.tools),
            (facts.images > 0, has.vision),
            (facts.audios > 0 || facts.speaks, has.audio),
            (facts.files > 0, has.files),
            (
                facts.format == FormatKind::Json,
                has.json || has.json_schema,
            ),
            (facts.format == FormatKind::Schema, has.json_schema),
            (facts.logprobs, has.logprobs),
            (facts.stream, has.stream),
            (facts.choices > 1, has.many_choices),
        ];
        needs.iter().all(|(needed, there)| !needed || *there)
    }
}

fn abilities(target: &Target<'_>) -> Abilities {
    target
        .known
        .map(|model| model.abilities)
        .or_else(|| target.listed.and_then(|listed| listed.abilities))
        .unwrap_or(target.server.any_abilities)
}

fn quotas<'a>(target: &Target<'a>) -> Cow<'a, [Arc<Quota>]> {
    match target.known {
        Some(known) => Cow::Borrowed(&known.quotas),
        None => Cow::Owned(target.provider.quotas_of(&target.id)),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "limits are not negative, and what is beyond is as good as endless"
)]
fn whole(limit: f64) -> u64 {
    limit as u64
}
