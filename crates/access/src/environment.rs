//! Credentials that the environment gives. They are never stored.

use std::sync::Arc;

use guichet_engine::identity::{Credential, CredentialId};
use secrecy::{ExposeSecret, SecretString};

use crate::{AccessError, names, placeholder};

/// Makes the credentials of a provider from one value of the environment, several separated by commas.
///
/// Ids are `<provider>/env:<place in the list, from one>`: stable from start to start, and nothing of the value.
/// Empty places are passed over; a placeholder is refused.
pub fn credentials_from_environment(
    provider: &str,
    values: &SecretString,
) -> Result<Vec<Credential>, AccessError> {
    let provider: Arc<str> = names::checked_provider(provider)?.into();
    let mut credentials = Vec::new();
    for (index, value) in values.expose_secret().split(',').map(str::trim).enumerate() {
        if value.is_empty() {
            continue;
        }
        placeholder::check(value).map_err(|reason| AccessError::Refused {
            provider: provider.to_string(),
            reason,
        })?;
        credentials.push(Credential {
            id: CredentialId::new(format!("{provider}/env:{}", index + 1)),
            provider: Arc::clone(&provider),
            secret: SecretString::from(value),
        });
    }
    Ok(credentials)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_has_the_id_of_its_place() {
        let values = SecretString::from("alpha-1, beta-2 ,,gamma-3,");
        let made = credentials_from_environment("nasa", &values).unwrap();
        let shown: Vec<_> = made
            .iter()
            .map(|one| (one.id.as_str(), one.secret.expose_secret()))
            .collect();
        assert_eq!(
            shown,
            [
                ("nasa/env:1", "alpha-1"),
                ("nasa/env:2", "beta-2"),
                ("nasa/env:4", "gamma-3")
            ]
        );
        assert!(made.iter().all(|one| &*one.provider == "nasa"));
    }

    #[test]
    fn a_placeholder_is_refused_and_not_repeated() {
        let error =
            credentials_from_environment("nasa", &SecretString::from("alpha-1,your_nasa_key_here"))
                .unwrap_err();
        assert!(error.to_string().contains("`nasa`"), "{error}");
        assert!(!error.to_string().contains("your_nasa"), "{error}");
        assert!(
            credentials_from_environment("nasa", &SecretString::from(" , "))
                .unwrap()
                .is_empty()
        );
    }
}
