//! The key that a connection brought last, so that one which comes again with each request is not judged anew.
//!
//! **Invariant:** only the same text, under the same keyring, is taken for the same key.

use std::sync::Arc;

use jiff::Timestamp;
use parking_lot::Mutex;
use zeroize::Zeroizing;

use crate::Principal;

/// What one connection remembers, and nobody beyond it.
#[derive(Default)]
pub struct Familiar(Mutex<Option<Known>>);

struct Known {
    presented: Zeroizing<Box<[u8]>>,
    generation: u64,
    expires_at: Option<Timestamp>,
    principal: Arc<Principal>,
}

impl Familiar {
    /// Who brought this text before, if it still opens.
    pub(crate) fn recognize(
        &self,
        generation: u64,
        presented: &str,
        now: impl FnOnce() -> Timestamp,
    ) -> Option<Arc<Principal>> {
        let known = self.0.lock();
        let known = known.as_ref()?;
        let holds = known.generation == generation
            && is_same(&known.presented, presented.as_bytes())
            && known.expires_at.is_none_or(|end| end > now());
        holds.then(|| Arc::clone(&known.principal))
    }

    pub(crate) fn remember(
        &self,
        generation: u64,
        presented: &str,
        expires_at: Option<Timestamp>,
        principal: &Arc<Principal>,
    ) {
        *self.0.lock() = Some(Known {
            presented: Zeroizing::new(presented.as_bytes().into()),
            generation,
            expires_at,
            principal: Arc::clone(principal),
        });
    }
}

impl std::fmt::Debug for Familiar {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Familiar")
    }
}

/// In a time that says nothing of where they differ: whoever shares a connection may try.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let difference = |all, (one, other): (&u8, &u8)| all | (one ^ other);
    one.len() == other.len() && std::hint::black_box(one.iter().zip(other).fold(0, difference)) == 0
}

#[cfg(test)]
mod tests {
    use guichet_engine::identity::{KeyId, OrganizationId, ProjectId};

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    fn familiar(expires_at: Option<Timestamp>) -> Familiar {
        let principal = Principal {
            organization: OrganizationId::new("o"),
            project: ProjectId::new("p"),
            key: KeyId::new("k"),
            limits: None,
            policy: None,
            opt_ins: crate::OptIns::default(),
        };
        let familiar = Familiar::default();
        familiar.remember(3, "secret", expires_at, &Arc::new(principal));
        familiar
    }

    #[test]
    fn only_the_same_text_under_the_same_keyring_is_recognized() {
        let known = familiar(None);
        let recognized = |generation, text| known.recognize(generation, text, || NOW).is_some();
        assert!(recognized(3, "secret"));
        for text in ["", "secre", "secrets", "secreT", "Secret"] {
            assert!(!recognized(3, text), "{text}");
        }
        assert!(!recognized(4, "secret"), "keys have changed since");
        assert!(Familiar::default().recognize(3, "", || NOW).is_none());
    }

    #[test]
    fn a_key_that_expires_is_recognized_no_more() {
        let end = NOW
            .saturating_add(std::time::Duration::from_secs(1))
            .unwrap();
        assert!(familiar(Some(end)).recognize(3, "secret", || NOW).is_some());
        assert!(familiar(Some(NOW)).recognize(3, "secret", || NOW).is_none());
    }
}
