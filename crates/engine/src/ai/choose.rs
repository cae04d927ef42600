//! Who may be asked for a model, in which order, and why not the others. Pure: what changes by the second (suspensions,
//! quotas) is the guard's business.
//!
//! **Invariant:** where only what is free was asked for, no candidate costs anything, by whatever name it was found.

mod fit;
mod index;
mod names;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use guichet_catalogue::model::ai::{Abilities, Model, ModelServer, Task};
use guichet_catalogue::model::{Endpoint, Provider};
use jiff::civil::Date;

use self::fit::Fit;
pub(crate) use self::index::Index;
use super::ModelCall;
use crate::answer::{Reason, SkipReason, Skipped};
use crate::identity::Credential;
use crate::plan::{Candidate, Credentials, turns, unusable, unwanted};
use crate::policy::Tier;
use crate::settings::Settings;

/// A model at a provider, with the credential that it is asked with.
#[derive(Debug, Clone)]
pub(crate) struct ModelCandidate {
    /// How it is asked, and with what.
    pub(crate) candidate: Candidate,
    /// The provider's name for the model.
    pub(crate) model: Arc<str>,
    /// Where the caller, the operator or the flavour of `auto` put it.
    pub(crate) tier: Tier,
    /// Whether it is asked without paying.
    pub(crate) free: bool,
    /// What its file says of it; none of what was discovered or is passed on.
    pub(crate) known: Option<Arc<Model>>,
    /// Tokens that it holds, as its server or its file says.
    pub(crate) context: Option<u64>,
    /// To how many tokens the answer has to be cut for the request to fit; none where it fits as it is.
    pub(crate) cut_to: Option<u64>,
}

/// Who is asked, in order, and who is not.
#[derive(Debug, Default)]
pub(crate) struct Choice {
    /// In the order in which they are asked.
    pub(crate) candidates: Vec<ModelCandidate>,
    /// Who is left out: each provider once for each reason.
    pub(crate) skipped: Vec<Skipped>,
}

/// Models that servers listed when they were asked, by provider.
#[derive(Debug, Clone, Default)]
pub(crate) struct Discovered(pub(crate) HashMap<Arc<str>, Vec<Listed>>);

/// A model that its server listed.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    /// The server's name for it.
    pub(crate) id: Arc<str>,
    /// When it was made or changed, in seconds since 1970, where the server says so.
    pub(crate) changed: Option<i64>,
    /// What it does, where the server says so.
    pub(crate) tasks: Option<Vec<Task>>,
    /// Tokens that it holds, where the server says so.
    pub(crate) context: Option<u64>,
    /// What it understands, where the server says so.
    pub(crate) abilities: Option<Abilities>,
}

impl Listed {
    /// Whether it does this, as far as its server says.
    fn does(&self, task: Task) -> bool {
        self.tasks
            .as_ref()
            .is_none_or(|tasks| tasks.contains(&task))
    }
}

/// What a choice is made from.
pub(crate) struct Choosing<'a> {
    pub(crate) index: &'a Index,
    pub(crate) discovered: &'a Discovered,
    /// The operator's own names, each with the names that it stands for.
    pub(crate) aliases: &'a BTreeMap<String, Vec<String>>,
    pub(crate) call: &'a ModelCall,
    pub(crate) settings: &'a Settings,
    pub(crate) credentials: &'a Credentials,
    pub(crate) today: Date,
    /// Moves on by one with each call, so that credentials of one provider take turns.
    pub(crate) turn: usize,
}

/// A model that a name stands for.
#[derive(Clone)]
struct Target<'a> {
    provider: &'a Arc<Provider>,
    server: &'a ModelServer,
    /// None where the provider does not do what is asked, whatever the model.
    endpoint: Option<&'a Arc<Endpoint>>,
    id: Arc<str>,
    tier: Tier,
    known: Option<&'a Arc<Model>>,
    listed: Option<&'a Listed>,
}

impl Target<'_> {
    /// Whether both are the same model of the same provider.
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(self.provider, other.provider) && self.id == other.id
    }
}

/// A target that may be asked.
struct Admitted {
    credentials: Vec<Option<Arc<Credential>>>,
    context: Option<u64>,
    cut_to: Option<u64>,
}

impl<'a> Choosing<'a> {
    /// Whoever may be asked, in order. No candidate is no error: the skipped say why.
    pub(crate) fn choose(&self) -> Result<Choice, Reason> {
        let targets = self.targets()?;
        let fit = Fit::new(self.call);
        let mut choice = Choice::default();
        // Room of those that only their size leaves out.
        let mut too_small: Option<u64> = None;
        for (place, target) in targets.iter().enumerate() {
            if targets[..place].iter().any(|before| before.is(target)) {
                continue;
            }
            match self.admit(target, &fit) {
                Ok(admitted) => choice.add(target, admitted),
                Err(reason) => {
                    if reason == SkipReason::Context {
                        too_small = too_small.max(Some(fit.room(target)));
                    }
                    choice.leave_out(target, reason);
                }
            }
        }
        match too_small {
            Some(most) if choice.candidates.is_empty() => Err(Reason::TooLong {
                needed: fit.needed(),
                most,
            }),
            _ => Ok(choice),
        }
    }

    /// What is true of the provider comes first, then what is true of the model, and whether the request fits last: who
    /// is told that it is too long could be served otherwise.
    fn admit(&self, target: &Target<'a>, fit: &Fit) -> Result<Admitted, SkipReason> {
        let provider = target.provider;
        let wish = &self.call.wish;
        let unfit = unusable(provider, self.settings)
            .or_else(|| unwanted(provider, &wish.providers, wish.commercial));
        if let Some(reason) = unfit {
            return Err(reason);
        }
        if wish.private && trains(provider) {
            return Err(SkipReason::Trains);
        }
        let retired = |model: &Arc<Model>| model.retires.is_some_and(|day| day <= self.today);
        if target.known.is_some_and(retired) {
            return Err(SkipReason::Disabled);
        }
        let credentials = turns(provider, self.credentials, self.turn)?;
        if wish.free_only && !target.server.is_free(&target.id) {
            return Err(SkipReason::Paid);
        }
        let does = target.known.is_none_or(|model| model.does(fit.task));
        if target.endpoint.is_none() || !does || !fit.understands(target) {
            return Err(SkipReason::Ability);
        }
        let cut_to = fit.cut_to(target)?;
        Ok(Admitted {
            credentials,
            context: fit.context(target),
            cut_to,
        })
    }
}

impl Choice {
    fn add(&mut self, target: &Target<'_>, admitted: Admitted) {
        let Some(endpoint) = target.endpoint else {
            return;
        };
        for credential in admitted.credentials {
            self.candidates.push(ModelCandidate {
                candidate: Candidate {
                    endpoint: Arc::clone(endpoint),
                    credential,
                },
                model: Arc::clone(&target.id),
                tier: target.tier,
                free: target.server.is_free(&target.id),
                known: target.known.cloned(),
                context: admitted.context,
                cut_to: admitted.cut_to,
            });
        }
    }

    fn leave_out(&mut self, target: &Target<'_>, reason: SkipReason) {
        let skipped = Skipped {
            provider: Arc::clone(&target.provider.id),
            reason,
            retry_at: None,
            class: None,
        };
        if !self.skipped.contains(&skipped) {
            self.skipped.push(skipped);
        }
    }
}

/// Whether a provider may train on what it is sent: where nobody says that it does not, it may. A server of the
/// operator's own keeps everything where it is.
fn trains(provider: &Provider) -> bool {
    let own = provider.models.as_ref().is_some_and(|server| server.local);
    let said = provider
        .terms
        .as_ref()
        .and_then(|terms| terms.trains_on_data);
    said.unwrap_or(!own)
}
