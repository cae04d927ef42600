//! The moon as it stands: its phase, how much of it is lit, its age, and when the next phases are.
//!
//! After Meeus, Astronomical Algorithms (second edition): chapter 48 for the lit part, chapter 49 for the phases.

mod angle;
mod illumination;
mod phases;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use crate::time::julian;
use crate::{Context, Failure, Function};
use phases::Phase;

pub(crate) const FUNCTIONS: &[(&str, Function)] = &[("moon.phase", phase)];

/// A phase is said to be new, half or full for so long around its instant, in days.
const HOLDS_FOR: f64 = 0.5;

/// The moon at noon UTC of `date`, or now.
fn phase(parameters: &Map<String, Value>, context: &Context) -> Result<Value, Failure> {
    let at = match julian::date_param(parameters)? {
        None => context.now,
        Some(date) => {
            let noon = date.at(12, 0, 0, 0).to_zoned(TimeZone::UTC);
            noon.map_err(|error| Failure::Unsupported(error.to_string()))?
                .timestamp()
        }
    };
    unified(at).ok_or_else(|| Failure::Unsupported(format!("the moon of {at} cannot be computed")))
}

fn unified(at: Timestamp) -> Option<Value> {
    let date = at.to_zoned(TimeZone::UTC).date();
    let delta_t_days = julian::delta_t_s(date) / 86_400.0;
    let now = julian::day(at) + delta_t_days;
    let next =
        |phase| julian::instant(phases::next(phase, now) - delta_t_days).map(|at| at.to_string());
    let lit = illumination::at(now);
    let at = julian::instant(julian::day(at))?;
    Some(json!({
        "at": at.to_string(),
        "phase": name(now),
        "illumination_pct": round_to(lit.fraction * 100.0, 10.0),
        "phase_angle_deg": round_to(lit.phase_angle_deg, 100.0),
        "waxing": phases::next(Phase::Full, now) < phases::next(Phase::New, now),
        "age_days": round_to(now - phases::last(Phase::New, now), 100.0),
        "next": {
            "new_moon": next(Phase::New)?,
            "first_quarter": next(Phase::FirstQuarter)?,
            "full_moon": next(Phase::Full)?,
            "last_quarter": next(Phase::LastQuarter)?,
        },
    }))
}

/// What people call the moon's shape at a time (Julian ephemeris day).
fn name(now: f64) -> &'static str {
    let begin = now - HOLDS_FOR;
    let (coming, at) = phases::first_after(begin);
    if at <= now + HOLDS_FOR {
        return match coming {
            Phase::New => "new_moon",
            Phase::FirstQuarter => "first_quarter",
            Phase::Full => "full_moon",
            Phase::LastQuarter => "last_quarter",
        };
    }
    match coming {
        Phase::FirstQuarter => "waxing_crescent",
        Phase::Full => "waxing_gibbous",
        Phase::LastQuarter => "waning_gibbous",
        Phase::New => "waning_crescent",
    }
}

fn round_to(value: f64, steps: f64) -> f64 {
    (value * steps).round() / steps
}

#[cfg(test)]
mod tests;
