//! Reading the catalogue again while the server runs. A broken one changes nothing.

use std::sync::Arc;

use guichet_catalogue::problem::Problems;
use guichet_engine::Engine;
use tokio::sync::Mutex;

use crate::config::Config;
use crate::context;
use crate::installation::Installation;

/// Puts a new catalogue in the place of the one in use. Clones do the same work for the same server.
#[derive(Clone)]
pub(super) struct Reloader {
    shared: Arc<Shared>,
}

struct Shared {
    config: Config,
    engine: Engine,
    installation: Installation,
    /// Held over each reading, so that an older one never replaces a newer one.
    turn: Mutex<()>,
}

impl Reloader {
    pub(super) fn new(config: Config, engine: Engine, installation: Installation) -> Self {
        Self {
            shared: Arc::new(Shared {
                config,
                engine,
                installation,
                turn: Mutex::new(()),
            }),
        }
    }

    /// Reads, checks, and only then takes over; says in the log what came of it.
    pub(super) async fn reload(&self) {
        let _turn = self.shared.turn.lock().await;
        let shared = Arc::clone(&self.shared);
        // Compiling every filter takes a while: not on a thread that answers calls.
        let read = tokio::task::spawn_blocking(move || context::catalogue(&shared.config));
        match read.await {
            Ok(Ok(catalogue)) => {
                self.shared.engine.replace_catalogue(catalogue);
                self.shared
                    .installation
                    .publish_credentials(&self.shared.engine);
                tracing::info!("catalogue taken over");
            }
            Ok(Err(problems)) => refuse(&problems),
            Err(error) => tracing::error!(%error, "the catalogue could not be read"),
        }
    }
}

fn refuse(problems: &Problems) {
    for problem in &problems.0 {
        tracing::error!(
            file = problem.file,
            line = problem.line,
            "{}",
            problem.message
        );
    }
    tracing::error!("the catalogue is broken: what ran before goes on");
}
