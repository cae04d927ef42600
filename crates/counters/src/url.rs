//! The address of a Redis server, which may hold a password.

use std::fmt;
use std::str::FromStr;

use redis::Client;

/// Where Redis is and how to come in. It prints without its password.
#[derive(Clone)]
pub struct RedisUrl {
    pub(crate) client: Client,
    shown: String,
}

impl FromStr for RedisUrl {
    type Err = String;

    /// The error says what would be right, and nothing of what was given.
    fn from_str(text: &str) -> Result<Self, String> {
        const WANTED: &str =
            "a URL such as `redis://:password@host:6379/0` is needed, or `rediss://` for TLS";
        let Some((scheme @ ("redis" | "rediss"), rest)) = text.split_once("://") else {
            return Err(WANTED.into());
        };
        let client = Client::open(text).map_err(|_| WANTED.to_owned())?;
        let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
        let place = place.split(['?', '#']).next().unwrap_or(place);
        Ok(Self {
            client,
            shown: format!("{scheme}://{place}"),
        })
    }
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RedisUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_prints_without_its_password() {
        let url: RedisUrl = "redis://guichet:hunter2@cache:6380/1?protocol=resp3"
            .parse()
            .unwrap();
        assert_eq!(url.to_string(), "redis://cache:6380/1");
        assert!(!format!("{url:?}").contains("hunter2"));
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        for wrong in [
            "",
            "http://u:hunter2@h",
            "u:hunter2@h",
            "redis://u:hunter2@h:port",
        ] {
            let error = wrong.parse::<RedisUrl>().unwrap_err();
            assert!(error.contains("redis://:password@host"), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
