//! The handle. Here: opening, authenticating, reading again. The rest is in the module of each topic.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use guichet_engine::identity::{Credential, CredentialId};
use guichet_store::Database;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use tokio::sync::{Mutex, watch};

use crate::keyring::{KeySettings, Keyring, Pepper};
use crate::limits::LimitTable;
use crate::opt_ins::OptInTable;
use crate::policies::PolicyTable;
use crate::sealing::Master;
use crate::{AccessError, Familiar, MasterKeySource, Principal, Refusal, unlock};

/// Keys and credentials of one installation. Clones are cheap and share everything.
#[derive(Clone)]
pub struct Access {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) database: Database,
    /// Held over every reload, so that an older snapshot never replaces a newer one.
    pub(crate) vault: Mutex<Vault>,
    pub(crate) pepper: Pepper,
    keyring: ArcSwap<Keyring>,
    credentials: watch::Sender<Arc<[Credential]>>,
}

/// The master key in use, and where to look when it is no more.
pub(crate) struct Vault {
    pub(crate) source: MasterKeySource,
    pub(crate) master: Master,
}

impl Access {
    /// Opens the vault and reads keys and credentials. On first start it makes the master key (where it is kept in a
    /// file), the vault, and the default organization and project.
    ///
    /// Refused, with nothing made: a key file that others can read, and a vault whose key is wrong or missing.
    pub async fn open(database: Database, source: MasterKeySource) -> Result<Self, AccessError> {
        let unlocked = {
            let _held = unlock::hold(&source).await?;
            unlock::unlock(&database, &source).await?
        };
        let shared = Shared {
            database,
            vault: Mutex::new(Vault {
                source,
                master: unlocked.master,
            }),
            pepper: unlocked.pepper,
            keyring: ArcSwap::default(),
            credentials: watch::Sender::new(Arc::default()),
        };
        let access = Self {
            shared: Arc::new(shared),
        };
        access.ensure_defaults().await?;
        access.reload().await?;
        Ok(access)
    }

    /// Says who presents a key. Decided in memory: no I/O, no lock that another request could hold.
    pub fn authenticate(&self, presented: &str) -> Result<Arc<Principal>, Refusal> {
        self.authenticate_again(presented, &Familiar::default())
    }

    /// The same, over a connection that may have brought this key before.
    pub fn authenticate_again(
        &self,
        presented: &str,
        familiar: &Familiar,
    ) -> Result<Arc<Principal>, Refusal> {
        let keyring = self.shared.keyring.load();
        keyring.authenticate(&self.shared.pepper, presented, familiar, Timestamp::now)
    }

    /// Every stored credential, opened, as last read.
    #[must_use]
    pub fn credentials(&self) -> Vec<Credential> {
        self.shared.credentials.borrow().to_vec()
    }

    /// The credentials now, and again whenever one is set or removed, by this process or (see [`Access::watch`])
    /// another.
    #[must_use]
    pub fn subscribe_credentials(&self) -> watch::Receiver<Arc<[Credential]>> {
        self.shared.credentials.subscribe()
    }

    /// Whether the database's server answered when it was last asked; none where there is no server.
    #[must_use]
    pub fn database_answers(&self) -> Option<bool> {
        self.shared.database.server_answers()
    }

    /// Reads keys and credentials again. After an error the last good ones stay in force; keys are taken over even
    /// when a credential cannot be opened, since a revocation must not wait for it.
    pub async fn reload(&self) -> Result<(), AccessError> {
        let mut vault = self.shared.vault.lock().await;
        let settings = self.shared.database.settings().await?;
        let settings = KeySettings {
            limits: LimitTable::read(&settings)?,
            policies: PolicyTable::read(&settings)?,
            opt_ins: OptInTable::read(&settings)?,
        };
        let keys = self.shared.database.keys().await?;
        let keyring = &self.shared.keyring;
        let next = keyring.load().succeeded_by(&keys, &settings);
        keyring.store(Arc::new(next));
        let credentials = self.read_credentials(&mut vault).await?;
        self.shared.credentials.send_if_modified(|current| {
            let changed = !current.iter().map(face).eq(credentials.iter().map(face));
            if changed {
                *current = credentials.into();
            }
            changed
        });
        Ok(())
    }
}

/// What makes two credentials the same.
fn face(credential: &Credential) -> (&CredentialId, &str) {
    (&credential.id, credential.secret.expose_secret())
}

impl fmt::Debug for Access {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Access")
            .field("database", &self.shared.database)
            .finish_non_exhaustive()
    }
}
