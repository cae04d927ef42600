//! Which zones a country has: `data/zones.tsv`, made from the tz database by `scripts/zones.py`.

/// A zone as the tz database lists it for a country.
#[derive(Debug)]
pub(super) struct Zone {
    /// The IANA name.
    pub(super) tz: &'static str,
    /// Latitude of the zone's principal place, in degrees.
    pub(super) lat: f64,
    /// Longitude of the same.
    pub(super) lon: f64,
    /// Which part of the country it is, where there are several.
    pub(super) comment: Option<&'static str>,
}

/// The zones of a country (ISO 3166-1 alpha-2).
pub(super) fn zones(code: &str) -> impl Iterator<Item = Zone> {
    TABLE.lines().filter_map(move |line| {
        let (country, rest) = line.split_once('\t')?;
        if country == code { parse(rest) } else { None }
    })
}

fn parse(line: &'static str) -> Option<Zone> {
    let mut fields = line.split('\t');
    Some(Zone {
        tz: fields.next()?,
        lat: fields.next()?.parse().ok()?,
        lon: fields.next()?.parse().ok()?,
        comment: fields.next(),
    })
}

const TABLE: &str = include_str!("../../data/zones.tsv");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::zone;

    #[test]
    fn every_line_names_a_zone_that_exists() {
        for line in TABLE.lines() {
            let (country, rest) = line.split_once('\t').unwrap();
            let parsed = parse(rest).unwrap();
            assert!(
                country.len() == 2 && zone::get(parsed.tz).is_some(),
                "{line}"
            );
        }
    }
}
