//! The rule files, one per country, compiled in and parsed when they are asked for.

use serde::Deserialize;

use super::rule::Rule;

/// A country's public holidays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Country {
    /// The language of the local names (BCP 47). The names say what is meant, this says how to read them.
    #[expect(
        dead_code,
        reason = "documents the data; checked to be there by parsing"
    )]
    pub(super) language: String,
    /// The first year in which the rules are right.
    pub(super) since: i16,
    /// The last one, where a table of dates ends.
    pub(super) until: Option<i16>,
    pub(super) holidays: Vec<Rule>,
}

/// The rules of a country (ISO 3166-1 alpha-2), if it is one of ours.
pub(super) fn rules(code: &str) -> Option<Country> {
    let (_, text) = FILES.iter().find(|(known, _)| *known == code)?;
    toml::from_str(text).ok()
}

/// The countries that have rules here, in order.
pub(super) fn codes() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(code, _)| *code)
}

macro_rules! files {
    ($($code:literal)*) => {
        &[$(($code, include_str!(concat!("../../data/holidays/", $code, ".toml")))),*]
    };
}

const FILES: &[(&str, &str)] = files!(
    "AD" "AT" "AU" "BE" "BR" "CA" "CH" "CO" "CY" "CZ" "DE" "DK" "EE" "ES" "FI" "FR" "GB" "GR" "HR" "HU"
    "IE" "IS" "IT" "LI" "LT" "LU" "MC" "MT" "MX" "NL" "NO" "NZ" "PE" "PL" "PT" "RO" "SE" "SI" "SK" "SM" "US"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_file_is_read() {
        for (code, text) in FILES {
            let parsed: Result<Country, _> = toml::from_str(text);
            assert!(
                parsed.is_ok_and(|country| !country.holidays.is_empty()),
                "{code}"
            );
        }
    }
}
