//! Says again and again that this process is there, and finds out whether Redis is.

use std::sync::{Arc, Weak};
use std::time::Duration;

use jiff::Timestamp;
use redis::{RedisError, Script};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::counters::{BELIEVED, Inner, micros};
use crate::question::PREFIX;
use crate::suspensions::written;

const EVERY: Duration = Duration::from_millis(250);
const PATIENCE: Duration = Duration::from_millis(500);

/// Beats once, and from then on as long as somebody has the counters.
pub(crate) async fn start(inner: &Arc<Inner>) {
    let script = Script::new(include_str!("beat.lua"));
    beat(inner, &script).await;
    tokio::spawn(go_on(Arc::downgrade(inner), script));
}

async fn go_on(inner: Weak<Inner>, script: Script) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(inner) = inner.upgrade() else {
            return;
        };
        beat(&inner, &script).await;
    }
}

async fn beat(inner: &Inner, script: &Script) {
    if !inner.is_there() {
        match timeout(PATIENCE, inner.prepare()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return inner.went(&error),
            Err(_) => return inner.went(&"no answer"),
        }
    }
    let before = Timestamp::now();
    let mut connection = inner.connection();
    let mut beat = script.key(format!("{PREFIX}:replicas"));
    beat.key(format!("{PREFIX}:suspensions"));
    beat.key(format!("{PREFIX}:turns"));
    beat.key(format!("{PREFIX}:born"));
    beat.arg(&inner.replica).arg(micros(BELIEVED));
    beat.arg(inner.suspensions.turn()).arg(inner.born());
    let out = inner.suspensions.take();
    for (candidate, suspension) in &out {
        beat.arg(candidate).arg(written(suspension.as_ref()));
    }
    let asked = timeout(PATIENCE, beat.invoke_async(&mut connection)).await;
    let Ok(answered) = asked else {
        inner.suspensions.put_back(out);
        return inner.went(&"no answer to the heartbeat");
    };
    let answered: Result<Vec<String>, RedisError> = answered;
    match answered.map(|answer| Answer::read(&answer)) {
        Ok(Some(answer)) => {
            let after = Timestamp::now();
            let here = i64::midpoint(before.as_microsecond(), after.as_microsecond());
            inner.suspensions.hear(answer.turn, &answer.told);
            inner.came(answer.replicas, answer.now - here, answer.born);
        }
        Ok(None) => inner.went(&"an answer that cannot be read"),
        Err(error) => {
            inner.suspensions.put_back(out);
            inner.went(&error);
        }
    }
}

/// What a heartbeat is answered.
struct Answer {
    /// The server's time, in microseconds.
    now: i64,
    /// Since when it remembers, by its own time.
    born: i64,
    replicas: u32,
    turn: i64,
    told: Vec<String>,
}

impl Answer {
    fn read(texts: &[String]) -> Option<Self> {
        let [now, born, replicas, turn, told @ ..] = texts else {
            return None;
        };
        Some(Self {
            now: now.parse().ok()?,
            born: born.parse().ok()?,
            replicas: replicas.parse().ok()?,
            turn: turn.parse().ok()?,
            told: told.to_vec(),
        })
    }
}
