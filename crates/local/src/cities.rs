//! Geocoding from bundled data: the world's cities of 15,000 inhabitants or more.
//!
//! What lives here: the two functions of the catalogue and how a city becomes a `GeoJSON` feature. How the data is
//! held is in `atlas`, how a name is found in `search`, how a point is found in `nearest`.
//!
//! The data is `GeoNames` (<https://www.geonames.org/>, CC BY 4.0); `data/generate_cities.py` wrote it. It knows no
//! streets, no villages and no other kind of place, so an answer is at best half sure: `confidence` is 0.5 or less.

mod aliases;
mod atlas;
mod fold;
mod lines;
mod nearest;
mod search;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

pub(crate) use atlas::City;

use crate::{Context, Failure, Function, params};
use search::{Match, Query};

pub(crate) const FUNCTIONS: &[(&str, Function)] =
    &[("cities.search", search), ("cities.reverse", reverse)];

/// A city farther away than this says little about a point.
const NEARBY_M: f64 = 100_000.0;

/// Within this distance a point is as good as in the city.
const IN_TOWN_M: f64 = 10_000.0;

const DEFAULT_LIMIT: u64 = 5;
const MAX_LIMIT: u64 = 50;

/// The nearest city within 100 km of a point (WGS 84 degrees); its `tz` is a good guess of the point's zone.
#[must_use]
pub(crate) fn nearest(latitude: f64, longitude: f64) -> Option<City> {
    nearest::within(latitude, longitude, NEARBY_M).map(|(city, _)| city)
}

/// Cities by name: `q` (`Paris`, `Paris, France`, `Springfield, Illinois`), `limit`, `country`.
fn search(parameters: &Map<String, Value>, _: &Context) -> Result<Value, Failure> {
    let text = params::required_text(parameters, "q")?;
    let country = params::optional_text(parameters, "country")?;
    let limit =
        params::optional_integer(parameters, "limit", 1..=MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
    let query = Query::parse(text, country)?;
    let found = query.run(usize::try_from(limit).unwrap_or(usize::MAX));
    if found.is_empty() {
        return Err(no_city_called(text));
    }
    Ok(collection(found.iter().map(|Match { city, exact }| {
        feature(city, if *exact { 0.5 } else { 0.3 }, None)
    })))
}

/// A number makes it an address, and whether that exists nobody knows here.
fn no_city_called(text: &str) -> Failure {
    if text.contains(|letter: char| letter.is_ascii_digit()) {
        return Failure::Unsupported(
            "only names of cities are known here, no addresses".to_owned(),
        );
    }
    Failure::NotFound(format!(
        "no city of 15,000 inhabitants or more is called \"{text}\""
    ))
}

/// The nearest city: `lat`, `lon`.
fn reverse(parameters: &Map<String, Value>, _: &Context) -> Result<Value, Failure> {
    let latitude = degrees(parameters, "lat", 90.0)?;
    let longitude = degrees(parameters, "lon", 180.0)?;
    let city = nearest(latitude, longitude).ok_or_else(|| {
        Failure::NotFound("no city of 15,000 inhabitants or more within 100 km".to_owned())
    })?;
    let distance_m = nearest::distance_m((latitude, longitude), (city.latitude, city.longitude));
    let confidence = if distance_m <= IN_TOWN_M { 0.5 } else { 0.2 };
    Ok(collection([feature(
        &city,
        confidence,
        Some(distance_m.round()),
    )]))
}

fn degrees(
    parameters: &Map<String, Value>,
    name: &'static str,
    limit: f64,
) -> Result<f64, Failure> {
    params::required_number(parameters, name)?
        .as_f64()
        .filter(|degrees| degrees.abs() <= limit)
        .ok_or_else(|| params::invalid(name, format!("must be degrees from -{limit} to {limit}")))
}

fn collection(features: impl IntoIterator<Item = Value>) -> Value {
    json!({ "type": "FeatureCollection", "features": features.into_iter().collect::<Vec<_>>() })
}

fn feature(city: &City, confidence: f64, distance_m: Option<f64>) -> Value {
    let mut properties = Map::new();
    let mut put = |name: &str, value: Value| properties.insert(name.to_owned(), value);
    put("id", format!("geonames:{}", city.geonames_id).into());
    put("label", label(city).into());
    put("name", city.name.into());
    put("type", "city".into());
    put("city", city.name.into());
    if let Some(region) = city.region {
        put("state", region.name.into());
        put("region_code", region.code.into());
    }
    put("country", city.country.into());
    put("country_code", city.country_code.into());
    put("confidence", confidence.into());
    put("population", city.population.into());
    put("tz", city.tz.into());
    if let Some(distance_m) = distance_m {
        put("distance_m", distance_m.into());
    }
    json!({
        "type": "Feature",
        "geometry": { "type": "Point", "coordinates": [city.longitude, city.latitude] },
        "properties": properties,
    })
}

fn label(city: &City) -> String {
    let region = city.region.map(|region| region.name);
    [Some(city.name), region, Some(city.country)]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ")
}
