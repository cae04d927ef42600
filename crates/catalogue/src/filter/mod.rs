//! jq filters, compiled once and fenced: the only expression language of the catalogue.
//!
//! All filters of a catalogue are compiled into one [`Program`], because the standard library would otherwise be
//! compiled once per filter. A run is bounded in steps, time, depth and size, so that a careless filter costs its own
//! answer and never the process. Nothing here can read the environment, the clock, files or other input.

mod budget;
mod compile;
mod fence;
mod natives;
#[cfg(test)]
mod tests;
mod used;
mod value;

use jaq_core::{Ctx, Vars};
use jaq_json::Val;
use serde_json::Value;

use budget::Budget;
pub use budget::Limits;
pub use compile::{CompileError, Compiler};
pub use value::Input;

/// A filter of a [`Program`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Filter(usize);

impl Filter {
    /// Its place among the filters, in the order in which they were added.
    pub(crate) fn index(self) -> usize {
        self.0
    }
}

/// All filters of a catalogue.
pub struct Program {
    filter: jaq_core::Filter<natives::Fenced>,
    limits: Limits,
}

/// What filters see besides their input.
#[derive(Debug, Clone)]
pub struct Variables {
    /// `$params`: the parameters of the call.
    pub params: Input,
    /// `$steps`: results of earlier steps, by name.
    pub steps: Input,
    /// `$cursor`: the provider's own cursor, or null.
    pub cursor: Input,
    /// `$headers`: headers of the answer.
    pub headers: Input,
    /// `$now`, and the result of `now`: seconds since 1970.
    pub now: f64,
}

impl Default for Variables {
    fn default() -> Self {
        Self {
            params: Input::object(),
            steps: Input::object(),
            cursor: Input::null(),
            headers: Input::object(),
            now: 0.0,
        }
    }
}

/// Why a run gave no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// The filter gave nothing.
    #[error("the filter gave no value")]
    Nothing,
    /// The filter itself failed. The text may quote its input: not for callers.
    #[error("{0}")]
    Failed(String),
    /// One of the bounds was reached.
    #[error("the filter was stopped: {0}")]
    Stopped(Bound),
}

/// The bounds of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Bound {
    /// Too many steps.
    #[error("it took too many steps")]
    Steps,
    /// Too much time.
    #[error("it took too long")]
    Time,
    /// Recursion, or a value nested too deep.
    #[error("it went too deep")]
    Depth,
    /// Values too large.
    #[error("its values grew too large")]
    Size,
}

impl Program {
    /// The first value that the filter gives for this input.
    pub fn run(
        &self,
        filter: Filter,
        input: &Input,
        variables: &Variables,
    ) -> Result<Value, FilterError> {
        let budget = Budget::start(&self.limits, variables.now);
        let first = self.first(filter, input, variables, &budget);
        if let Some(bound) = budget.exceeded() {
            return Err(FilterError::Stopped(bound));
        }
        let value = first?;
        value::to_json(&value, &budget).ok_or(FilterError::Stopped(Bound::Size))
    }

    /// Whether the filter's first value is true; nothing, null and a failure are false.
    pub fn holds(
        &self,
        filter: Filter,
        input: &Input,
        variables: &Variables,
    ) -> Result<bool, FilterError> {
        match self.run(filter, input, variables) {
            Ok(value) => Ok(!matches!(value, Value::Null | Value::Bool(false))),
            Err(FilterError::Nothing | FilterError::Failed(_)) => Ok(false),
            Err(stopped) => Err(stopped),
        }
    }

    fn first(
        &self,
        filter: Filter,
        input: &Input,
        variables: &Variables,
        budget: &Budget,
    ) -> Result<Val, FilterError> {
        let seen = [
            variables.params.0.clone(),
            variables.steps.0.clone(),
            variables.cursor.0.clone(),
            variables.headers.0.clone(),
            Val::from(variables.now),
        ];
        let bits = (0..compile::BITS).map(|bit| Val::from(filter.0 >> bit & 1 == 1));
        let globals = seen.into_iter().chain(bits);
        let data = natives::Data {
            lut: &self.filter.lut,
            budget,
        };
        let context = Ctx::<natives::Fenced>::new(data, Vars::new(globals));
        match self.filter.id.run((context, input.0.clone())).next() {
            None => Err(FilterError::Nothing),
            Some(Ok(value)) => Ok(value),
            Some(Err(exception)) => Err(match exception.get_err() {
                Ok(error) => FilterError::Failed(error.to_string()),
                Err(_) => FilterError::Nothing,
            }),
        }
    }
}

impl std::fmt::Debug for Program {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Program")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
