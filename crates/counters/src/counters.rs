//! The counters: questions to the scripts, and what it means when no answer comes.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use guichet_engine::ledger::{Away, Shared, SharedLevel, Taking, Told};
use guichet_engine::store::SuspensionRecord;
use jiff::Timestamp;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{RedisError, Script};
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::question::{self, PREFIX};
use crate::suspensions::Suspensions;
use crate::{RedisUrl, heartbeat, reply};

/// What a call waits for a decision at most, as long as heartbeats get through. A decision takes a fraction of a millisecond;
/// a burst that is beyond this machine takes longer, and who gave up then would count alone while others still count together.
/// The first calls that find Redis gone wait for the heartbeat that finds out, the following ones not at all.
const PATIENCE: Duration = Duration::from_secs(2);
/// Of that, what is left for the answer to come back: a question that is read later than this is not answered any more.
const WAY_BACK: Duration = Duration::from_millis(20);
/// After which time what could not be taken back is taken back again.
const AGAIN: Duration = Duration::from_millis(200);
/// What is told in the background waits until it is known whether it was counted.
const LATEST: Duration = Duration::from_mins(2);
/// How long one who says nothing is believed to be there.
pub(crate) const BELIEVED: Duration = Duration::from_secs(10);

/// Counters in Redis. Clones are the same.
#[derive(Clone)]
pub struct Counters(Arc<Inner>);

pub(crate) struct Inner {
    url: RedisUrl,
    connection: ConnectionManager,
    windows: Script,
    /// This process among those that share them.
    pub(crate) replica: String,
    there: AtomicBool,
    /// Wakes who waits for an answer that may not come any more.
    gone: Notify,
    replicas: AtomicU32,
    /// How much later it is at the server than here, in microseconds.
    ahead: AtomicI64,
    /// Since when it remembers, in microseconds; zero = nobody knows.
    born: AtomicI64,
    forgotten: AtomicBool,
    pub(crate) suspensions: Suspensions,
}

impl Counters {
    /// Connects, and goes on trying where that fails: it returns after the first try, whatever came of it.
    ///
    /// # Errors
    /// None that time could mend: the address cannot be used.
    pub async fn start(url: &RedisUrl) -> Result<Self, String> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(Duration::from_millis(500)))
            // Who asks knows how long to wait; an answer that comes late still says what was done.
            .set_response_timeout(Some(LATEST))
            .set_min_delay(Duration::from_millis(20))
            .set_max_delay(Duration::from_millis(200))
            .set_number_of_retries(2);
        let connection = ConnectionManager::new_lazy_with_config(url.client.clone(), config);
        let inner = Arc::new(Inner {
            url: url.clone(),
            connection: connection.map_err(|error| error.to_string())?,
            windows: Script::new(include_str!("windows.lua")),
            replica: uuid::Uuid::new_v4().to_string(),
            there: AtomicBool::new(false),
            gone: Notify::new(),
            // Until it is known: who shares counters is not alone.
            replicas: AtomicU32::new(2),
            ahead: AtomicI64::new(0),
            born: AtomicI64::new(0),
            forgotten: AtomicBool::new(false),
            suspensions: Suspensions::default(),
        });
        heartbeat::start(&inner).await;
        Ok(Self(inner))
    }
}

impl Inner {
    pub(crate) fn connection(&self) -> ConnectionManager {
        self.connection.clone()
    }

    /// Whether it has answered lately.
    pub(crate) fn is_there(&self) -> bool {
        self.there.load(Ordering::Relaxed)
    }

    /// Hands over the script, so that not every call of the first moment has to.
    pub(crate) async fn prepare(&self) -> Result<(), RedisError> {
        let mut connection = self.connection();
        let loaded = self.windows.prepare_invoke();
        loaded.load_async(&mut connection).await.map(drop)
    }

    /// Since when it remembers, as it said last.
    pub(crate) fn born(&self) -> i64 {
        self.born.load(Ordering::Relaxed)
    }

    /// It has answered.
    pub(crate) fn came(&self, replicas: u32, ahead: i64, born: i64) {
        let before = self.born.swap(born, Ordering::Relaxed);
        if before != 0 && before != born {
            self.forgotten.store(true, Ordering::Relaxed);
        }
        self.replicas.store(replicas.max(1), Ordering::Relaxed);
        self.ahead.store(ahead, Ordering::Relaxed);
        if !self.there.swap(true, Ordering::Relaxed) {
            tracing::info!(redis = %self.url, replicas, "quotas are counted together with all servers");
        }
    }

    /// It has not answered, or not as it should: nobody asks it any more until a heartbeat gets through.
    pub(crate) fn went(&self, reason: &dyn fmt::Display) {
        if self.there.swap(false, Ordering::Relaxed) {
            let replicas = self.replicas.load(Ordering::Relaxed);
            tracing::warn!(redis = %self.url, %reason, replicas, "Redis is away: quotas are counted here alone, at this server's share");
            self.gone.notify_waiters();
        }
    }

    /// Asks the script, and waits for what it says however long that takes. After `latest` it does nothing.
    async fn ask(
        &self,
        mode: &str,
        takings: &[Taking],
        patience: Option<Duration>,
    ) -> Result<Told, Away> {
        let now = Timestamp::now();
        let ahead = self.ahead.load(Ordering::Relaxed);
        let latest = patience.map_or(0, |patience| {
            now.as_microsecond() + ahead + micros(patience)
        });
        let mut question = self.windows.key(format!("{PREFIX}:replicas"));
        question.arg(mode).arg(&self.replica).arg(latest);
        question.arg(micros(BELIEVED));
        for taking in takings {
            question.key(question::key(taking));
            for argument in question::arguments(taking, now, ahead) {
                question.arg(argument);
            }
        }
        let mut connection = self.connection();
        let answered: Result<Vec<String>, RedisError> =
            question.invoke_async(&mut connection).await;
        match answered {
            Ok(answer) => match reply::read(&answer, takings, now, ahead) {
                Ok(Some(told)) => Ok(told),
                Ok(None) => Err(Away),
                Err(reply::Unreadable) => {
                    self.went(&"an answer that cannot be read");
                    Err(Away)
                }
            },
            Err(error) => {
                self.went(&error);
                Err(Away)
            }
        }
    }

    async fn reserve(self: Arc<Self>, takings: Vec<Taking>) -> Result<Told, Away> {
        // From here on nobody goes unnoticed.
        let gone = self.gone.notified();
        if !self.is_there() {
            return Err(Away);
        }
        let (own, asked) = (Arc::clone(&self), takings.clone());
        let heard = PATIENCE.saturating_sub(WAY_BACK);
        let mut asking = tokio::spawn(async move { own.ask("reserve", &asked, Some(heard)).await });
        tokio::select! {
            biased;
            told = &mut asking => return told.unwrap_or(Err(Away)),
            () = gone => {}
            () = sleep(PATIENCE) => self.went(&"no answer in time"),
        }
        // It may have been counted with only the answer delayed; who asked counts it by himself now.
        tokio::spawn(async move {
            if let Ok(Ok(Told::Taken(_))) = asking.await {
                self.take_back(takings).await;
            }
        });
        Err(Away)
    }

    async fn take_back(&self, mut takings: Vec<Taking>) {
        for taking in &mut takings {
            taking.units = -taking.units;
        }
        while self.ask("add", &takings, None).await.is_err() {
            sleep(AGAIN).await;
        }
    }
}

impl Shared for Counters {
    fn reserve(&self, takings: Vec<Taking>) -> BoxFuture<'_, Result<Told, Away>> {
        Arc::clone(&self.0).reserve(takings).boxed()
    }

    fn add(&self, takings: Vec<Taking>) -> BoxFuture<'_, Result<Vec<SharedLevel>, Away>> {
        let added = async move {
            match self.0.ask("add", &takings, None).await? {
                Told::Taken(levels) | Told::Refused(levels) => Ok(levels),
            }
        };
        added.boxed()
    }

    fn is_there(&self) -> bool {
        self.0.is_there()
    }

    fn replicas(&self) -> u32 {
        self.0.replicas.load(Ordering::Relaxed)
    }

    fn have_forgotten(&self) -> bool {
        self.0.forgotten.swap(false, Ordering::Relaxed)
    }

    fn tell_suspension(&self, candidate: &str, suspension: Option<&SuspensionRecord>) {
        self.0.suspensions.tell(candidate, suspension);
    }

    fn suspensions(&self) -> BoxFuture<'_, Vec<(String, Option<SuspensionRecord>)>> {
        self.0.suspensions.news().boxed()
    }
}

impl fmt::Debug for Counters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Counters")
            .field(&self.0.url)
            .finish()
    }
}

pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
