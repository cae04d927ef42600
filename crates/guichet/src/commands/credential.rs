//! `guichet credential …`: the keys that open providers.

use guichet_access::CredentialInfo;
use guichet_catalogue::model::{Auth, Catalogue, Provider};
use guichet_catalogue::suggest::did_you_mean;
use guichet_engine::Engine;
use guichet_engine::identity::CredentialId;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::config::Config;
use crate::context::{self, Context};
use crate::failure::{Usage, Verdict};
use crate::installation::Installation;
use crate::output::{Cell, Paint, Table, Tone};
use crate::verification::{self, Finding};
use crate::{credentials, secret_input};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Seal a provider's key into the vault; it is read from stdin
    Set {
        /// The provider
        provider: String,
        /// What to call it; an existing one of this name is replaced
        #[arg(long, default_value = "default")]
        label: String,
    },
    /// Show every key of a provider, masked
    List,
    /// Try keys against their providers
    Verify {
        /// A provider, or one credential as `list` shows it
        which: String,
    },
    /// Remove a key from the vault
    Remove {
        /// The credential, as `list` shows it
        id: String,
    },
}

/// A credential and where it rests.
#[derive(Serialize)]
struct Shown {
    id: CredentialId,
    provider: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    masked: Option<String>,
    /// Its sealed bytes open no more.
    damaged: bool,
    /// `vault`, or the variables of the environment that may hold it.
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Timestamp>,
}

impl From<CredentialInfo> for Shown {
    fn from(info: CredentialInfo) -> Self {
        Self {
            id: info.id,
            provider: info.provider,
            label: Some(info.label),
            masked: Some(info.masked),
            damaged: info.damaged,
            source: "vault".into(),
            created_at: Some(info.created_at),
        }
    }
}

pub(super) async fn run(context: &Context, command: Command) -> anyhow::Result<Verdict> {
    let config = context.config()?;
    let catalogue = context::catalogue(&config)?;
    let installation = Installation::open(&config.settings).await?;
    match command {
        Command::Set { provider, label } => {
            check_takes_key(&catalogue, &provider)?;
            let secret = read_key(&catalogue, &provider)?;
            let set = installation
                .access
                .set_credential(&provider, &label, secret);
            let info = set.await?;
            context.output.show(&info, |info, _| {
                format!("{} is set: {}\n", info.id, info.masked)
            })?;
        }
        Command::List => list(context, &catalogue, &installation).await?,
        Command::Verify { which } => {
            return verify(context, &config, catalogue, &installation, &which).await;
        }
        Command::Remove { id } => {
            let id = CredentialId::new(id);
            installation.access.remove_credential(&id).await?;
            let report = serde_json::json!({ "id": id, "removed": true });
            context
                .output
                .show(&report, |_, _| format!("removed {id}\n"))?;
        }
    }
    Ok(Verdict::Good)
}

async fn list(
    context: &Context,
    catalogue: &Catalogue,
    installation: &Installation,
) -> anyhow::Result<()> {
    let stored = installation.access.list_credentials().await?;
    let mut shown: Vec<Shown> = stored.into_iter().map(Shown::from).collect();
    let gathered = credentials::gather(
        catalogue,
        installation.access.credentials(),
        credentials::process_variable,
    );
    for refused in &gathered.refused {
        tracing::warn!("{refused}");
    }
    let given = gathered
        .credentials
        .into_iter()
        .filter(|one| !shown.iter().any(|stored| stored.id == one.id))
        .map(|one| of_environment(catalogue, &one.provider, one.id))
        .collect::<Vec<_>>();
    shown.extend(given);
    context
        .output
        .show(&shown, |shown, paint| table(shown, paint))?;
    Ok(())
}

fn of_environment(catalogue: &Catalogue, provider: &str, id: CredentialId) -> Shown {
    let names = catalogue
        .providers
        .get(provider)
        .map(|known| credentials::names(known));
    Shown {
        id,
        provider: provider.to_owned(),
        label: None,
        masked: None,
        damaged: false,
        source: names.unwrap_or_default().join(", "),
        created_at: None,
    }
}

fn table(shown: &[Shown], paint: Paint) -> String {
    let mut table = Table::new(["ID", "PROVIDER", "LABEL", "KEY", "SOURCE", "STATE"]);
    for one in shown {
        table.row([
            one.id.as_str().into(),
            one.provider.as_str().into(),
            one.label.as_deref().unwrap_or_default().into(),
            one.masked.as_deref().unwrap_or("…").into(),
            one.source.as_str().into(),
            if one.damaged {
                Cell::toned("damaged: set it again or remove it", Tone::Bad)
            } else {
                Cell::toned("ok", Tone::Good)
            },
        ]);
    }
    table.render(paint)
}

async fn verify(
    context: &Context,
    config: &Config,
    catalogue: Catalogue,
    installation: &Installation,
    which: &str,
) -> anyhow::Result<Verdict> {
    let provider = which.split('/').next().unwrap_or(which);
    check_takes_key(&catalogue, provider)?;
    let engine = installation.engine(&config.settings, catalogue).await?;
    let ids = wanted(&engine, installation, provider, which);
    if ids.is_empty() {
        return Err(Usage(format!(
            "there is no credential `{which}`; `guichet credential list` shows all"
        ))
        .into());
    }
    let mut findings: Vec<Finding> = Vec::new();
    for id in ids {
        findings.push(verification::verify(&engine, provider, Some(id)).await);
    }
    engine.flush().await;
    context.output.show(&findings, |findings, paint| {
        verification::table(findings, paint)
    })?;
    Ok(Verdict::of(findings.iter().all(|finding| finding.ok)))
}

/// The credentials of a provider, or the one that is named.
fn wanted(
    engine: &Engine,
    installation: &Installation,
    provider: &str,
    which: &str,
) -> Vec<CredentialId> {
    let stored = installation.access.credentials();
    let gathered = credentials::gather(&engine.catalogue(), stored, credentials::process_variable);
    gathered
        .credentials
        .into_iter()
        .filter(|one| &*one.provider == provider)
        .map(|one| one.id)
        .filter(|id| which == provider || id.as_str() == which)
        .collect()
}

/// Asks for a key; for one that is exchanged for tokens, both of its parts.
fn read_key(catalogue: &Catalogue, provider: &str) -> anyhow::Result<SecretString> {
    let known = catalogue.providers.get(provider);
    let http = known.and_then(|known| known.http());
    let is_client = http.is_some_and(|http| matches!(http.auth, Auth::Oauth2Client { .. }));
    if !is_client {
        return secret_input::read(&format!("the key of {provider}"));
    }
    let secret = secret_input::read(&format!("client_id:client_secret of {provider}"))?;
    if secret.expose_secret().contains(':') {
        Ok(secret)
    } else {
        let message =
            format!("{provider} wants `client_id:client_secret`, with a colon between them");
        Err(Usage(message).into())
    }
}

fn check_takes_key(catalogue: &Catalogue, provider: &str) -> Result<(), Usage> {
    let takes = |provider: &Provider| {
        let http = provider.http();
        http.is_some_and(|http| http.auth.takes_credential())
    };
    let Some(known) = catalogue.providers.get(provider) else {
        let names = catalogue.providers.values().filter(|known| takes(known));
        let hint = did_you_mean(provider, names.map(|known| &*known.id));
        return Err(Usage(format!("no provider is called `{provider}`{hint}")));
    };
    if takes(known) {
        Ok(())
    } else {
        Err(Usage(format!("{} ({provider}) takes no key", known.title)))
    }
}
