//! The engine as doors see it: a call in, an answer or a refusal out.

mod arranged;
mod call;
mod callers;
mod chain;
mod kept;
mod local;
mod models;
mod proxy;
mod quotas;
mod states;
mod verify;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use guichet_catalogue::model::ai::Task;
use guichet_catalogue::model::{Catalogue, Endpoint, Operation, OperationId};
use jiff::Timestamp;

use crate::ai::choose::{Discovered, Index};
use crate::ai::kept::Answers as ModelAnswers;
use crate::ai::prepared::AllPrepared;
use crate::ai::silence::Silence;
use crate::answer::{Answer, Refusal};
use crate::cache::{Answers, Entry, Key};
use crate::clock::Clock;
use crate::company::Company;
use crate::flight::Flights;
use crate::guarantee::{Guarantee, Promise, Standing};
use crate::guard::{Change, Guard, Permit, Reach};
use crate::identity::Credential;
use crate::journal::Journal;
use crate::ledger::{Ledger, Shared as Counters};
use crate::outcome::{Attempt, Class};
use crate::plan::Credentials;
use crate::policy::Latencies;
use crate::recalled::Recalled;
use crate::rehearsal::{Rehearsal, Rehearsals, Rehearsing};
use crate::request::Sender;
use crate::retry_budget::RetryBudget;
use crate::settings::Settings;
use crate::store::{Store, StoreError};
use crate::tokens::Tokens;
use crate::transport::Transport;

pub use models::UsageObserver;
pub use proxy::ProxyCall;
pub use states::CandidateState;
pub use verify::Verification;

/// Answers calls. Cheap to clone: all clones are one engine.
#[derive(Clone)]
pub struct Engine(Arc<Shared>);

/// What an engine is made of.
pub struct Parts {
    /// The catalogue to begin with.
    pub catalogue: Arc<Catalogue>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Reaches providers.
    pub transport: Arc<dyn Transport>,
    /// Remembers over restarts.
    pub store: Arc<dyn Store>,
    /// What the operator decides.
    pub settings: Settings,
}

/// Told of each attempt, also of those that no caller waits for.
pub type Observer = Box<dyn Fn(&OperationId, &Attempt) + Send + Sync>;

/// What a flight brings home.
type Outcome = Result<Landed, Refusal>;

/// An answer and what was tried for it.
#[derive(Debug, Clone)]
struct Landed {
    entry: Arc<Entry>,
    attempts: Vec<Attempt>,
}

struct Shared {
    catalogue: ArcSwap<Catalogue>,
    /// Of the same catalogue.
    index: ArcSwap<Index>,
    credentials: ArcSwap<Credentials>,
    clock: Arc<dyn Clock>,
    transport: Arc<dyn Transport>,
    store: Arc<dyn Store>,
    settings: Settings,
    sender: Sender,
    guard: Arc<Guard>,
    journal: Journal,
    tokens: Tokens,
    retries: RetryBudget,
    answers: Answers,
    flights: Flights<Key, Outcome>,
    observer: ArcSwap<Option<Observer>>,
    usage: ArcSwap<Vec<Arc<UsageObserver>>>,
    discovered: ArcSwap<Discovered>,
    silence: Silence,
    prepared: AllPrepared,
    latencies: Latencies,
    model_answers: ModelAnswers,
    turn: AtomicUsize,
    rehearsals: Rehearsals,
    /// Other servers, where there are any.
    company: OnceLock<Company>,
}

impl Engine {
    /// Sets an engine up and takes over what the store remembers.
    pub async fn start(parts: Parts) -> Result<Self, StoreError> {
        let ledger = Ledger::sharing(parts.settings.shares.clone());
        Self::start_with(parts, ledger).await
    }

    /// The same, with quotas and limits counted together with all who have these counters.
    pub async fn start_together(
        parts: Parts,
        counters: Arc<dyn Counters>,
    ) -> Result<Self, StoreError> {
        let clock = Arc::clone(&parts.clock);
        let ledger = Ledger::sharing(parts.settings.shares.clone());
        let together = ledger.together(Arc::clone(&counters));
        let engine = Self::start_with(parts, together).await?;
        let company = Company::keep(counters, &engine.0.guard);
        // Nobody else has it yet.
        let _first = engine.0.company.set(company);
        let ledger = Arc::downgrade(engine.0.guard.ledger());
        tokio::spawn(Ledger::keep_telling(ledger, clock));
        Ok(engine)
    }

    async fn start_with(parts: Parts, ledger: Ledger) -> Result<Self, StoreError> {
        let Parts {
            catalogue,
            clock,
            transport,
            store,
            settings,
        } = parts;
        let rehearsals = Rehearsals::default();
        let transport: Arc<dyn Transport> = Arc::new(Rehearsing {
            within: transport,
            rehearsals: rehearsals.clone(),
            clock: Arc::clone(&clock),
        });
        let guard = Arc::new(Guard::over(ledger));
        guard.restore(&store.windows().await?, store.suspensions().await?);
        let ledger = guard.ledger();
        ledger.restore_beliefs(&store.beliefs().await?, clock.now());
        let shared = Shared {
            index: ArcSwap::from_pointee(Index::new(Arc::clone(&catalogue), &settings)),
            catalogue: ArcSwap::new(catalogue),
            credentials: ArcSwap::from_pointee(HashMap::new()),
            clock,
            transport,
            tokens: Tokens::default(),
            journal: Journal::start(Arc::clone(&store), Arc::clone(&guard)),
            store,
            sender: Sender {
                contact: settings.contact.clone(),
            },
            answers: Answers::new(settings.cache_bytes),
            model_answers: ModelAnswers::new(settings.cache_bytes / 2),
            settings,
            guard,
            retries: RetryBudget::default(),
            flights: Flights::default(),
            observer: ArcSwap::from_pointee(None),
            usage: ArcSwap::default(),
            discovered: ArcSwap::default(),
            silence: Silence::default(),
            prepared: AllPrepared::default(),
            latencies: Latencies::default(),
            turn: AtomicUsize::new(0),
            rehearsals,
            company: OnceLock::new(),
        };
        let engine = Self(Arc::new(shared));
        // The catalogue and the environment may have changed while nobody ran.
        engine.lift(|name, class| {
            class == Class::Gone || (class == Class::Auth && name.contains("/env:"))
        });
        Ok(engine)
    }

    /// Who is to be told of attempts.
    pub fn observe(&self, observer: Observer) {
        self.0.observer.store(Arc::new(Some(observer)));
    }

    /// The catalogue as it stands.
    #[must_use]
    pub fn catalogue(&self) -> Arc<Catalogue> {
        self.0.catalogue.load_full()
    }

    /// Whether this is the catalogue as it stands.
    #[must_use]
    pub fn stands_on(&self, catalogue: &Arc<Catalogue>) -> bool {
        Arc::ptr_eq(&self.0.catalogue.load(), catalogue)
    }

    /// Takes another catalogue from the next call on. Answers given under the old one are not given any more.
    pub fn replace_catalogue(&self, catalogue: impl Into<Arc<Catalogue>>) {
        let catalogue = catalogue.into();
        let index = Index::new(Arc::clone(&catalogue), &self.0.settings);
        self.0.index.store(Arc::new(index));
        self.0.catalogue.store(catalogue);
        self.0.answers.clear();
        self.0.model_answers.clear();
        self.0.prepared.clear();
        self.lift(|_, class| class == Class::Gone);
    }

    /// Takes other credentials from the next call on.
    pub fn replace_credentials(&self, credentials: Vec<Credential>) {
        let mut by_provider: Credentials = HashMap::new();
        for credential in credentials {
            by_provider
                .entry(Arc::clone(&credential.provider))
                .or_default()
                .push(Arc::new(credential));
        }
        let changed: Vec<Arc<str>> = changed(&self.0.credentials.load(), &by_provider);
        self.0.credentials.store(Arc::new(by_provider));
        self.0.prepared.clear();
        self.lift(|name, class| {
            let provider = name.split(['/', '#']).next().unwrap_or(name);
            class == Class::Auth && changed.iter().any(|changed| **changed == *provider)
        });
    }

    /// Rehearses these failures in the place of others. Who was made to fail and is not any more has all its suspensions
    /// lifted: it never really failed.
    pub fn rehearse(&self, rehearsals: Vec<Rehearsal>) {
        let before = self.0.rehearsals.now(Timestamp::MIN);
        let over = |provider: &str| !rehearsals.iter().any(|one| *one.provider == *provider);
        let ended: Vec<Rehearsal> = before
            .into_iter()
            .filter(|one| over(&one.provider))
            .collect();
        self.0.rehearsals.replace(rehearsals, &self.catalogue());
        for one in ended {
            self.forgive(&one.provider);
        }
    }

    /// Lifts every suspension of a provider.
    pub fn forgive(&self, provider: &str) {
        self.lift(|name, _| name.split(['/', '#']).next() == Some(provider));
    }

    /// Whether a failure may be rehearsed now: one look at a flag.
    #[must_use]
    pub fn is_rehearsing(&self) -> bool {
        self.0.rehearsals.is_on()
    }

    /// The failures that are rehearsed now.
    #[must_use]
    pub fn rehearsed(&self) -> Vec<Rehearsal> {
        self.0.rehearsals.now(self.now())
    }

    /// How sure the answer to an operation is under the running configuration.
    #[must_use]
    pub fn guarantee(&self, operation: &Operation) -> Guarantee {
        let credentials = self.0.credentials.load();
        Standing::of(&operation.endpoints, &self.0.settings, &credentials).guarantee()
    }

    /// The same with the reason, and with what would make it surer.
    #[must_use]
    pub fn promise(&self, operation: &Operation) -> Promise {
        let credentials = self.0.credentials.load();
        Promise::of(&Standing::of(
            &operation.endpoints,
            &self.0.settings,
            &credentials,
        ))
    }

    /// What a task of models promises whoever leaves the choice to us (`auto`), in the order of the tasks.
    #[must_use]
    pub fn promises_of_models(&self) -> Vec<(Task, Promise)> {
        let (catalogue, credentials) = (self.catalogue(), self.0.credentials.load());
        let discovered = self.0.discovered.load();
        let is_there = |endpoint: &&Arc<Endpoint>| {
            let provider = &endpoint.provider;
            // A server of one's own that was never seen is nobody to fall back to.
            let own = provider.models.as_ref().is_some_and(|server| server.local);
            !own || discovered.0.contains_key(&provider.id)
        };
        let promise = |endpoints: &Vec<Arc<Endpoint>>| {
            let there: Vec<_> = endpoints.iter().filter(is_there).cloned().collect();
            Promise::of(&Standing::of(&there, &self.0.settings, &credentials))
        };
        let tasks = catalogue.ai.tasks.iter();
        tasks
            .map(|(task, endpoints)| (*task, promise(endpoints)))
            .collect()
    }

    /// Answers a call, or says why not. Never takes longer than the call allows.
    pub async fn call(&self, call: crate::call::Call) -> Result<Answer, Refusal> {
        Box::pin(call::answer(self, call)).await
    }

    /// The time of day, by the engine's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The answer to a call that is asked again now, if one is at hand and fresh: no I/O, nothing to wait for.
    #[must_use]
    pub fn recall(&self, prepared: &crate::call::Prepared, now: Timestamp) -> Option<Recalled> {
        call::recalled(self, prepared, now)
    }

    /// Returns when everything that is to be remembered is.
    pub async fn flush(&self) {
        self.0.guard.ledger().tell(self.now(), false).await;
        self.0.journal.flush().await;
    }

    pub(crate) fn lift(&self, concerned: impl Fn(&str, Class) -> bool) {
        for candidate in self.0.guard.lift(concerned) {
            let change = Change {
                candidate,
                record: None,
            };
            self.remember(change);
        }
    }

    /// Ends a call: breaker and ledger learn its outcome, and what changed is written down.
    fn settle(&self, permit: Permit, class: Class, retry_at: Option<Timestamp>) {
        // A plan may lack one operation and have the others.
        let reach = if class == Class::Plan {
            Reach::Narrow
        } else {
            Reach::Wide
        };
        self.settle_within(permit, class, reach, retry_at);
    }

    /// The same, where it is known how far the outcome reaches.
    pub(crate) fn settle_within(
        &self,
        permit: Permit,
        class: Class,
        reach: Reach,
        retry_at: Option<Timestamp>,
    ) {
        let now = self.0.clock.now();
        if matches!(class, Class::Ok | Class::Empty) {
            permit.reservation.passed(now);
        }
        for change in permit.end(class, reach, retry_at, now) {
            if let Some(record) = &change.record {
                tracing::warn!(candidate = %change.candidate, class = %record.class, until = ?record.until, "suspended");
            }
            self.remember(change);
        }
    }

    /// Has a suspension written down some time, and tells others of it.
    pub(crate) fn remember(&self, change: Change) {
        if let Some(company) = self.0.company.get() {
            company.tell(&change);
        }
        self.0
            .journal
            .suspension_later(change.candidate, change.record);
    }

    pub(crate) fn next_turn(&self) -> usize {
        self.0.turn.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn observed(&self, operation: &OperationId, attempt: &Attempt) {
        if let Some(observer) = &**self.0.observer.load() {
            observer(operation, attempt);
        }
    }
}

/// Providers whose credentials are not what they were. Where there were none before, none has changed: what is
/// remembered of the last run holds, and a new secret has a name of its own.
fn changed(before: &Credentials, after: &Credentials) -> Vec<Arc<str>> {
    use secrecy::ExposeSecret;

    let print = |credentials: Option<&Vec<Arc<Credential>>>| -> Vec<(String, blake3::Hash)> {
        let own = credentials.into_iter().flatten();
        own.map(|own| {
            (
                own.id.to_string(),
                blake3::hash(own.secret.expose_secret().as_bytes()),
            )
        })
        .collect()
    };
    before
        .keys()
        .filter(|id| print(before.get(*id)) != print(after.get(*id)))
        .cloned()
        .collect()
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Engine")
    }
}
