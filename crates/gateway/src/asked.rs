//! What was asked before: a URL that comes again is not read again.
//!
//! **Invariant:** what is kept here holds for one catalogue and one organization, and is nothing but the reading of a
//! URL and the writing of its answer. Whether an answer is at hand is the engine's to say.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use guichet_access::Principal;
use guichet_catalogue::model::{Catalogue, Operation, OperationId};
use guichet_engine::Engine;
use guichet_engine::call::Prepared;
use guichet_engine::identity::OrganizationId;
use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};

use crate::again::Again;
use crate::metrics::{Metrics, OperationCounts};

/// Bytes of URLs that are kept, by estimate.
const MOST: u64 = 8 << 20;
/// URLs longer than this are seldom asked twice.
const LONGEST: usize = 512;

/// What was asked under the catalogue of the day.
pub(crate) struct Asked(ArcSwap<Day>);

/// One catalogue's.
pub(crate) struct Day {
    catalogue: Arc<Catalogue>,
    counts: HashMap<OperationId, OnceLock<Arc<OperationCounts>>>,
    questions: Cache<Address, Arc<Question>, Bytewise>,
}

/// A URL and what it asks.
pub(crate) struct Question {
    pub(crate) operation: Arc<Operation>,
    pub(crate) counts: Arc<OperationCounts>,
    pub(crate) prepared: Prepared,
    /// Its answer, where that was given before.
    pub(crate) again: Again,
}

impl Asked {
    pub(crate) fn new(catalogue: Arc<Catalogue>) -> Self {
        Self(ArcSwap::from_pointee(Day::new(catalogue)))
    }

    /// What a URL asks, if it came before.
    pub(crate) fn find(
        &self,
        engine: &Engine,
        principal: &Principal,
        url: &str,
    ) -> Option<Arc<Question>> {
        let day = self.0.load();
        let is_today = engine.stands_on(&day.catalogue);
        day.questions
            .get(&(&principal.organization, url))
            .filter(|_| is_today)
    }

    /// Those of this catalogue.
    pub(crate) fn under(&self, catalogue: &Arc<Catalogue>) -> Arc<Day> {
        let day = self.0.load_full();
        if Arc::ptr_eq(&day.catalogue, catalogue) {
            return day;
        }
        let day = Arc::new(Day::new(Arc::clone(catalogue)));
        self.0.store(Arc::clone(&day));
        day
    }
}

impl Day {
    fn new(catalogue: Arc<Catalogue>) -> Self {
        const TYPICAL: usize = 4_096;
        let counts = catalogue.operations();
        Self {
            counts: counts
                .map(|operation| (operation.id.clone(), OnceLock::new()))
                .collect(),
            questions: Cache::with_weighter(TYPICAL, MOST, Bytewise),
            catalogue,
        }
    }

    /// Keeps what a URL asks.
    pub(crate) fn keep(&self, principal: &Principal, url: &str, question: Arc<Question>) {
        if url.len() <= LONGEST {
            let address = Address {
                organization: principal.organization.clone(),
                url: url.into(),
            };
            self.questions.insert(address, question);
        }
    }

    /// The counts of an operation.
    pub(crate) fn counts(&self, metrics: &Metrics, id: &OperationId) -> Arc<OperationCounts> {
        let count = || Arc::new(metrics.of(id));
        match self.counts.get(id) {
            Some(counts) => Arc::clone(counts.get_or_init(count)),
            None => count(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Address {
    organization: OrganizationId,
    url: Box<str>,
}

impl Hash for Address {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.organization, &*self.url).hash(state);
    }
}

impl Equivalent<Address> for (&OrganizationId, &str) {
    fn equivalent(&self, address: &Address) -> bool {
        *self.1 == *address.url && *self.0 == address.organization
    }
}

#[derive(Clone)]
struct Bytewise;

impl Weighter<Address, Arc<Question>> for Bytewise {
    fn weight(&self, address: &Address, _: &Arc<Question>) -> u64 {
        /// The question holds what the URL says in two more forms.
        const FORMS: usize = 4;
        const OVERHEAD: usize = 1_536;
        (address.url.len() * FORMS + OVERHEAD) as u64
    }
}
