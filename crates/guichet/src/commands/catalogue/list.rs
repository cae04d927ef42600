//! `guichet catalogue list`.

use std::sync::Arc;

use guichet_catalogue::model::ai::{CATEGORY, Task};
use guichet_catalogue::model::{Catalogue, Endpoint, Operation};
use guichet_engine::Engine;
use serde::Serialize;

use crate::context::{self, Context};
use crate::failure::Verdict;
use crate::installation::{self, Installation};
use crate::label::{self, Label};
use crate::output::{Paint, Table};

/// One operation.
#[derive(Serialize)]
struct Row<'a> {
    category: &'a str,
    summary: &'a str,
    providers: Vec<&'a str>,
    #[serde(flatten)]
    label: Label,
}

pub(super) async fn run(context: &Context) -> anyhow::Result<Verdict> {
    let config = context.config()?;
    let catalogue = context::catalogue(&config)?;
    let existing = Installation::open_existing(&config.settings).await?;
    let (engine, _) =
        installation::engine_to_look_at(existing, &config.settings, catalogue).await?;
    let catalogue = engine.catalogue();
    let operations = catalogue.operations().zip(label::of_operations(&engine));
    let rows: Vec<Row<'_>> = operations
        .map(|(operation, label)| row(operation, label))
        .chain(tasks(&catalogue, &engine))
        .collect();
    context
        .output
        .show(&rows, |rows, paint| table(rows, paint))?;
    Ok(Verdict::Good)
}

/// What models can be asked to do.
fn tasks<'a>(catalogue: &'a Catalogue, engine: &Engine) -> impl Iterator<Item = Row<'a>> {
    let labels = label::of_models(engine);
    let tasks = catalogue.ai.tasks.iter();
    tasks.filter_map(move |(task, endpoints)| {
        let operation = label::of_task(*task);
        let own = labels.iter().find(|label| label.operation == operation)?;
        Some(Row {
            category: CATEGORY,
            summary: summary(*task),
            providers: ids(endpoints),
            label: own.clone(),
        })
    })
}

fn summary(task: Task) -> &'static str {
    match task {
        Task::Chat => "Continue a conversation",
        Task::Embeddings => "Turn texts into vectors",
        Task::Speech => "Read a text aloud",
        Task::Transcription => "Write down what is said",
        Task::Translation => "Write down in English what is said",
        Task::Images => "Paint a picture",
        Task::Moderation => "Say what of a text is harmful",
        Task::Rerank => "Put documents in order of relevance",
    }
}

fn ids(endpoints: &[Arc<Endpoint>]) -> Vec<&str> {
    let endpoints = endpoints.iter();
    endpoints.map(|endpoint| &*endpoint.provider.id).collect()
}

fn row(operation: &Arc<Operation>, label: Label) -> Row<'_> {
    Row {
        category: &operation.id.category,
        summary: &operation.summary,
        providers: ids(&operation.endpoints),
        label,
    }
}

fn table(rows: &[Row<'_>], paint: Paint) -> String {
    let mut table = Table::new(["OPERATION", "SUMMARY", "LABEL", "PROVIDERS"]);
    for row in rows {
        table.row([
            row.label.operation.as_str().into(),
            row.summary.into(),
            row.label.cell(),
            row.providers.join(", ").into(),
        ]);
    }
    table.render(paint)
}
