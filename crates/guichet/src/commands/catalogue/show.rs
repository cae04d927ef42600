//! `guichet catalogue show`.

use std::sync::Arc;

use guichet_catalogue::model::ai::{Model, ModelServer, Price};
use guichet_catalogue::model::{Auth, Catalogue, Category, Operation, Parameter, Provider};
use guichet_catalogue::suggest::did_you_mean;
use serde_json::{Value, json};

use crate::context::{self, Context};
use crate::credentials;
use crate::failure::{Usage, Verdict};
use crate::output::{Paint, Table};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A category, an operation (`weather/current`), a provider, or a provider with its category
    name: String,
}

/// What a name stands for.
enum Found<'a> {
    Category(&'a Category),
    Operation(&'a Arc<Operation>),
    Provider(&'a Provider),
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<Verdict> {
    let config = context.config()?;
    let catalogue = context::catalogue(&config)?;
    let found = find(&catalogue, &arguments.name)?;
    context
        .output
        .show(&found.json(), |_, paint| found.human(paint))?;
    Ok(Verdict::Good)
}

fn find<'a>(catalogue: &'a Catalogue, name: &str) -> Result<Found<'a>, Usage> {
    let (category, last) = name.split_once('/').unwrap_or(("", name));
    if let Some(operation) = catalogue.operation(category, last) {
        return Ok(Found::Operation(operation));
    }
    if category.is_empty()
        && let Some(category) = catalogue.categories.get(last)
    {
        return Ok(Found::Category(category));
    }
    let of_category =
        |provider: &&Arc<Provider>| category.is_empty() || *provider.category == *category;
    if let Some(provider) = catalogue.providers.get(last).filter(of_category) {
        return Ok(Found::Provider(provider));
    }
    let known: Vec<String> = names(catalogue).collect();
    let hint = did_you_mean(name, known.iter().map(String::as_str));
    Err(Usage(format!(
        "`{name}` is no category, operation or provider{hint}; `guichet catalogue list` shows all"
    )))
}

fn names(catalogue: &Catalogue) -> impl Iterator<Item = String> {
    let categories = catalogue.categories.keys().map(ToString::to_string);
    let operations = catalogue
        .operations()
        .map(|operation| operation.id.to_string());
    let providers = catalogue.providers.keys().map(ToString::to_string);
    categories.chain(operations).chain(providers)
}

impl Found<'_> {
    fn json(&self) -> Value {
        match self {
            Self::Category(category) => category_json(category),
            Self::Operation(operation) => operation_json(operation),
            Self::Provider(provider) => provider_json(provider),
        }
    }

    fn human(&self, paint: Paint) -> String {
        match self {
            Self::Category(category) => category_text(category, paint),
            Self::Operation(operation) => operation_text(operation, paint),
            Self::Provider(provider) => {
                let models = provider
                    .models
                    .as_ref()
                    .map(|server| models_text(server, paint));
                provider_text(provider) + models.as_deref().unwrap_or_default()
            }
        }
    }
}

fn category_json(category: &Category) -> Value {
    json!({
        "category": category.id,
        "title": category.title,
        "summary": category.summary,
        "operations": category.operations.values().map(operation_json).collect::<Vec<_>>(),
    })
}

fn operation_json(operation: &Arc<Operation>) -> Value {
    json!({
        "operation": operation.id.to_string(),
        "summary": operation.summary,
        "method": operation.method.as_str(),
        "fresh_s": operation.fresh.map(|fresh| fresh.as_secs()),
        "stale_s": operation.stale.map(|stale| stale.as_secs()),
        "paged": operation.paged,
        "parameters": shown(operation).map(parameter_json).collect::<Vec<_>>(),
        "providers": providers(operation),
        "examples": operation.examples,
    })
}

fn parameter_json(parameter: &Parameter) -> Value {
    json!({
        "name": parameter.name,
        "type": parameter.kind,
        "required": parameter.required,
        "default": parameter.default,
        "list": parameter.many.is_some(),
        "one_of": parameter.one_of,
        "summary": parameter.summary,
    })
}

fn provider_json(provider: &Provider) -> Value {
    json!({
        "provider": provider.id,
        "category": provider.category,
        "title": provider.title,
        "docs": provider.docs,
        "verified": provider.verified,
        "local": provider.is_local(),
        "enabled": provider.enabled,
        "operations": provider.operations,
        "key": key(provider),
        "variables": credentials::names(provider),
        "licence": provider.terms.as_ref().map(|terms| &terms.licence),
        "attribution": provider.terms.as_ref().map(|terms| &terms.attribution),
        "commercial": provider.terms.as_ref().map(|terms| terms.commercial),
        "trains_on_data": provider.terms.as_ref().and_then(|terms| terms.trains_on_data),
        "quotas": quotas(provider),
        "models": provider.models.as_ref().map(|server| models_json(server)),
    })
}

fn models_json(server: &ModelServer) -> Value {
    json!({
        "dialect": server.dialect,
        "local": server.local,
        "any_model": server.any_model,
        "models": server.models.values().map(|model| model_json(model)).collect::<Vec<_>>(),
    })
}

/// In US dollars: of a million tokens or characters, of one image, minute or request.
fn price_json(price: &Price) -> Value {
    json!({
        "input_per_million": price.input,
        "output_per_million": price.output,
        "cached_input_per_million": price.cached_input,
        "characters_per_million": price.characters,
        "image": price.image,
        "minute": price.minute,
        "request": price.request,
        "as_of": price.as_of.to_string(),
    })
}

fn price_text(price: &Price) -> String {
    let tokens = (price.input + price.output > 0.0)
        .then(|| format!("{} in, {} out a million tokens", price.input, price.output));
    let others = [
        (price.characters, "a million characters"),
        (price.image, "an image"),
        (price.minute, "a minute"),
        (price.request, "a request"),
    ];
    let others = others
        .into_iter()
        .filter_map(|(price, of)| Some(format!("{} {of}", price?)));
    let parts: Vec<String> = tokens.into_iter().chain(others).collect();
    parts.join(", ")
}

fn model_json(model: &Model) -> Value {
    json!({
        "id": model.id,
        "names": model.names,
        "tasks": model.tasks,
        "context": model.context,
        "output": model.output,
        "abilities": model.abilities.names().collect::<Vec<_>>(),
        "free": model.free,
        "price": model.price.as_ref().map(price_json),
        "retires": model.retires.map(|day| day.to_string()),
        "quotas": model.quotas.iter().map(|quota| format!("{} {}", quota.limit, quota.id())).collect::<Vec<_>>(),
    })
}

fn category_text(category: &Category, paint: Paint) -> String {
    let mut table = Table::new(["OPERATION", "SUMMARY", "PARAMETERS", "PROVIDERS"]);
    for operation in category.operations.values() {
        let parameters: Vec<&str> = shown(operation).map(|parameter| &*parameter.name).collect();
        table.row([
            operation.id.name.to_string().into(),
            operation.summary.as_str().into(),
            parameters.join(", ").into(),
            providers(operation).join(", ").into(),
        ]);
    }
    format!(
        "{}: {}\n\n{}",
        category.title,
        category.summary,
        table.render(paint)
    )
}

fn operation_text(operation: &Operation, paint: Paint) -> String {
    let mut table = Table::new(["PARAMETER", "TYPE", "NEEDED", "SUMMARY"]);
    for parameter in shown(operation) {
        let default = parameter.default.as_ref();
        let needed = match (parameter.required, default) {
            (true, _) => "yes".into(),
            (false, Some(default)) => format!("no, {default}"),
            (false, None) => "no".into(),
        };
        let kind = serde_json::to_value(parameter.kind).unwrap_or_default();
        table.row([
            parameter.name.to_string().into(),
            kind.as_str().unwrap_or_default().into(),
            needed.into(),
            parameter.summary.as_str().into(),
        ]);
    }
    format!(
        "{}: {}\nanswered by {}\n\n{}",
        operation.id,
        operation.summary,
        providers(operation).join(", "),
        table.render(paint)
    )
}

fn provider_text(provider: &Provider) -> String {
    let terms = provider.terms.as_ref();
    let operations: Vec<&str> = provider.operations.iter().map(|name| &**name).collect();
    let lines = [
        ("provider", format!("{} ({})", provider.id, provider.title)),
        (
            "answers",
            format!("{} {}", provider.category, operations.join(", ")),
        ),
        ("docs", provider.docs.clone()),
        ("verified", provider.verified.clone().unwrap_or_default()),
        ("key", key(provider).into()),
        ("variables", credentials::names(provider).join(", ")),
        ("quotas", quotas(provider).join(", ")),
        (
            "licence",
            terms.map_or_else(String::new, |terms| terms.licence.clone()),
        ),
        (
            "shown with",
            terms.map_or_else(String::new, |terms| terms.attribution.clone()),
        ),
    ];
    let known = lines.iter().filter(|(_, value)| !value.is_empty());
    let lines: Vec<String> = known
        .map(|(name, value)| format!("{name:<12}{value}\n"))
        .collect();
    lines.concat()
}

fn models_text(server: &ModelServer, paint: Paint) -> String {
    let any = match (server.discovery.is_some(), server.any_model) {
        (true, _) => "\nand the models that it says it has\n",
        (false, true) => "\nand any other model of it, by its id\n",
        (false, false) => "",
    };
    if server.models.is_empty() {
        return any.into();
    }
    let mut table = Table::new(["MODEL", "NAME", "DOES", "CONTEXT", "FREE", "PRICE IN USD"]);
    for model in server.models.values() {
        let tasks: Vec<&str> = model.tasks.iter().map(|task| task.as_str()).collect();
        let price = model.price.as_ref();
        table.row([
            model.id.to_string().into(),
            model.names.join(", ").into(),
            tasks.join(", ").into(),
            model
                .context
                .map_or_else(String::new, |context| context.to_string())
                .into(),
            if model.free {
                "yes".into()
            } else {
                "no".into()
            },
            price.map_or_else(String::new, price_text).into(),
        ]);
    }
    format!("\n{}{any}", table.render(paint))
}

/// Whether a provider's calls need a key.
fn key(provider: &Provider) -> &'static str {
    match provider.http().map(|http| &http.auth) {
        Some(Auth::Oauth2Client {
            optional: false, ..
        }) => "needed (client_id:client_secret)",
        Some(Auth::Oauth2Client { optional: true, .. }) => "optional (client_id:client_secret)",
        Some(auth) if !auth.works_without() => "needed",
        Some(auth) if auth.takes_credential() => "optional",
        Some(_) | None => "none",
    }
}

fn quotas(provider: &Provider) -> Vec<String> {
    let quotas = provider.http().map_or(&[][..], |http| &http.quotas);
    quotas
        .iter()
        .map(|quota| format!("{} {}", quota.limit, quota.id()))
        .collect()
}

fn shown(operation: &Operation) -> impl Iterator<Item = &Parameter> {
    let parameters = operation.parameters.iter();
    parameters.filter(|parameter| !parameter.internal)
}

fn providers(operation: &Operation) -> Vec<&str> {
    let endpoints = operation.endpoints.iter();
    endpoints.map(|endpoint| &*endpoint.provider.id).collect()
}
