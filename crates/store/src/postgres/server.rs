//! Connections to the server, and the gate before them: while it is known to be away nobody waits for it.
//!
//! **Invariant:** no call waits longer than [`PATIENCE`], and of those that come while the server is away one at a time
//! finds out whether it is back; the others are refused at once.

use std::time::Duration;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::time::{Instant, timeout};

use super::failure::is_away;
use super::{DatabaseUrl, migrations};
use crate::{OpenProblem, StoreError};

/// What a statement may take. What is asked here takes milliseconds; a server that is failing over does not answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a server that was away is left alone.
const PAUSE: Duration = Duration::from_millis(500);
/// Ten replicas leave room in a server that takes a hundred connections, as it does by default.
const CONNECTIONS: u32 = 8;
const IDLE: Duration = Duration::from_mins(5);

/// The server that holds the database.
#[derive(Debug)]
pub(crate) struct Server {
    url: DatabaseUrl,
    /// Swapped as a whole when one of its connections does not answer: the others would not either.
    pool: ArcSwap<PgPool>,
    /// When it may be tried again; none = it is there.
    away: Mutex<Option<Instant>>,
}

impl Server {
    /// Connects, and brings the schema up to date.
    pub(crate) async fn open(url: &DatabaseUrl) -> Result<Self, OpenProblem> {
        let server = Self {
            url: url.clone(),
            pool: ArcSwap::from_pointee(pool(&url.options)),
            away: Mutex::default(),
        };
        let pool = server.pool.load_full();
        // The pool would try until its patience ends; the first refusal tells more.
        let greeting = server.within(async {
            let mut connection = sqlx::ConnectOptions::connect(&url.options).await?;
            sqlx::Connection::ping(&mut connection).await?;
            sqlx::Connection::close(connection).await
        });
        greeting.await?;
        migrations::bring_up_to_date(&pool).await?;
        Ok(server)
    }

    /// The connections, unless the server is known to be away.
    pub(crate) fn pool(&self) -> Result<PgPool, StoreError> {
        let mut away = self.away.lock();
        if let Some(again) = *away {
            let now = Instant::now();
            if now < again {
                return Err(self.absent("it did not answer just now"));
            }
            // This one finds out; the next may when it has not come back with anything.
            *away = Some(now + PATIENCE + PAUSE);
        }
        Ok(PgPool::clone(&self.pool.load()))
    }

    pub(crate) fn is_there(&self) -> bool {
        self.away.lock().is_none()
    }

    /// Waits for a statement, for as long as it may take.
    pub(crate) async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, StoreError> {
        match timeout(PATIENCE, work).await {
            Ok(Err(error)) if is_away(&error) => {
                self.went();
                Err(self.absent(&error.to_string()))
            }
            Ok(done) => {
                // It answered, if only with a refusal.
                *self.away.lock() = None;
                Ok(done?)
            }
            Err(_) => {
                self.went();
                self.pool
                    .store(std::sync::Arc::new(pool(&self.url.options)));
                Err(self.absent("it does not answer"))
            }
        }
    }

    pub(crate) async fn close(&self) {
        // Connections that hang would be waited for.
        let pool = self.pool.load_full();
        let _hanging = timeout(PATIENCE, pool.close()).await;
    }

    fn went(&self) {
        *self.away.lock() = Some(Instant::now() + PAUSE);
    }

    fn absent(&self, reason: &str) -> StoreError {
        StoreError::Away {
            database: self.url.to_string(),
            reason: reason.to_owned(),
        }
    }
}

fn pool(options: &PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .min_connections(0)
        .max_connections(CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .idle_timeout(IDLE)
        .connect_lazy_with(options.clone())
}
