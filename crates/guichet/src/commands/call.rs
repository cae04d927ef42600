//! `guichet call <category> <operation> name=value…`: one call through the whole engine, without a server.

pub(super) mod report;

use std::sync::Arc;
use std::time::Duration;

use guichet_access::default_organization;
use guichet_catalogue::model::{Catalogue, Operation};
use guichet_catalogue::parameters::InvalidParameter;
use guichet_catalogue::suggest::did_you_mean;
use guichet_catalogue::units;
use guichet_engine::answer::{Reason, Refusal};
use guichet_engine::call::{Call, Caller};
use serde_json::{Map, Value};

use crate::context::{self, Context};
use crate::failure::{Usage, Verdict};
use crate::installation::Installation;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The category, such as weather
    category: String,
    /// The operation, such as current
    operation: String,
    /// Its parameters, such as place=Paris
    #[arg(value_name = "NAME=VALUE")]
    parameters: Vec<String>,
    /// Only these, in this order; `!` before one excludes it
    #[arg(long, value_name = "ID,…")]
    providers: Option<String>,
    /// How long to wait, such as 3s
    #[arg(long, value_name = "DURATION", value_parser = units::duration)]
    timeout: Option<Duration>,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<Verdict> {
    let config = context.config()?;
    let catalogue = context::catalogue(&config)?;
    let call = read(&catalogue, &arguments)?;
    let operation = Arc::clone(&call.operation);
    let request_id = Arc::clone(&call.caller.request_id);
    let installation = Installation::open(&config.settings).await?;
    let engine = installation.engine(&config.settings, catalogue).await?;
    let outcome = engine.call(call).await;
    engine.flush().await;
    match outcome {
        Ok(answer) => {
            let report = report::Answered::new(&operation.id, &answer, &request_id)?;
            context.output.show(&report, report::answered)?;
            Ok(Verdict::Good)
        }
        Err(Refusal {
            reason: Reason::InvalidParameters(invalid),
            ..
        }) => Err(unusable(&invalid).into()),
        Err(refusal) => {
            let report = report::Refused::new(&operation.id, &refusal, &request_id);
            context.output.show(&report, report::refused)?;
            Ok(Verdict::Problem)
        }
    }
}

fn read(catalogue: &Catalogue, arguments: &Arguments) -> Result<Call, Usage> {
    let operation = find(catalogue, &arguments.category, &arguments.operation)?;
    let mut raw = Map::new();
    for given in &arguments.parameters {
        let (name, value) = given
            .split_once('=')
            .ok_or_else(|| Usage(format!("`{given}` is no parameter: write name=value")))?;
        if raw.insert(name.to_owned(), Value::from(value)).is_some() {
            return Err(Usage(format!("`{name}` is given twice")));
        }
    }
    if let Some(providers) = &arguments.providers {
        raw.insert("providers".into(), Value::from(providers.as_str()));
    }
    if let Some(timeout) = arguments.timeout {
        let milliseconds = timeout.as_millis().to_string();
        raw.insert("timeout_ms".into(), Value::from(milliseconds));
    }
    Call::read(operation, raw, caller()).map_err(|invalid| unusable(&invalid))
}

/// Whoever sits at the machine acts for the organization that every installation has.
pub(super) fn caller() -> Caller {
    let now = jiff::Timestamp::now().as_nanosecond();
    Caller {
        organization: default_organization(),
        project: None,
        policy: None,
        peer: None,
        request_id: format!("cli-{:x}-{now:x}", std::process::id()).into(),
    }
}

fn find(catalogue: &Catalogue, category: &str, name: &str) -> Result<Arc<Operation>, Usage> {
    let Some(found) = catalogue.categories.get(category) else {
        let hint = did_you_mean(category, catalogue.categories.keys().map(|id| &**id));
        return Err(Usage(format!(
            "no category is called `{category}`{hint}; `guichet catalogue list` shows all"
        )));
    };
    found.operations.get(name).cloned().ok_or_else(|| {
        let names = || found.operations.keys().map(|name| &**name);
        let all = names().collect::<Vec<_>>().join(", ");
        let hint = did_you_mean(name, names());
        Usage(format!(
            "{category} has no operation `{name}`{hint}; it has {all}"
        ))
    })
}

fn unusable(invalid: &[InvalidParameter]) -> Usage {
    let one = |parameter: &InvalidParameter| {
        let mut text = format!("`{}` {}", parameter.name, parameter.reason);
        if let Some(nearest) = &parameter.nearest {
            text.push_str(&format!("; did you mean `{nearest}`?"));
        } else if let Some(allowed) = &parameter.allowed {
            text.push_str(&format!("; allowed: {allowed}"));
        }
        text
    };
    Usage(
        invalid
            .iter()
            .map(one)
            .collect::<Vec<_>>()
            .join("\n       "),
    )
}
