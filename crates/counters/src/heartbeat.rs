//! Says again and again that this process is there, and finds out whether Redis is.

use std::sync::{Arc, Weak};
use std::time::Duration;

use jiff::Timestamp;
use redis::{RedisError, Script};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::counters::{BELIEVED, Inner, micros};
use crate::question::PREFIX;

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
    beat.arg(&inner.replica).arg(micros(BELIEVED));
    let asked = timeout(PATIENCE, beat.invoke_async(&mut connection)).await;
    let answered: Result<(i64, u32), RedisError> = match asked {
        Ok(answered) => answered,
        Err(_) => return inner.went(&"no answer to the heartbeat"),
    };
    match answered {
        Ok((there, replicas)) => {
            let after = Timestamp::now();
            let here = i64::midpoint(before.as_microsecond(), after.as_microsecond());
            inner.came(replicas, there - here);
        }
        Err(error) => inner.went(&error),
    }
}
