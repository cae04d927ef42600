//! The angles on which the moon's motion depends, at a time counted in centuries from J2000 (TT).

/// Julian ephemeris day of J2000.
pub(super) const J2000: f64 = 2_451_545.0;

/// Days in a Julian century.
pub(super) const CENTURY: f64 = 36_525.0;

/// A polynomial in `t`, coefficients from the constant one up.
pub(super) fn polynomial(t: f64, coefficients: &[f64]) -> f64 {
    coefficients
        .iter()
        .rev()
        .fold(0.0, |sum, coefficient| sum * t + coefficient)
}

/// The sine of an angle in degrees.
pub(super) fn sin_deg(degrees: f64) -> f64 {
    degrees.rem_euclid(360.0).to_radians().sin()
}

/// The cosine of an angle in degrees.
pub(super) fn cos_deg(degrees: f64) -> f64 {
    degrees.rem_euclid(360.0).to_radians().cos()
}
