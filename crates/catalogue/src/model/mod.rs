//! The catalogue as the rest of the program sees it: checked and compiled, so that nothing in it can be wrong any more.

pub mod ai;
mod class;
mod endpoint;
mod limit;
mod operation;
mod provider;
mod quota;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

pub use ai::{Ai, Dialect, Model, ModelServer, Task};
pub use class::Class;
pub use endpoint::{Call, Decoder, Endpoint, Exchange, HttpCall, Method};
pub use limit::{Place, ResetFormat, ResetMeaning, Status, ToldLimit, Within};
pub use operation::{EmptyPolicy, Operation, OperationId, Parameter, ParameterType};
pub use provider::{
    Auth, ErrorFilter, Host, Http, Provider, Retry, Source, Suspends, Terms, TokenSource, Verify,
};
pub(crate) use quota::covers;
pub use quota::{CalendarUnit, Dimension, Quota, Scope, Window};

use crate::filter::Program;

/// Every category, operation and provider, and the program of all their filters.
#[derive(Debug)]
pub struct Catalogue {
    /// Categories of data by id; models are not among them.
    pub categories: BTreeMap<Arc<str>, Arc<Category>>,
    /// Providers by id, those of models too.
    pub providers: BTreeMap<Arc<str>, Arc<Provider>>,
    /// Who serves models.
    pub ai: Ai,
    /// All filters.
    pub program: Program,
}

/// One category: operations that share a schema.
#[derive(Debug)]
pub struct Category {
    /// Its id: the name of its folder.
    pub id: Arc<str>,
    /// For people.
    pub title: String,
    /// One sentence for people.
    pub summary: String,
    /// The JSON Schema document of its results.
    pub schema: Arc<Value>,
    /// Operations by name.
    pub operations: BTreeMap<Arc<str>, Arc<Operation>>,
}

impl Catalogue {
    /// The operation of this name.
    #[must_use]
    pub fn operation(&self, category: &str, operation: &str) -> Option<&Arc<Operation>> {
        self.categories.get(category)?.operations.get(operation)
    }

    /// All operations, by category and name.
    pub fn operations(&self) -> impl Iterator<Item = &Arc<Operation>> {
        self.categories
            .values()
            .flat_map(|category| category.operations.values())
    }
}
