//! The catalogue door: what can be asked, with which parameters, and who answers.

use guichet_catalogue::model::{Auth, Category, Operation, Parameter, Provider, Source, Terms};
use guichet_engine::{CandidateState, Engine};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::data;
use crate::gateway::Gateway;
use crate::problem::Problem;
use crate::promised::Promised;
use crate::reply::{Response, json_response};
use crate::standing::{self, Standing};

#[derive(Serialize)]
struct CategoryView<'catalogue, O> {
    id: &'catalogue str,
    title: &'catalogue str,
    summary: &'catalogue str,
    operations: Vec<O>,
}

#[derive(Serialize)]
struct Line<'catalogue> {
    name: &'catalogue str,
    path: String,
    summary: &'catalogue str,
    #[serde(flatten)]
    promised: Promised,
}

#[derive(Serialize)]
struct OperationView<'catalogue> {
    #[serde(flatten)]
    line: Line<'catalogue>,
    category: &'catalogue str,
    method: &'static str,
    result: &'catalogue str,
    paged: bool,
    effects: bool,
    fresh_s: Option<u64>,
    stale_s: Option<u64>,
    parameters: Vec<ParameterView<'catalogue>>,
    examples: &'catalogue [Map<String, Value>],
    providers: Vec<ProviderView<'catalogue>>,
}

#[derive(Serialize)]
struct ParameterView<'catalogue> {
    name: &'catalogue str,
    #[serde(rename = "type")]
    kind: guichet_catalogue::model::ParameterType,
    required: bool,
    summary: &'catalogue str,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<&'catalogue Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_items: Option<usize>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    one_of: &'catalogue [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    example: Option<&'catalogue Value>,
}

#[derive(Serialize)]
struct ProviderView<'catalogue> {
    id: &'catalogue str,
    title: &'catalogue str,
    docs: &'catalogue str,
    local: bool,
    /// Whether it answers without a credential.
    keyless: bool,
    /// Whether it is used unless the operator turns it off.
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    terms: Option<TermsView<'catalogue>>,
    #[serde(flatten)]
    standing: Option<Standing>,
}

#[derive(Serialize)]
struct TermsView<'catalogue> {
    licence: &'catalogue str,
    attribution: &'catalogue str,
    url: &'catalogue str,
    commercial: bool,
}

/// Every category with one line per operation.
pub(crate) fn all(gateway: &Gateway) -> Response {
    let catalogue = gateway.shared.engine.catalogue();
    let categories: Vec<_> = catalogue
        .categories
        .values()
        .map(|category| {
            view(category, |operation| {
                line(&gateway.shared.engine, operation)
            })
        })
        .collect();
    json(&serde_json::json!({ "categories": categories }))
}

/// One category, its operations in full.
pub(crate) fn category(gateway: &Gateway, id: &str) -> Result<Response, Problem> {
    let catalogue = gateway.shared.engine.catalogue();
    let category = data::find_category(&catalogue, id)?;
    Ok(json(&view(category, |operation| {
        full(&gateway.shared.engine, operation)
    })))
}

/// One operation in full.
pub(crate) fn operation(
    gateway: &Gateway,
    category: &str,
    name: &str,
) -> Result<Response, Problem> {
    let operation = data::find(&gateway.shared.engine.catalogue(), category, name)?;
    Ok(json(&full(&gateway.shared.engine, &operation)))
}

fn view<'catalogue, O>(
    category: &'catalogue Category,
    operation: impl Fn(&'catalogue Operation) -> O,
) -> CategoryView<'catalogue, O> {
    CategoryView {
        id: &category.id,
        title: &category.title,
        summary: &category.summary,
        operations: category
            .operations
            .values()
            .map(|each| operation(each))
            .collect(),
    }
}

fn line<'catalogue>(engine: &Engine, operation: &'catalogue Operation) -> Line<'catalogue> {
    Line {
        name: &operation.id.name,
        path: format!("/api/{}", operation.id),
        summary: &operation.summary,
        promised: engine.promise(operation).into(),
    }
}

fn full<'catalogue>(
    engine: &Engine,
    operation: &'catalogue Operation,
) -> OperationView<'catalogue> {
    let candidates = engine.candidates(operation);
    let providers = operation
        .endpoints
        .iter()
        .map(|endpoint| provider(&endpoint.provider, &candidates));
    let shown = operation
        .parameters
        .iter()
        .filter(|parameter| !parameter.internal);
    OperationView {
        line: line(engine, operation),
        category: &operation.id.category,
        method: operation.method.as_str(),
        result: &operation.result,
        paged: operation.paged,
        effects: operation.effects,
        fresh_s: operation.fresh.map(|fresh| fresh.as_secs()),
        stale_s: operation.stale.map(|stale| stale.as_secs()),
        parameters: shown.map(parameter).collect(),
        examples: &operation.examples,
        providers: providers.collect(),
    }
}

fn parameter(parameter: &Parameter) -> ParameterView<'_> {
    ParameterView {
        name: &parameter.name,
        kind: parameter.kind,
        required: parameter.required,
        summary: &parameter.summary,
        default: parameter.default.as_ref(),
        max_items: parameter.many,
        one_of: &parameter.one_of,
        min: parameter.min,
        max: parameter.max,
        example: parameter.example.as_ref(),
    }
}

fn provider<'catalogue>(
    provider: &'catalogue Provider,
    candidates: &[CandidateState],
) -> ProviderView<'catalogue> {
    ProviderView {
        id: &provider.id,
        title: &provider.title,
        docs: &provider.docs,
        local: provider.is_local(),
        keyless: is_keyless(provider),
        enabled: provider.enabled,
        terms: provider.terms.as_ref().map(terms),
        standing: standing::of_provider(candidates, &provider.id),
    }
}

/// Whether a provider answers without a credential.
pub(crate) fn is_keyless(provider: &Provider) -> bool {
    match &provider.source {
        Source::Local => true,
        Source::Http(http) => Auth::works_without(&http.auth),
    }
}

fn terms(terms: &Terms) -> TermsView<'_> {
    TermsView {
        licence: &terms.licence,
        attribution: &terms.attribution,
        url: &terms.url,
        commercial: terms.commercial,
    }
}

fn json(view: &impl Serialize) -> Response {
    json_response(StatusCode::OK, serde_json::to_vec(view).unwrap_or_default())
}
