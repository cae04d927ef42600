//! How much of the moon's disc is lit (Meeus, chapter 48, the shorter method: within half a per cent).

use super::angle::{CENTURY, J2000, cos_deg, polynomial, sin_deg};

/// The moon as the sun lights it.
#[derive(Debug)]
pub(super) struct Illumination {
    /// The lit part of the disc, 0 to 1.
    pub(super) fraction: f64,
    /// The angle sun–moon–earth, 0 (full) to 180 (new).
    pub(super) phase_angle_deg: f64,
}

/// The moon at a Julian ephemeris day.
pub(super) fn at(day: f64) -> Illumination {
    let t = (day - J2000) / CENTURY;
    // Mean elongation, mean anomalies of sun and moon: (47.2) to (47.4).
    let d = polynomial(
        t,
        &[
            297.850_192_1,
            445_267.111_403_4,
            -0.001_881_9,
            1.0 / 545_868.0,
        ],
    );
    let sun = polynomial(t, &[357.529_109_2, 35_999.050_290_9, -0.000_153_6]);
    let moon = polynomial(
        t,
        &[
            134.963_396_4,
            477_198.867_505_5,
            0.008_741_4,
            1.0 / 69_699.0,
        ],
    );
    // (48.4)
    let angle = 180.0 - d - 6.289 * sin_deg(moon) + 2.100 * sin_deg(sun)
        - 1.274 * sin_deg(2.0 * d - moon)
        - 0.658 * sin_deg(2.0 * d)
        - 0.214 * sin_deg(2.0 * moon)
        - 0.110 * sin_deg(d);
    let cosine = cos_deg(angle);
    Illumination {
        fraction: f64::midpoint(1.0, cosine),
        phase_angle_deg: cosine.acos().to_degrees(),
    }
}
