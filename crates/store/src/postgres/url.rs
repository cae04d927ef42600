//! The address of a database, which may hold a password.

use std::fmt;
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;

/// Where a `PostgreSQL` database is and how to come in. It prints without its password.
#[derive(Clone)]
pub struct DatabaseUrl {
    pub(super) options: PgConnectOptions,
}

impl FromStr for DatabaseUrl {
    type Err = String;

    /// The error says what would be right, and nothing of what was given.
    fn from_str(text: &str) -> Result<Self, String> {
        const WANTED: &str =
            "a URL such as `postgres://user:password@host:5432/database` is needed";
        let ours = ["postgres://", "postgresql://"];
        if !ours.iter().any(|scheme| text.starts_with(scheme)) {
            return Err(WANTED.into());
        }
        let options: PgConnectOptions = text.parse().map_err(|_| WANTED.to_owned())?;
        Ok(Self {
            options: options.application_name("guichet"),
        })
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = &self.options;
        let host = match options.get_socket() {
            Some(socket) => socket.display().to_string(),
            None => options.get_host().to_owned(),
        };
        let user = options.get_username();
        write!(formatter, "postgres://{user}@{host}:{}", options.get_port())?;
        write!(formatter, "/{}", options.get_database().unwrap_or(user))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_prints_without_its_password() {
        let url: DatabaseUrl = "postgresql://guichet:hunter2@db.internal:5433/state"
            .parse()
            .unwrap();
        assert_eq!(url.to_string(), "postgres://guichet@db.internal:5433/state");
        assert!(!format!("{url:?}").contains("hunter2"));
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        for wrong in [
            "",
            "mysql://u:hunter2@h/d",
            "u:hunter2@h",
            "postgres://u:hunter2@h:port/d",
        ] {
            let error = wrong.parse::<DatabaseUrl>().unwrap_err();
            assert!(error.contains("postgres://user:password@host"), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
