//! Who asks, and with what: the ids that no query and no cache entry may be made without.

use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps an id; what makes one valid is its maker's business.
            pub fn new(id: impl Into<Arc<str>>) -> Self {
                Self(id.into())
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

identifier!(
    /// The owner of everything else; answers are cached per organization.
    OrganizationId
);
identifier!(
    /// One of an organization's projects.
    ProjectId
);
identifier!(
    /// The public part of a caller's key.
    KeyId
);
identifier!(
    /// One of the secrets that open a provider.
    CredentialId
);

/// A secret that opens a provider. It neither prints nor serializes.
#[derive(Debug, Clone)]
pub struct Credential {
    /// Names it in plans, ledgers and logs.
    pub id: CredentialId,
    /// The provider's id in the catalogue.
    pub provider: Arc<str>,
    /// The secret itself.
    pub secret: SecretString,
}
