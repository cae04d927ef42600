//! The promise in words: why it is no better, and what would make it so.

use std::collections::BTreeSet;

use guichet_catalogue::model::Provider;

use super::{Guarantee, Standing, guarantee, is_free, place};
use crate::answer::SkipReason;

/// What an operation, or a task of models, promises under the running configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// How sure an answer is.
    pub guarantee: Guarantee,
    /// Why it is that sure and no surer.
    pub reason: String,
    /// What would make it surer; none where nothing of this catalogue would, or nothing need.
    pub repair: Option<String>,
}

/// What an operator can do about a provider that is left out, the easiest first.
const ACTIONS: [(SkipReason, &str); 4] = [
    (SkipReason::NoContact, "set operator.contact for"),
    (SkipReason::Disabled, "turn on"),
    (SkipReason::NoCredential, "set a credential for"),
    (SkipReason::PlainHttp, "allow egress.plain_http for"),
];

impl Promise {
    pub(crate) fn of(standing: &Standing<'_>) -> Self {
        let guarantee = standing.guarantee();
        Self {
            guarantee,
            reason: reason(guarantee, &standing.usable),
            repair: repair(standing, guarantee),
        }
    }
}

fn reason(guarantee: Guarantee, usable: &[&Provider]) -> String {
    let names = |join| list(usable.iter().map(|provider| &*provider.id), join);
    match guarantee {
        Guarantee::None => "nobody can answer".into(),
        Guarantee::Single => match usable.first() {
            Some(only) if only.http().is_some_and(|http| http.auth.works_without()) => {
                format!("only {} can answer without a key", only.id)
            }
            _ => format!("only {} can answer", names("and")),
        },
        Guarantee::BestEffort => {
            let places: BTreeSet<String> = usable.iter().map(|provider| place(provider)).collect();
            match places.first() {
                Some(only) if places.len() == 1 => {
                    format!("{} can answer, all of them at {only}", names("and"))
                }
                _ => format!(
                    "{} can answer, and each needs a key or has a quota that can be used up",
                    names("and")
                ),
            }
        }
        Guarantee::Guaranteed => {
            let here = usable.iter().find(|provider| provider.is_local());
            let free = here.or_else(|| usable.iter().find(|provider| is_free(provider)));
            let others = usable.len() - 1;
            match free {
                Some(free) if free.is_local() && others == 0 => "computed here".into(),
                Some(free) if free.is_local() => {
                    format!("{} is computed here, and {others} more can answer", free.id)
                }
                Some(free) => format!(
                    "{} needs neither a key nor a quota that can be used up, and {others} more can answer",
                    free.id
                ),
                None => "somebody always can answer".into(),
            }
        }
    }
}

/// One step that is enough to make it surer, with everybody for whom it would do; or all steps together.
fn repair(standing: &Standing<'_>, now: Guarantee) -> Option<String> {
    if now == Guarantee::Guaranteed {
        return None;
    }
    let with = |more: &[&Provider]| {
        let all: Vec<&Provider> = standing.usable.iter().chain(more).copied().collect();
        guarantee(&all)
    };
    let mut best: Option<(Guarantee, String)> = None;
    for (reason, action) in ACTIONS {
        let concerned = standing.left_out.iter().filter(|(_, own)| *own == reason);
        let concerned: Vec<&Provider> = concerned.map(|(provider, _)| *provider).collect();
        let reached = concerned.iter().map(|provider| with(&[provider])).max();
        let one = reached.filter(|reached| *reached > now);
        let (reached, names) = match one {
            Some(reached) => {
                let enough = concerned
                    .iter()
                    .filter(|provider| with(&[provider]) == reached);
                (reached, list(enough.map(|provider| &*provider.id), "or"))
            }
            None if with(&concerned) > now => {
                let all = list(concerned.iter().map(|provider| &*provider.id), "and");
                (with(&concerned), all)
            }
            None => continue,
        };
        if best.as_ref().is_none_or(|(before, _)| reached > *before) {
            let text = format!("{action} {names} to make it {}", reached.as_str());
            best = Some((reached, text));
        }
    }
    best.map(|(_, text)| text)
}

/// `a`, `a or b`, `a, b or c`.
fn list<'a>(names: impl Iterator<Item = &'a str>, join: &str) -> String {
    let mut names: Vec<&str> = names.collect();
    names.dedup();
    match names.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} {join} {last}", first.join(", ")),
    }
}
