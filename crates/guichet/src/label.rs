//! How sure answers are: what is promised for each operation, and for each task of models, and what would make it surer.

use guichet_catalogue::model::Operation;
use guichet_catalogue::model::ai::{CATEGORY, Task};
use guichet_engine::{Engine, Guarantee, Promise};
use serde::Serialize;

use crate::output::{Cell, Table, Tone};

/// One label.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Label {
    /// `weather/current`; `ai/chat` for a task of models.
    pub(crate) operation: String,
    #[serde(skip)]
    sure: Guarantee,
    guarantee: &'static str,
    guarantee_reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    guarantee_repair: Option<String>,
    /// Whether it is of models.
    #[serde(skip)]
    models: bool,
}

impl Label {
    /// The label of one promise.
    pub(crate) fn of(operation: String, promise: Promise) -> Self {
        Self {
            operation,
            sure: promise.guarantee,
            guarantee: promise.guarantee.as_str(),
            guarantee_reason: promise.reason,
            guarantee_repair: promise.repair,
            models: false,
        }
    }

    /// Whether `check --strict` is content with it. Models that nobody set up are nothing that anybody relies on.
    pub(crate) fn will_do(&self) -> bool {
        self.sure == Guarantee::Guaranteed || (self.models && self.sure == Guarantee::None)
    }

    /// Its word, coloured.
    pub(crate) fn cell(&self) -> Cell {
        let tone = match self.sure {
            Guarantee::Guaranteed => Tone::Good,
            Guarantee::BestEffort => Tone::Careful,
            Guarantee::Single | Guarantee::None => Tone::Bad,
        };
        Cell::toned(self.guarantee, tone)
    }

    /// In one sentence.
    pub(crate) fn sentence(&self) -> String {
        match &self.guarantee_repair {
            Some(repair) => format!("{}; {repair}", self.guarantee_reason),
            None => self.guarantee_reason.clone(),
        }
    }
}

/// The labels of every operation.
pub(crate) fn of_operations(engine: &Engine) -> Vec<Label> {
    let catalogue = engine.catalogue();
    let label =
        |operation: &Operation| Label::of(operation.id.to_string(), engine.promise(operation));
    catalogue
        .operations()
        .map(|operation| label(operation))
        .collect()
}

/// The labels of every task of models.
pub(crate) fn of_models(engine: &Engine) -> Vec<Label> {
    let promises = engine.promises_of_models().into_iter();
    promises
        .map(|(task, promise)| Label {
            models: true,
            ..Label::of(of_task(task), promise)
        })
        .collect()
}

/// What a task of models is called among the operations.
pub(crate) fn of_task(task: Task) -> String {
    format!("{CATEGORY}/{}", task.as_str())
}

/// What is not guaranteed, for people; none where everything is.
pub(crate) fn unsure(labels: &[Label]) -> Option<Table> {
    let mut table = Table::new(["NOT GUARANTEED", "LABEL", "WHY, AND WHAT WOULD MEND IT"]);
    let mut any = false;
    for label in labels.iter().filter(|label| !label.will_do()) {
        any = true;
        let operation = label.operation.as_str().into();
        table.row([operation, label.cell(), label.sentence().into()]);
    }
    any.then_some(table)
}

/// Tells the log what a server promises: one line for what is not guaranteed, and one for all.
pub(crate) fn log(engine: &Engine) {
    let labels: Vec<Label> = of_operations(engine)
        .into_iter()
        .chain(of_models(engine))
        .collect();
    for label in labels.iter().filter(|label| !label.will_do()) {
        let (operation, guarantee) = (&label.operation, label.guarantee);
        let reason = label.sentence();
        tracing::info!(operation, guarantee, reason, "not guaranteed");
    }
    let count = |sure| labels.iter().filter(|label| label.sure == sure).count();
    tracing::info!(
        guaranteed = count(Guarantee::Guaranteed),
        best_effort = count(Guarantee::BestEffort),
        single = count(Guarantee::Single),
        none = count(Guarantee::None),
        "what is promised"
    );
}
