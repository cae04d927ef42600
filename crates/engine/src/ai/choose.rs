//! Who may be asked for a model, in which order, and why not the others. Pure: what changes by the second (suspensions,
//! quotas) is the guard's business.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use guichet_catalogue::model::Catalogue;
use guichet_catalogue::model::ai::{Abilities, Model};
use jiff::civil::Date;

use super::ModelCall;
use crate::answer::{Reason, Skipped};
use crate::plan::{Candidate, Credentials};
use crate::settings::Settings;

/// A model at a provider, with the credential that it is asked with.
#[derive(Debug, Clone)]
pub(crate) struct ModelCandidate {
    /// How it is asked, and with what.
    pub(crate) candidate: Candidate,
    /// The provider's name for the model.
    pub(crate) model: Arc<str>,
    /// What its file says of it; none of what was discovered or is passed on.
    pub(crate) known: Option<Arc<Model>>,
}

/// Who is asked, in order, and who is not.
#[derive(Debug, Default)]
pub(crate) struct Choice {
    /// In the order in which they are asked.
    pub(crate) candidates: Vec<ModelCandidate>,
    /// Who is left out.
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
    /// Tokens that it holds, where the server says so.
    pub(crate) context: Option<u64>,
    /// What it understands, where the server says so.
    pub(crate) abilities: Option<Abilities>,
}

/// What a choice is made from.
pub(crate) struct Choosing<'a> {
    pub(crate) catalogue: &'a Catalogue,
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

impl Choosing<'_> {
    /// Whoever may be asked, in order. No candidate is no error: the skipped say why.
    pub(crate) fn choose(&self) -> Result<Choice, Reason> {
        let _ = self;
        Ok(Choice::default())
    }
}
