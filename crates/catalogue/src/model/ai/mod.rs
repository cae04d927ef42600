//! AI providers: what can be asked of models, who serves them, and how each differs from the others.
//!
//! One file per provider says its credential, quotas, quirks and models once. The operations are a closed set, because
//! each needs code that speaks its dialect; everything else about a provider is data.
//!
//! **Invariant:** nothing here knows which names the operator gave to models; that is the router's business.

mod offer;
mod quirks;
mod server;
mod task;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use offer::{Abilities, Ability, Model, Price, Strength};
pub use quirks::{MessageRule, Quirks, StreamUsage, Understood};
pub use server::{Discovery, DiscoveryFormat, ModelServer, Route};
pub use task::{Dialect, Task};

use super::endpoint::Endpoint;

/// The id of the one category that all AI providers belong to.
pub const CATEGORY: &str = "ai";

/// Who serves models, in the catalogue's order.
#[derive(Debug, Default)]
pub struct Ai {
    /// For each task who can do it: one endpoint per provider, with [`super::Call::Model`].
    pub tasks: BTreeMap<Task, Vec<Arc<Endpoint>>>,
    /// Ids of all AI providers, in the catalogue's order.
    pub order: Vec<Arc<str>>,
}
