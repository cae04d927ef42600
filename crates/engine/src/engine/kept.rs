//! Answers that survive a restart: the last good one of operations that ask for it.

use std::sync::Arc;

use guichet_catalogue::schema::Shape;

use super::Engine;
use crate::answer::digest;
use crate::cache::{Entry, Key};

pub(super) async fn keep(engine: &Engine, key: &Key, entry: &Entry) {
    let Ok(text) = serde_json::to_vec(entry) else {
        return;
    };
    let Ok(expires) = entry.given_at.checked_add(entry.stale) else {
        return;
    };
    if let Err(error) = engine
        .0
        .store
        .keep_answer(key.to_string(), text.into(), expires)
        .await
    {
        tracing::error!(%error, "an answer could not be kept for later");
    }
}

pub(super) async fn kept(engine: &Engine, key: &Key, shape: &Shape) -> Option<Arc<Entry>> {
    match engine.0.store.kept_answer(key.to_string()).await {
        // What an older version wrote in another shape is no answer.
        Ok(text) => {
            let entry: Entry = serde_json::from_slice(&text?).ok()?;
            let data = serde_json::from_slice(&entry.data).ok()?;
            shape.check(&data).ok()?;
            Some(Arc::new(Entry {
                digest: digest(&entry.data),
                ..entry
            }))
        }
        Err(error) => {
            tracing::error!(%error, "a kept answer could not be read");
            None
        }
    }
}
