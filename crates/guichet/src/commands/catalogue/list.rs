//! `guichet catalogue list`.

use std::sync::Arc;

use guichet_catalogue::model::ai::{CATEGORY, Task};
use guichet_catalogue::model::{Catalogue, Endpoint, Operation};
use serde::Serialize;

use crate::context::{self, Context};
use crate::failure::Verdict;
use crate::output::{Paint, Table};

/// One operation.
#[derive(Serialize)]
struct Row<'a> {
    category: &'a str,
    operation: &'a str,
    summary: &'a str,
    providers: Vec<&'a str>,
}

pub(super) fn run(context: &Context) -> anyhow::Result<Verdict> {
    let config = context.config()?;
    let catalogue = context::catalogue(&config)?;
    let rows: Vec<Row<'_>> = catalogue
        .operations()
        .map(row)
        .chain(tasks(&catalogue))
        .collect();
    context
        .output
        .show(&rows, |rows, paint| table(rows, paint))?;
    Ok(Verdict::Good)
}

/// What models can be asked to do.
fn tasks(catalogue: &Catalogue) -> impl Iterator<Item = Row<'_>> {
    catalogue.ai.tasks.iter().map(|(task, endpoints)| Row {
        category: CATEGORY,
        operation: task.as_str(),
        summary: summary(*task),
        providers: ids(endpoints),
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

fn row(operation: &Arc<Operation>) -> Row<'_> {
    Row {
        category: &operation.id.category,
        operation: &operation.id.name,
        summary: &operation.summary,
        providers: ids(&operation.endpoints),
    }
}

fn table(rows: &[Row<'_>], paint: Paint) -> String {
    let mut table = Table::new(["OPERATION", "SUMMARY", "PROVIDERS"]);
    for row in rows {
        table.row([
            format!("{} {}", row.category, row.operation).into(),
            row.summary.into(),
            row.providers.join(", ").into(),
        ]);
    }
    table.render(paint)
}
