//! Requests of an operation and how their answers are read.

use super::category::DraftOperation;
use super::reader::Reader;
use crate::model::{Call, Decoder, Exchange, HttpCall, Method};
use crate::written::{self, Request};

/// Requests before the last one.
const MOST_STEPS: usize = 2;
/// Bytes of a body where a file says nothing.
const MAX_BYTES: usize = 4 << 20;

pub(super) fn call(
    name: &str,
    written: &written::Endpoint,
    decode: Decoder,
    operation: &DraftOperation,
    reader: &mut Reader<'_>,
) -> Option<Call> {
    if let Some(call) = &written.call {
        reader.wrong_at(
            call,
            "`call` names a function of a local provider: write `kind = \"local\"`, or `get`",
        );
    }
    if written.steps.len() > MOST_STEPS {
        reader.wrong(format!(
            "operation `{name}` has more than {MOST_STEPS} steps before its last request"
        ));
    }
    if let Some(next) = &written.next
        && !operation.paged
    {
        reader.wrong_at(
            next,
            "the category does not page this operation (`paged = true`)",
        );
    }
    let mut steps = Vec::new();
    for step in &written.steps {
        steps.push((
            step.name.clone(),
            exchange(name, &step.request(), decode, reader)?,
        ));
    }
    let last = exchange(name, &written.request(), decode, reader)?;
    Some(Call::Http(Box::new(HttpCall {
        steps,
        last,
        next: reader.filter_if(written.next.as_ref()),
    })))
}

fn exchange(
    name: &str,
    written: &Request<'_>,
    decode: Decoder,
    reader: &mut Reader<'_>,
) -> Option<Exchange> {
    let (method, path) = match (written.get, written.post) {
        (Some(path), None) => (Method::Get, path),
        (None, Some(path)) => (Method::Post, path),
        _ => {
            reader.wrong(format!(
                "operation `{name}` needs one of `get` and `post`: the path of its request"
            ));
            return None;
        }
    };
    if !path.get_ref().starts_with('/') {
        reader.wrong_at(
            path,
            "a path begins with `/`; the host stands in `base_url`",
        );
    }
    if let (Some(body), Method::Get) = (written.body, method) {
        reader.wrong_at(body, "`body` goes with `post`");
    }
    let Some(result) = written.result else {
        reader.wrong(format!(
            "operation `{name}` needs `result`: the filter that maps the answer"
        ));
        return None;
    };
    Some(Exchange {
        method,
        path: reader.template(path),
        query: reader.filter_if(written.query),
        headers: reader.filter_if(written.headers),
        body: reader.filter_if(written.body),
        decode: written.decode.unwrap_or(decode),
        ok: reader.filter_if(written.ok),
        empty: reader.filter_if(written.empty),
        result: reader.filter(result),
        max_bytes: reader.size_if(written.max_bytes).unwrap_or(MAX_BYTES),
    })
}
