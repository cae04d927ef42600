//! The way of a call before and after anyone is asked: cache, places, flights, staleness.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use guichet_catalogue::model::Catalogue;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Engine, Landed, Outcome, chain, kept};
use crate::answer::{Answer, Attribution, Attributions, Reason, Refusal, Served};
use crate::cache::{self, Entry, Key};
use crate::call::{Call, Options, Prepared};
use crate::deadline::Deadline;
use crate::recalled::Recalled;

pub(super) async fn answer(engine: &Engine, call: Call) -> Result<Answer, Refusal> {
    let deadline = Deadline::after(call.options.timeout.unwrap_or(engine.0.settings.timeout));
    if !cache::is_shared(&call.operation) {
        let outcome = tokio::time::timeout(
            deadline.left_with(GRACE),
            ask(engine.clone(), call, deadline),
        )
        .await;
        return outcome
            .unwrap_or_else(|_| Err(out_of_time()))
            .map(|landed| given(&landed, engine));
    }
    let key = cache::key(&call);
    let known = engine.0.answers.get(&key);
    if let Some(entry) = &known
        && let Some(age) = fresh_age(engine, entry, &call, &key, engine.0.clock.now())
    {
        return Ok(entry.answer(Served::Cached, age));
    }
    let flown = tokio::time::timeout(deadline.left_with(GRACE), fly(engine, &call, &key)).await;
    match flown.unwrap_or_else(|_| Err(out_of_time())) {
        Ok(landed) => Ok(given(&landed, engine)),
        Err(refusal) => old_answer(engine, known, &call, &key, refusal, deadline).await,
    }
}

/// The answer to a call that is asked again, if one is at hand and fresh.
pub(super) fn recalled(engine: &Engine, prepared: &Prepared, now: Timestamp) -> Option<Recalled> {
    let key = prepared.key.as_ref()?;
    let entry = engine.0.answers.get(key)?;
    let age = fresh_age(engine, &entry, &prepared.call, key, now)?;
    Some(Recalled::new(entry, age))
}

/// What may pass between the deadline and the refusal, so that the refusal can name who failed.
const GRACE: Duration = Duration::from_millis(40);

fn given(landed: &Landed, engine: &Engine) -> Answer {
    Answer {
        attempts: landed.attempts.clone(),
        ..landed.entry.answer(
            Served::Fresh,
            landed.entry.age_on_arrival(engine.0.clock.now()),
        )
    }
}

/// The age of an answer from the cache, if it is fresh; one that will not be for long is asked for again meanwhile.
fn fresh_age(
    engine: &Engine,
    entry: &Entry,
    call: &Call,
    key: &Key,
    now: Timestamp,
) -> Option<Duration> {
    let age = entry.age(now);
    let young_enough = call.options.max_age.is_none_or(|most| age < most);
    if !entry.is_fresh(age) || !young_enough {
        return None;
    }
    if entry.is_due(age) {
        engine.0.flights.start(key, flight(engine, call, key));
    }
    Some(age)
}

/// The answer of a flight that all equal calls share. Calls in a hurry fly on their own: the time of a flight is
/// shared among its candidates, and a hurried one has less to share.
async fn fly(engine: &Engine, call: &Call, key: &Key) -> Outcome {
    let flight_key = match call.options.timeout {
        None => Arc::clone(key),
        Some(time) => format!("{key} {time:?}").into(),
    };
    engine
        .0
        .flights
        .join(&flight_key, flight(engine, call, key))
        .await
}

fn flight(engine: &Engine, call: &Call, key: &Key) -> impl FnMut() -> BoxFuture<'static, Outcome> {
    let time = call.options.timeout.unwrap_or(engine.0.settings.timeout);
    move || {
        let (engine, call, key) = (engine.clone(), call.clone(), Arc::clone(key));
        Box::pin(async move {
            let keep = call.operation.keep;
            let outcome = ask(engine.clone(), call, Deadline::after(time)).await;
            if let Ok(landed) = &outcome
                && landed.entry.is_worth_keeping()
            {
                engine
                    .0
                    .answers
                    .insert(Arc::clone(&key), Arc::clone(&landed.entry));
                if keep {
                    let entry = Arc::clone(&landed.entry);
                    // Nobody waits for the disk.
                    tokio::spawn(async move { kept::keep(&engine, &key, &entry).await });
                }
            }
            outcome
        })
    }
}

/// When nobody could answer, an earlier answer that is not too old; it says how old it is.
async fn old_answer(
    engine: &Engine,
    known: Option<Arc<Entry>>,
    call: &Call,
    key: &Key,
    refusal: Refusal,
    deadline: Deadline,
) -> Result<Answer, Refusal> {
    if !matches!(
        refusal.reason,
        Reason::NoCandidate | Reason::AllSuspended | Reason::AllFailed | Reason::Deadline
    ) {
        return Err(refusal);
    }
    let entry = match known {
        None if call.operation.keep => {
            let kept = kept::kept(engine, key, &call.operation.shape);
            tokio::time::timeout(deadline.left_with(GRACE), kept)
                .await
                .ok()
                .flatten()
        }
        known => known,
    };
    let now = engine.0.clock.now();
    let usable = |entry: &Arc<Entry>| {
        let age = entry.age(now);
        let accepted = call.options.max_age.is_none_or(|most| age < most);
        entry.may_be_served_stale(age) && accepted
    };
    match entry.filter(usable) {
        Some(entry) => Ok(Answer {
            attempts: refusal.attempts,
            ..entry.answer(Served::Stale, entry.age(now))
        }),
        None => Err(refusal),
    }
}

/// Resolves places and asks the candidates.
fn ask(engine: Engine, mut call: Call, deadline: Deadline) -> BoxFuture<'static, Outcome> {
    Box::pin(async move {
        let catalogue = engine.catalogue();
        let places = resolve_places(&engine, &catalogue, &mut call, deadline).await?;
        fill_internal(&mut call);
        let landed = chain::run(&engine, &catalogue, &call, deadline).await?;
        Ok(attributed(landed, places))
    })
}

/// Whoever found the place is named too: the coordinates are theirs.
fn attributed(landed: Landed, places: Vec<Attribution>) -> Landed {
    if places.is_empty() {
        return landed;
    }
    let own = landed.entry.attribution.iter().cloned();
    let entry = Entry {
        attribution: Attributions::new(own.chain(places)),
        ..Entry::clone(&landed.entry)
    };
    Landed {
        entry: Arc::new(entry),
        ..landed
    }
}

/// Places by name become coordinates through geocoding, with its own candidates, cache and fallback.
async fn resolve_places(
    engine: &Engine,
    catalogue: &Catalogue,
    call: &mut Call,
    deadline: Deadline,
) -> Result<Vec<Attribution>, Refusal> {
    let mut attributions = Vec::new();
    for name in call.unresolved_places() {
        let wanted = call
            .parameters
            .get(&*name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let Some(search) = catalogue.operation("geocoding", "search") else {
            return Err(refused(Reason::NoCandidate));
        };
        let options = Options {
            timeout: Some(deadline.time_for_places()),
            commercial: call.options.commercial,
            ..Options::default()
        };
        let parameters = Map::from_iter([
            ("q".to_owned(), json!(wanted)),
            ("limit".to_owned(), json!(1)),
        ]);
        let operation = Arc::clone(search);
        let geocoding = Call {
            operation,
            parameters,
            options,
            caller: call.caller.clone(),
        };
        let found = Box::pin(answer(engine, geocoding))
            .await
            .map_err(|refusal| match refusal.reason {
                Reason::NotFound => Refusal {
                    reason: Reason::PlaceNotFound(wanted.clone()),
                    ..refusal
                },
                _ => refusal,
            })?;
        let place = place(&found.data).ok_or_else(|| refused(Reason::PlaceNotFound(wanted)))?;
        call.parameters.insert(name.to_string(), place);
        attributions.extend(found.attribution.iter().cloned());
    }
    Ok(attributions)
}

/// The first of the features that geocoding found, as filters see a place.
fn place(features: &[u8]) -> Option<Value> {
    let found: Value = serde_json::from_slice(features).ok()?;
    let first = found.pointer("/features/0")?;
    let coordinates = first.pointer("/geometry/coordinates")?;
    let mut place = json!({"lat": coordinates.get(1)?, "lon": coordinates.get(0)?});
    for member in ["name", "country_code", "tz"] {
        if let Some(value) = first.pointer(&format!("/properties/{member}")) {
            place[member] = value.clone();
        }
    }
    Some(place)
}

/// Parameters that the engine knows and callers may not set.
fn fill_internal(call: &mut Call) {
    for parameter in call
        .operation
        .parameters
        .iter()
        .filter(|parameter| parameter.internal)
    {
        let value = match parameter.default.as_ref().and_then(Value::as_str) {
            Some("peer") => call
                .caller
                .peer
                .map(|peer| json!(peer.to_canonical().to_string())),
            _ => parameter.default.clone(),
        };
        if let Some(value) = value {
            call.parameters.insert(parameter.name.to_string(), value);
        }
    }
}

pub(super) fn refused(reason: Reason) -> Refusal {
    Refusal {
        reason,
        attempts: Vec::new(),
        skipped: Vec::new(),
        retry_at: None,
    }
}

fn out_of_time() -> Refusal {
    refused(Reason::Deadline)
}
