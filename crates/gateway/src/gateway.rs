//! The doors and what they share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use guichet_access::Access;
use guichet_engine::Engine;

use crate::asked::Asked;
use crate::metrics::Metrics;
use crate::pages::Pages;
use crate::settings::Settings;

/// Every HTTP door over one engine. Clones are cheap and share everything.
#[derive(Clone)]
pub struct Gateway {
    pub(crate) shared: Arc<Shared>,
}

/// What the doors share.
pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) access: Access,
    pub(crate) settings: Settings,
    pub(crate) metrics: Metrics,
    pub(crate) asked: Asked,
    pub(crate) pages: Pages,
    pub(crate) started: Instant,
    stopping: AtomicBool,
}

impl Gateway {
    /// The doors to this engine, opened by the keys of `access`. The engine's attempts and the
    /// usage of models are counted from now on.
    #[must_use]
    pub fn new(engine: Engine, access: Access, settings: Settings, metrics: Metrics) -> Self {
        engine.observe(metrics.attempt_observer());
        engine.observe_usage(metrics.usage_observer());
        let shared = Shared {
            asked: Asked::new(engine.catalogue()),
            engine,
            access,
            settings,
            metrics,
            pages: Pages::default(),
            started: Instant::now(),
            stopping: AtomicBool::new(false),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// From now on `/health/ready` says that no more requests are wanted.
    pub fn stop(&self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.shared.stopping.load(Ordering::Relaxed)
    }
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Gateway")
            .field("settings", &self.shared.settings)
            .finish_non_exhaustive()
    }
}
