//! The simulator's own paths, below `/_sim/`: faults, counts, reset.

use guichet_engine::transport::UpstreamResponse;
use serde::Deserialize;
use serde_json::Value;

use crate::alphabet::{Fault, made};
use crate::pacing;
use crate::state::{State, no_content};
use crate::switches::{EVERY, Switch};

/// The body of `PUT /_sim/faults/{provider}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    fault: String,
    times: Option<u32>,
}

/// The body of `PUT /_sim/quotas/{provider}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    window: String,
    limit: f64,
}

/// Answers a command: `counts`, `reset`, `faults`, `faults/{provider}`.
pub(crate) fn answer(state: &State, method: &str, command: &str, body: &[u8]) -> UpstreamResponse {
    let words: Vec<&str> = command.split('/').filter(|word| !word.is_empty()).collect();
    match (method, words.as_slice()) {
        ("GET", ["counts"]) => shown(&state.counts()),
        ("POST", ["reset"]) => {
            state.reset();
            no_content()
        }
        ("GET", ["faults"]) => shown(&state.switches.lock().all()),
        ("DELETE", ["faults"]) => {
            state.switches.lock().clear_all();
            no_content()
        }
        ("PUT" | "DELETE", ["faults", provider]) => {
            // Clients encode the star.
            let provider = if *provider == "%2A" { EVERY } else { provider };
            if provider != EVERY && !state.book.contains_key(provider) {
                return refused(404, &format!("there is no provider `{provider}` here"));
            }
            if method == "DELETE" {
                state.switches.lock().clear(provider);
                return no_content();
            }
            put(state, provider, body)
        }
        ("GET", ["pacing"]) => shown(&state.paces.lock().all()),
        ("PUT" | "DELETE", ["pacing" | "quotas", provider]) => {
            let provider = if *provider == "%2A" { EVERY } else { provider };
            if provider != EVERY && !state.book.contains_key(provider) {
                return refused(404, &format!("there is no provider `{provider}` here"));
            }
            match (method, words[0]) {
                ("PUT", "pacing") => put_pacing(state, provider, body),
                ("PUT", _) => put_limit(state, provider, body),
                (_, "pacing") => {
                    state.paces.lock().clear(provider);
                    no_content()
                }
                _ => {
                    state.clear_limits(provider);
                    no_content()
                }
            }
        }
        _ => refused(
            404,
            "there are GET counts, POST reset, GET and DELETE faults, PUT and DELETE faults/{provider or *}, quotas/{provider}, pacing/{provider or *}",
        ),
    }
}

fn put(state: &State, provider: &str, body: &[u8]) -> UpstreamResponse {
    let wish: Wish = match serde_json::from_slice(body) {
        Ok(wish) => wish,
        Err(error) => return refused(400, &error.to_string()),
    };
    let fault: Fault = match wish.fault.parse() {
        Ok(fault) => fault,
        Err(unknown) => return refused(400, &format!("{unknown}")),
    };
    if wish.times == Some(0) {
        return refused(400, "`times` is at least 1; without it the fault stays");
    }
    let times = wish.times;
    state.switches.lock().set(provider, Switch { fault, times });
    no_content()
}

fn put_pacing(state: &State, provider: &str, body: &[u8]) -> UpstreamResponse {
    match serde_json::from_slice::<pacing::Written>(body) {
        Ok(written) => {
            state.paces.lock().set(provider, written.into());
            no_content()
        }
        Err(error) => refused(400, &error.to_string()),
    }
}

fn put_limit(state: &State, provider: &str, body: &[u8]) -> UpstreamResponse {
    let wish: Limit = match serde_json::from_slice(body) {
        Ok(wish) => wish,
        Err(error) => return refused(400, &error.to_string()),
    };
    if !wish.limit.is_finite() || wish.limit < 0.0 {
        return refused(400, "`limit` is 0 or more");
    }
    match state.set_limit(provider, &wish.window, wish.limit) {
        Ok(()) => no_content(),
        Err(known) => {
            let known = known.join(", ");
            refused(
                404,
                &format!(
                    "`{provider}` has no window `{}`; it has: {known}",
                    wish.window
                ),
            )
        }
    }
}

fn shown(value: &impl serde::Serialize) -> UpstreamResponse {
    match serde_json::to_value(value) {
        Ok(value) => json(200, &value),
        Err(error) => refused(500, &error.to_string()),
    }
}

fn refused(status: u16, message: &str) -> UpstreamResponse {
    json(status, &serde_json::json!({ "error": message }))
}

/// A JSON answer.
pub(crate) fn json(status: u16, body: &Value) -> UpstreamResponse {
    UpstreamResponse {
        body: body.to_string().into(),
        ..made(status, "application/json", "")
    }
}
