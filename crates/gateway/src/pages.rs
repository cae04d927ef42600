//! `/openapi.json` and `/docs`: made from the catalogue, once for each of its states.

use guichet_engine::answer::digest;
use std::sync::Arc;

use bytes::Bytes;
use guichet_catalogue::model::Catalogue;
use guichet_catalogue::model::ai::Task;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, HeaderValue};
use parking_lot::Mutex;

use crate::gateway::Gateway;
use crate::promised::Promised;
use crate::reply::{Response, empty_response, typed_response};
use crate::visit::Visit;
use crate::{docs, freshness, openapi, own_address};

/// The pages of the last state of the catalogue.
#[derive(Default)]
pub(crate) struct Pages(Mutex<Option<Made>>);

#[derive(Clone)]
struct Made {
    /// Held, so that no other catalogue can come to lie at its address.
    catalogue: Arc<Catalogue>,
    /// They change when credentials do, without a new catalogue.
    promises: Vec<Promised>,
    of_models: Vec<(Task, Promised)>,
    openapi: Page,
    docs: Arc<docs::Template>,
}

#[derive(Clone)]
struct Page {
    text: Bytes,
    etag: HeaderValue,
}

/// The description of every route for machines.
pub(crate) fn openapi(gateway: &Gateway, visit: &Visit) -> Response {
    send(current(gateway).openapi, visit, "application/json")
}

/// The same for people, with examples that ask the address by which the page was asked for.
pub(crate) fn docs(gateway: &Gateway, visit: &Visit) -> Response {
    let address = own_address::of(&visit.head, visit.peer, &gateway.shared.settings);
    let page = Page::new(current(gateway).docs.at(&address).into_bytes());
    let mut response = send(page, visit, "text/html; charset=utf-8");
    response.headers_mut().insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(docs::POLICY),
    );
    response
}

fn current(gateway: &Gateway) -> Made {
    let engine = &gateway.shared.engine;
    let catalogue = engine.catalogue();
    let promises: Vec<Promised> = catalogue
        .operations()
        .map(|operation| engine.promise(operation).into())
        .collect();
    let of_models: Vec<_> = engine
        .promises_of_models()
        .into_iter()
        .map(|(task, promise)| (task, Promised::from(promise)))
        .collect();
    let mut last = gateway.shared.pages.0.lock();
    if let Some(made) = last.as_ref()
        && Arc::ptr_eq(&made.catalogue, &catalogue)
        && made.promises == promises
        && made.of_models == of_models
    {
        return made.clone();
    }
    let as_promised = |operation: &_| engine.promise(operation).into();
    let made = Made {
        openapi: Page::new(
            serde_json::to_vec(&openapi::document(&catalogue, as_promised, &of_models))
                .unwrap_or_default(),
        ),
        docs: Arc::new(docs::page(&catalogue, as_promised)),
        catalogue,
        promises,
        of_models,
    };
    last.insert(made).clone()
}

impl Page {
    fn new(text: Vec<u8>) -> Self {
        Self {
            etag: freshness::etag(digest(&text)),
            text: text.into(),
        }
    }
}

fn send(page: Page, visit: &Visit, media_type: &'static str) -> Response {
    let mut response = if freshness::is_known(&visit.head.headers, &page.etag) {
        empty_response(StatusCode::NOT_MODIFIED)
    } else {
        typed_response(StatusCode::OK, media_type, page.text)
    };
    let headers = response.headers_mut();
    headers.insert(ETAG, page.etag);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
