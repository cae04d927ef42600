//! What an answer from memory looks like to those who ask again: written once, but for its age and the request's id.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use guichet_catalogue::model::Operation;
use guichet_engine::recalled::{Mark, Recalled};
use http::HeaderValue;

use crate::content::Content;
use crate::envelope::{self, Meta, whole_seconds};
use crate::freshness::{self, Freshness};

/// The kept answer to one question, as it is told.
pub(crate) struct Again(ArcSwapOption<Written>);

/// One answer.
pub(crate) struct Written {
    of: Mark,
    meta: Meta,
    pub(crate) provider: Arc<str>,
    pub(crate) etag: HeaderValue,
    /// As of the latest second in which somebody asked.
    freshness: ArcSwapOption<(Seconds, Freshness)>,
}

/// How old it is, and for how long it is fresh.
type Seconds = (u64, u64);

impl Again {
    /// As this answer is told.
    pub(crate) fn of(&self, recalled: &Recalled, operation: &Operation) -> Arc<Written> {
        if let Some(written) = &*self.0.load()
            && recalled.bears(&written.of)
        {
            return Arc::clone(written);
        }
        let answer = recalled.answer();
        let written = Arc::new(Written {
            of: recalled.mark(),
            meta: Meta::of(&operation.id, &answer),
            etag: freshness::etag(answer.digest),
            provider: answer.provider,
            freshness: ArcSwapOption::empty(),
        });
        self.0.store(Some(Arc::clone(&written)));
        written
    }
}

impl Default for Again {
    fn default() -> Self {
        Self(ArcSwapOption::empty())
    }
}

impl Written {
    /// The body.
    pub(crate) fn body(&self, recalled: &Recalled, request_id: &str) -> Content {
        envelope::around(recalled.data(), self.meta.write(recalled.age(), request_id))
    }

    /// What the headers say of its age.
    pub(crate) fn freshness(&self, recalled: &Recalled, operation: &Operation) -> Freshness {
        let now = (
            whole_seconds(recalled.age()),
            whole_seconds(recalled.fresh_for()),
        );
        if let Some(known) = &*self.freshness.load()
            && known.0 == now
        {
            return known.1.clone();
        }
        let freshness = Freshness::of(&recalled.answer(), operation);
        self.freshness
            .store(Some(Arc::new((now, freshness.clone()))));
        freshness
    }
}
