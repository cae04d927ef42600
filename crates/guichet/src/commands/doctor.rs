//! `guichet doctor`: reaches each provider in use with its cheapest call.

use std::collections::BTreeSet;

use guichet_engine::Engine;
use guichet_engine::identity::CredentialId;
use serde::Serialize;

use crate::context::{self, Context};
use crate::failure::Verdict;
use crate::installation::Installation;
use crate::label::{self, Label};
use crate::output::progress;
use crate::verification::{self, Finding};

pub(super) async fn run(context: &Context) -> anyhow::Result<Verdict> {
    let config = context.config()?;
    let catalogue = context::catalogue(&config)?;
    let installation = Installation::open(&config.settings).await?;
    let engine = installation.engine(&config.settings, catalogue).await?;
    let asked = in_use(&engine);
    progress(&format!("asking {} providers …", asked.len()));
    let findings = ask_all(&engine, asked).await?;
    engine.flush().await;
    let labels = label::of_operations(&engine).into_iter();
    let report = Report {
        providers: findings,
        operations: labels.chain(label::of_models(&engine)).collect(),
    };
    context.output.show(&report, |report, paint| {
        let unsure = label::unsure(&report.operations).map(|table| table.render(paint));
        let findings = verification::table(&report.providers, paint);
        format!("{findings}\n{}", unsure.unwrap_or_default())
    })?;
    let findings = report.providers;
    if !findings.is_empty() && findings.iter().all(|finding| !finding.ok) {
        progress("nothing could be reached: is this machine online, and does it resolve names?");
    }
    Ok(Verdict::of(findings.iter().all(|finding| finding.ok)))
}

/// Every remote provider that the engine would ask, once for each credential. One that is suspended is asked too:
/// whether it has healed is what one wants to know.
fn in_use(engine: &Engine) -> BTreeSet<(String, Option<CredentialId>)> {
    let catalogue = engine.catalogue();
    let remote = |id: &str| {
        let provider = catalogue.providers.get(id);
        provider.is_some_and(|provider| !provider.is_local() && provider.verify.is_some())
    };
    let data = catalogue
        .operations()
        .flat_map(|operation| engine.candidates(operation));
    let asked = data
        .filter(|candidate| {
            let state = candidate.state.as_ref();
            state.is_none_or(|skipped| skipped.reason.is_temporary())
        })
        .filter(|candidate| remote(&candidate.provider))
        .map(|candidate| (candidate.provider.to_string(), candidate.credential));
    asked.chain(credentials_of_models(engine)).collect()
}

/// Every credential of a provider of models. Servers of one's own are looked for by the server, and that one is absent is
/// no fault.
fn credentials_of_models(engine: &Engine) -> Vec<(String, Option<CredentialId>)> {
    let catalogue = engine.catalogue();
    let order = catalogue.ai.order.iter();
    let each = order.flat_map(|id| {
        let credentials = engine.credential_ids(id).into_iter();
        credentials.map(|credential| (id.to_string(), Some(credential)))
    });
    each.collect()
}

/// What was found, and what is promised with it.
#[derive(Serialize)]
struct Report {
    providers: Vec<Finding>,
    operations: Vec<Label>,
}

async fn ask_all(
    engine: &Engine,
    asked: BTreeSet<(String, Option<CredentialId>)>,
) -> anyhow::Result<Vec<Finding>> {
    let tasks: Vec<_> = asked
        .into_iter()
        .map(|(provider, credential)| {
            let engine = engine.clone();
            tokio::spawn(async move { verification::verify(&engine, &provider, credential).await })
        })
        .collect();
    let mut findings = Vec::with_capacity(tasks.len());
    for task in tasks {
        findings.push(task.await?);
    }
    Ok(findings)
}
