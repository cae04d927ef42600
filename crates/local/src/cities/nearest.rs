//! The nearest city to a point: a walk through the cities of its band of latitude.

use super::atlas::{Atlas, City};

/// Mean radius of the earth in metres (IUGG).
const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// The nearest city within `radius_m` metres of a point, and its distance in metres. At equal distance the larger one:
/// parts of a city can stand at its own coordinates.
pub(super) fn within(latitude: f64, longitude: f64, radius_m: f64) -> Option<(City, f64)> {
    let atlas = Atlas::get();
    let band = (radius_m / EARTH_RADIUS_M).to_degrees();
    let from = atlas
        .northward
        .partition_point(|&id| atlas.position(id).0 < latitude - band);
    atlas.northward[from..]
        .iter()
        .take_while(|&&id| atlas.position(id).0 <= latitude + band)
        .map(|&id| (id, distance_m((latitude, longitude), atlas.position(id))))
        .filter(|&(_, distance)| distance <= radius_m)
        .min_by(|(one, near), (other, far)| {
            let larger_first = || atlas.population(*other).cmp(&atlas.population(*one));
            near.total_cmp(far).then_with(larger_first)
        })
        .map(|(id, distance)| (atlas.city(id), distance))
}

/// Great-circle distance in metres between two points (latitude, longitude in degrees), by the haversine formula.
pub(super) fn distance_m(one: (f64, f64), other: (f64, f64)) -> f64 {
    let half_square = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
    let parallels = one.0.to_radians().cos() * other.0.to_radians().cos();
    let h = half_square(other.0 - one.0) + parallels * half_square(other.1 - one.1);
    2.0 * EARTH_RADIUS_M * h.min(1.0).sqrt().asin()
}
