//! Suspensions that several processes tell each other of: what one has found out of a credential or a provider the others
//! need not find out again.
//!
//! Only what the provider itself has said is told: a network that fails, or a firewall that blocks an address, may be one
//! process's own trouble. Who is suspended for a time is tried again by each when that is over.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::timeout;

use crate::guard::{Change, Guard};
use crate::ledger::Shared;
use crate::outcome::Class;
use crate::store::SuspensionRecord;

/// How often is looked whether anybody still listens.
const LOOK: Duration = Duration::from_secs(5);

/// Those who are told.
#[derive(Clone)]
pub(crate) struct Company(Arc<dyn Shared>);

impl Company {
    /// Takes over what the others tell for as long as somebody else has the guard.
    pub(crate) fn keep(counters: Arc<dyn Shared>, guard: &Arc<Guard>) -> Self {
        tokio::spawn(listen(Arc::clone(&counters), Arc::downgrade(guard)));
        Self(counters)
    }

    /// Tells of a suspension, or that there is none any more.
    pub(crate) fn tell(&self, change: &Change) {
        if change.record.as_ref().is_none_or(is_of_all) {
            self.0
                .tell_suspension(&change.candidate, change.record.as_ref());
        }
    }
}

async fn listen(counters: Arc<dyn Shared>, guard: Weak<Guard>) {
    loop {
        let heard = timeout(LOOK, counters.suspensions())
            .await
            .unwrap_or_default();
        let Some(guard) = guard.upgrade() else {
            return;
        };
        for (candidate, record) in heard {
            match record {
                Some(record) if is_of_all(&record) => {
                    tracing::warn!(%candidate, class = %record.class, until = ?record.until, "suspended, as another server has found");
                    guard.restore(&[], vec![record]);
                }
                Some(_) => {}
                None => drop(guard.lift(|name, class| name == candidate && is_told(class))),
            }
        }
    }
}

fn is_of_all(record: &SuspensionRecord) -> bool {
    Class::named(&record.class).is_some_and(is_told)
}

fn is_told(class: Class) -> bool {
    match class {
        Class::Auth
        | Class::Plan
        | Class::RateLimited
        | Class::QuotaExhausted
        | Class::BadPayload
        | Class::Gone => true,
        Class::Ok | Class::Empty | Class::BadRequest | Class::Blocked | Class::Upstream => false,
    }
}
