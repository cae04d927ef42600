//! Providers' credentials from both their sources: the vault, and the variables that each provider's file names.

use std::collections::HashSet;

use guichet_access::{AccessError, credentials_from_environment};
use guichet_catalogue::model::{Catalogue, Provider};
use guichet_engine::identity::Credential;
use secrecy::{ExposeSecret, SecretString};

/// What there is, and what was refused.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// Every credential that can be used, the vault's first.
    pub(crate) credentials: Vec<Credential>,
    /// What the environment gives and cannot be used, with the names of the variables.
    pub(crate) refused: Vec<String>,
}

/// Lays the environment's credentials beside the vault's. A secret that is in both counts once: two credentials for
/// one key would spend its quota twice.
pub(crate) fn gather(
    catalogue: &Catalogue,
    stored: Vec<Credential>,
    variable: impl Fn(&str) -> Option<SecretString>,
) -> Gathered {
    let stored: Vec<Credential> = stored
        .into_iter()
        .map(|one| match catalogue.providers.get(&one.provider) {
            Some(provider) => with_account(one, account(provider, &variable).as_deref()),
            None => one,
        })
        .collect();
    let mut known: HashSet<(String, String)> = stored.iter().map(face).collect();
    let mut gathered = Gathered {
        credentials: stored,
        refused: Vec::new(),
    };
    for provider in catalogue.providers.values() {
        match of_provider(provider, &variable) {
            Ok(credentials) => {
                let new = credentials
                    .into_iter()
                    .filter(|one| known.insert(face(one)));
                gathered.credentials.extend(new);
            }
            Err(error) => {
                let names = names(provider).join(", ");
                gathered.refused.push(format!("{names}: {error}"));
            }
        }
    }
    gathered
}

/// The value of a variable of this process; an empty one counts as absent.
pub(crate) fn process_variable(name: &str) -> Option<SecretString> {
    let value = std::env::var(name).ok()?;
    (!value.trim().is_empty()).then(|| SecretString::from(value))
}

/// The variables in which a provider's keys are looked for.
pub(crate) fn names(provider: &Provider) -> &[String] {
    provider.http().map_or(&[], |http| &http.env)
}

fn of_provider(
    provider: &Provider,
    variable: &impl Fn(&str) -> Option<SecretString>,
) -> Result<Vec<Credential>, AccessError> {
    let values: Vec<SecretString> = names(provider)
        .iter()
        .filter_map(|name| variable(name))
        .collect();
    let texts: Vec<&str> = values.iter().map(ExposeSecret::expose_secret).collect();
    let account = account(provider, variable);
    let given = SecretString::from(texts.join(","));
    let credentials = credentials_from_environment(&provider.id, &given)?;
    Ok(credentials
        .into_iter()
        .map(|one| with_account(one, account.as_deref()))
        .collect())
}

/// The account that goes before each token of this provider, where a variable gives one.
fn account(
    provider: &Provider,
    variable: &impl Fn(&str) -> Option<SecretString>,
) -> Option<String> {
    let name = provider.models.as_ref()?.account.as_ref()?;
    let account = variable(name)?.expose_secret().trim().to_owned();
    Some(account).filter(|account| !account.is_empty())
}

/// A token alone becomes `account:token`; one that has its account keeps it.
fn with_account(credential: Credential, account: Option<&str>) -> Credential {
    let secret = credential.secret.expose_secret();
    match account.filter(|_| !secret.contains(':')) {
        Some(account) => Credential {
            secret: SecretString::from(format!("{account}:{secret}")),
            ..credential
        },
        None => credential,
    }
}

/// What makes two credentials the same.
fn face(credential: &Credential) -> (String, String) {
    let secret = credential.secret.expose_secret();
    (credential.provider.to_string(), secret.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open_catalogue;
    use guichet_engine::identity::CredentialId;

    fn given<'a>(name: &'a str, value: &'a str) -> impl Fn(&str) -> Option<SecretString> + 'a {
        move |asked| (asked == name).then(|| SecretString::from(value))
    }

    #[test]
    fn a_secret_in_vault_and_environment_counts_once() {
        let catalogue = open_catalogue::load(None).unwrap();
        let stored = vec![Credential {
            id: CredentialId::new("openweathermap/0001"),
            provider: "openweathermap".into(),
            secret: "4f2a90c1d7".into(),
        }];
        let gathered = gather(
            &catalogue,
            stored,
            given("OPENWEATHER_API_KEY", "4f2a90c1d7, 88bb01ce52"),
        );
        let ids: Vec<&str> = gathered
            .credentials
            .iter()
            .map(|credential| credential.id.as_str())
            .collect();
        assert_eq!(ids, ["openweathermap/0001", "openweathermap/env:2"]);
        assert!(gathered.refused.is_empty());
    }

    #[test]
    fn a_token_alone_is_completed_by_the_account_that_a_variable_gives() {
        let catalogue = open_catalogue::load(None).unwrap();
        let stored = |secret: &str| Credential {
            id: CredentialId::new("cloudflare/0001"),
            provider: "cloudflare".into(),
            secret: secret.into(),
        };
        let variables = |name: &str| match name {
            "CLOUDFLARE_API_TOKEN" => Some("cf-81a0d2,their0account:cf-99".into()),
            "CLOUDFLARE_ACCOUNT_ID" => Some(" 0ac1f3 ".into()),
            _ => None,
        };
        let gathered = gather(&catalogue, vec![stored("cf-81a0d2")], variables);
        let secrets: Vec<&str> = gathered
            .credentials
            .iter()
            .map(|credential| credential.secret.expose_secret())
            .collect();
        assert_eq!(secrets, ["0ac1f3:cf-81a0d2", "their0account:cf-99"]);
        let alone = gather(&catalogue, vec![stored("cf-81a0d2")], |_| None);
        assert_eq!(alone.credentials[0].secret.expose_secret(), "cf-81a0d2");
    }

    #[test]
    fn a_placeholder_is_refused_by_the_name_of_its_variable_and_hides_no_other() {
        let catalogue = open_catalogue::load(None).unwrap();
        let gathered = gather(
            &catalogue,
            Vec::new(),
            given("OPENWEATHER_API_KEY", "changeme"),
        );
        assert!(gathered.credentials.is_empty());
        assert_eq!(gathered.refused.len(), 1);
        let refused = &gathered.refused[0];
        assert!(refused.starts_with("OPENWEATHER_API_KEY: "), "{refused}");
        assert!(!refused.contains("changeme"), "{refused}");
    }
}
