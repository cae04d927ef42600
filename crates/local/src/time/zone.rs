//! Zones by name and by coordinates.

use std::sync::LazyLock;

use jiff::Zoned;
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde_json::{Map, Value};
use tzf_rs::EmbeddedFinder;

use crate::{Failure, params};

static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Polygons of all zones, those of the seas included. They are read where they lie in the binary: about 4 MB of it
/// become resident with the first question, and 15 ms pass.
static POLYGONS: LazyLock<EmbeddedFinder> = LazyLock::new(EmbeddedFinder::new);

/// The zone of this IANA name, in any case of letters.
pub(super) fn get(name: &str) -> Option<TimeZone> {
    DATABASE.get(name).ok()
}

/// A time that carries its zone in brackets, as in `2026-11-22T11:00:00+01:00[Europe/Paris]`.
pub(super) fn parse_zoned(text: &str) -> Option<Zoned> {
    DateTimeParser::new().parse_zoned_with(&DATABASE, text).ok()
}

/// The zone that a parameter names, if it is given.
pub(super) fn named(
    parameters: &Map<String, Value>,
    param: &'static str,
) -> Result<Option<TimeZone>, Failure> {
    let Some(name) = params::optional_text(parameters, param)? else {
        return Ok(None);
    };
    get(name).map(Some).ok_or_else(|| unknown(param, name))
}

fn unknown(param: &'static str, name: &str) -> Failure {
    let wanted = name.to_lowercase();
    let likeness = |known: &str| strsim::jaro_winkler(&wanted, &known.to_lowercase());
    let nearest = DATABASE
        .available()
        .map(|known| known.as_str().to_owned())
        .max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
    let hint = nearest.map_or_else(String::new, |nearest| format!("; did you mean {nearest}?"));
    params::invalid(param, format!("{name} is no IANA time zone{hint}"))
}

/// A place as the `place` parameter hands it over.
#[derive(Debug)]
pub(crate) struct Place {
    /// Latitude, WGS 84 degrees.
    pub(crate) lat: f64,
    /// Longitude, WGS 84 degrees.
    pub(crate) lon: f64,
    /// The zone that geocoding believes it to be in.
    tz: Option<String>,
}

/// The parameter `place`, if it is given.
pub(crate) fn place(parameters: &Map<String, Value>) -> Result<Option<Place>, Failure> {
    let Some(place) = parameters.get("place").filter(|place| !place.is_null()) else {
        return Ok(None);
    };
    let degrees = |name: &str, limit: f64| {
        let value = place.get(name).and_then(Value::as_f64);
        value
            .filter(|degrees| degrees.abs() <= limit)
            .ok_or_else(|| {
                let reason = format!("`{name}` must be a number of degrees within ±{limit}");
                params::invalid("place", reason)
            })
    };
    Ok(Some(Place {
        lat: degrees("lat", 90.0)?,
        lon: degrees("lon", 180.0)?,
        tz: place.get("tz").and_then(Value::as_str).map(str::to_owned),
    }))
}

impl Place {
    /// The zone whose polygon holds the place; where none does, the one that came with it.
    pub(crate) fn zone(&self) -> Result<TimeZone, Failure> {
        let found = get(POLYGONS.get_tz_name(self.lon, self.lat));
        found
            .or_else(|| self.tz.as_deref().and_then(get))
            .ok_or_else(|| {
                let message = format!("no time zone is known for {}, {}", self.lat, self.lon);
                Failure::NotFound(message)
            })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn zone_at(lat: f64, lon: f64) -> String {
        let place = Place { lat, lon, tz: None };
        place.zone().unwrap().iana_name().unwrap().to_owned()
    }

    #[test]
    fn borders_are_those_of_the_polygons() {
        // The nearest city of Büsingen, a German village within Switzerland, is Swiss.
        assert_eq!(zone_at(47.697, 8.69), "Europe/Busingen");
        assert_eq!(zone_at(48.8566, 2.3522), "Europe/Paris");
        assert_eq!(zone_at(-17.55, -149.56), "Pacific/Tahiti");
        // The open sea has nautical zones.
        assert_eq!(zone_at(30.0, -40.0), "Etc/GMT+3");
    }

    #[test]
    fn every_zone_of_the_polygons_has_rules() {
        for name in POLYGONS.timezonenames() {
            assert!(get(name).is_some(), "{name}");
        }
    }

    proptest! {
        #[test]
        fn the_whole_earth_has_zones(lat in -90.0_f64..=90.0, lon in -180.0_f64..=180.0) {
            let place = Place { lat, lon, tz: None };
            prop_assert!(place.zone().is_ok());
        }
    }
}
