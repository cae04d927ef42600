//! `guichet catalogue list`.

use std::sync::Arc;

use guichet_catalogue::model::Operation;
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
    let rows: Vec<Row<'_>> = catalogue.operations().map(row).collect();
    context
        .output
        .show(&rows, |rows, paint| table(rows, paint))?;
    Ok(Verdict::Good)
}

fn row(operation: &Arc<Operation>) -> Row<'_> {
    let endpoints = operation.endpoints.iter();
    Row {
        category: &operation.id.category,
        operation: &operation.id.name,
        summary: &operation.summary,
        providers: endpoints.map(|endpoint| &*endpoint.provider.id).collect(),
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
