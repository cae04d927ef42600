//! The instants of the moon's phases (Meeus, chapter 49): right within some seconds in our centuries.

use super::angle::{cos_deg, polynomial, sin_deg};

/// A principal phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    New,
    FirstQuarter,
    Full,
    LastQuarter,
}

impl Phase {
    const ALL: [Self; 4] = [Self::New, Self::FirstQuarter, Self::Full, Self::LastQuarter];

    /// Which part of a lunation has passed at this phase.
    fn share(self) -> f64 {
        match self {
            Self::New => 0.0,
            Self::FirstQuarter => 0.25,
            Self::Full => 0.5,
            Self::LastQuarter => 0.75,
        }
    }
}

/// The mean new moon of January 2000, and the days of a mean lunation.
const FIRST_NEW_MOON: f64 = 2_451_550.097_66;
const LUNATION: f64 = 29.530_588_861;

/// The first instant of a phase after a time; both are Julian ephemeris days.
pub(super) fn next(phase: Phase, after: f64) -> f64 {
    // The true phase is within 15 hours of the mean one, so two lunations back is early enough.
    let mut lunation = ((after - FIRST_NEW_MOON) / LUNATION).floor() - 2.0;
    loop {
        let instant = instant(phase, lunation);
        if instant > after {
            return instant;
        }
        lunation += 1.0;
    }
}

/// The last instant of a phase at or before a time.
pub(super) fn last(phase: Phase, until: f64) -> f64 {
    let mut lunation = ((until - FIRST_NEW_MOON) / LUNATION).ceil() + 2.0;
    loop {
        let instant = instant(phase, lunation);
        if instant <= until {
            return instant;
        }
        lunation -= 1.0;
    }
}

/// Which phase is the first one after a time, and when it is.
pub(super) fn first_after(after: f64) -> (Phase, f64) {
    let mut first = (Phase::New, next(Phase::New, after));
    for phase in Phase::ALL {
        let at = next(phase, after);
        if at < first.1 {
            first = (phase, at);
        }
    }
    first
}

/// The Julian ephemeris day of a phase in a lunation, counted from the new moon of January 2000.
fn instant(phase: Phase, lunation: f64) -> f64 {
    let k = lunation + phase.share();
    let angles = Angles::of(k);
    let mean = FIRST_NEW_MOON
        + LUNATION * k
        + polynomial(
            angles.t,
            &[0.0, 0.0, 0.000_154_37, -0.000_000_150, 0.000_000_000_73],
        );
    let corrections = match phase {
        Phase::New => angles.sum(&SYZYGIES, |term| term.new),
        Phase::Full => angles.sum(&SYZYGIES, |term| term.full),
        Phase::FirstQuarter => angles.sum_of_quarter() + angles.quarter_shift(),
        Phase::LastQuarter => angles.sum_of_quarter() - angles.quarter_shift(),
    };
    mean + corrections + angles.planets(k)
}

/// The angles of a phase, in degrees, but for `t` (centuries) and `e` (how the earth's orbit flattens).
struct Angles {
    t: f64,
    e: f64,
    sun: f64,
    moon: f64,
    latitude: f64,
    node: f64,
}

impl Angles {
    fn of(k: f64) -> Self {
        let t = k / 1236.85;
        Self {
            t,
            e: polynomial(t, &[1.0, -0.002_516, -0.000_007_4]),
            sun: 2.5534
                + 29.105_356_70 * k
                + polynomial(t, &[0.0, 0.0, -0.000_001_4, -0.000_000_11]),
            moon: 201.5643
                + 385.816_935_28 * k
                + polynomial(t, &[0.0, 0.0, 0.010_758_2, 0.000_012_38, -0.000_000_058]),
            latitude: 160.7108
                + 390.670_502_84 * k
                + polynomial(t, &[0.0, 0.0, -0.001_611_8, -0.000_002_27, 0.000_000_011]),
            node: 124.7746 - 1.563_755_88 * k
                + polynomial(t, &[0.0, 0.0, 0.002_067_2, 0.000_002_15]),
        }
    }

    fn sum(&self, terms: &[Syzygy], size: impl Fn(&Syzygy) -> f64) -> f64 {
        let node = -0.000_17 * sin_deg(self.node);
        node + terms
            .iter()
            .map(|term| self.term(size(term), term.sun, term.moon, term.latitude))
            .sum::<f64>()
    }

    fn sum_of_quarter(&self) -> f64 {
        let node = -0.000_17 * sin_deg(self.node);
        node + QUARTERS
            .iter()
            .map(|&(size, sun, moon, latitude)| self.term(size, sun, moon, latitude))
            .sum::<f64>()
    }

    /// A periodic term; one that depends on the sun's anomaly shrinks with the orbit's eccentricity.
    fn term(&self, size: f64, sun: i32, moon: i32, latitude: i32) -> f64 {
        let argument = f64::from(sun) * self.sun
            + f64::from(moon) * self.moon
            + f64::from(latitude) * self.latitude;
        size * self.e.powi(sun.abs().min(2)) * sin_deg(argument)
    }

    /// What brings the first quarter later and the last one earlier.
    fn quarter_shift(&self) -> f64 {
        0.003_06 - 0.000_38 * self.e * cos_deg(self.sun) + 0.000_26 * cos_deg(self.moon)
            - 0.000_02 * cos_deg(self.moon - self.sun)
            + 0.000_02 * cos_deg(self.moon + self.sun)
            + 0.000_02 * cos_deg(2.0 * self.latitude)
    }

    /// The pull of the planets.
    fn planets(&self, k: f64) -> f64 {
        let first = 0.000_325 * sin_deg(299.77 + 0.107_408 * k - 0.009_173 * self.t * self.t);
        first
            + PLANETS
                .iter()
                .map(|(size, start, speed)| size * 1e-6 * sin_deg(start + speed * k))
                .sum::<f64>()
    }
}

/// A term for new and full moons: its size in days for each, and its multiples of the three angles.
struct Syzygy {
    new: f64,
    full: f64,
    sun: i32,
    moon: i32,
    latitude: i32,
}

const fn syzygy(new: f64, full: f64, sun: i32, moon: i32, latitude: i32) -> Syzygy {
    Syzygy {
        new,
        full,
        sun,
        moon,
        latitude,
    }
}

#[rustfmt::skip]
const SYZYGIES: [Syzygy; 24] = [
    syzygy(-0.407_20, -0.406_14, 0, 1, 0),
    syzygy(0.172_41, 0.173_02, 1, 0, 0),
    syzygy(0.016_08, 0.016_14, 0, 2, 0),
    syzygy(0.010_39, 0.010_43, 0, 0, 2),
    syzygy(0.007_39, 0.007_34, -1, 1, 0),
    syzygy(-0.005_14, -0.005_15, 1, 1, 0),
    syzygy(0.002_08, 0.002_09, 2, 0, 0),
    syzygy(-0.001_11, -0.001_11, 0, 1, -2),
    syzygy(-0.000_57, -0.000_57, 0, 1, 2),
    syzygy(0.000_56, 0.000_56, 1, 2, 0),
    syzygy(-0.000_42, -0.000_42, 0, 3, 0),
    syzygy(0.000_42, 0.000_42, 1, 0, 2),
    syzygy(0.000_38, 0.000_38, 1, 0, -2),
    syzygy(-0.000_24, -0.000_24, -1, 2, 0),
    syzygy(-0.000_07, -0.000_07, 2, 1, 0),
    syzygy(0.000_04, 0.000_04, 0, 2, -2),
    syzygy(0.000_04, 0.000_04, 3, 0, 0),
    syzygy(0.000_03, 0.000_03, 1, 1, -2),
    syzygy(0.000_03, 0.000_03, 0, 2, 2),
    syzygy(-0.000_03, -0.000_03, 1, 1, 2),
    syzygy(0.000_03, 0.000_03, -1, 1, 2),
    syzygy(-0.000_02, -0.000_02, -1, 1, -2),
    syzygy(-0.000_02, -0.000_02, 1, 3, 0),
    syzygy(0.000_02, 0.000_02, 0, 4, 0),
];

/// Terms for both quarters: size in days, then multiples of the sun's and the moon's anomaly and the latitude.
#[rustfmt::skip]
const QUARTERS: [(f64, i32, i32, i32); 24] = [
    (-0.628_01, 0, 1, 0),
    (0.171_72, 1, 0, 0),
    (-0.011_83, 1, 1, 0),
    (0.008_62, 0, 2, 0),
    (0.008_04, 0, 0, 2),
    (0.004_54, -1, 1, 0),
    (0.002_04, 2, 0, 0),
    (-0.001_80, 0, 1, -2),
    (-0.000_70, 0, 1, 2),
    (-0.000_40, 0, 3, 0),
    (-0.000_34, -1, 2, 0),
    (0.000_32, 1, 0, 2),
    (0.000_32, 1, 0, -2),
    (-0.000_28, 2, 1, 0),
    (0.000_27, 1, 2, 0),
    (-0.000_05, -1, 1, -2),
    (0.000_04, 0, 2, 2),
    (-0.000_04, 1, 1, 2),
    (0.000_04, -2, 1, 0),
    (0.000_03, 1, 1, -2),
    (0.000_03, 3, 0, 0),
    (0.000_02, 0, 2, -2),
    (0.000_02, -1, 1, 2),
    (-0.000_02, 1, 3, 0),
];

/// Size in millionths of a day, start and speed (degrees per lunation) of the planets' terms but the first.
#[rustfmt::skip]
const PLANETS: [(f64, f64, f64); 13] = [
    (165.0, 251.88, 0.016_321),
    (164.0, 251.83, 26.651_886),
    (126.0, 349.42, 36.412_478),
    (110.0, 84.66, 18.206_239),
    (62.0, 141.74, 53.303_771),
    (60.0, 207.14, 2.453_732),
    (56.0, 154.84, 7.306_860),
    (47.0, 34.52, 27.261_239),
    (42.0, 207.19, 0.121_824),
    (40.0, 291.34, 1.844_379),
    (37.0, 161.72, 24.198_154),
    (35.0, 239.56, 25.513_099),
    (23.0, 331.55, 3.592_518),
];
