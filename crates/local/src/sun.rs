//! The sun's day at a place: rise, set, noon and the three twilights.
//!
//! Positions are those of NREL's Solar Position Algorithm (Reda and Andreas, 2004). A day is the one around its noon:
//! what comes before noon is searched in the twelve hours before, what comes after in the twelve hours after. Near the
//! polar circles a sunset may thus fall on the next date.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use solar_positioning::{Events, Horizon, Location, SolarEvents};

use crate::time::julian;
use crate::time::zone::{self, Place};
use crate::{Context, Failure, Function, params};

pub(crate) const FUNCTIONS: &[(&str, Function)] = &[("sun.day", day)];

/// The sun's day at `place` on `date`, which is today's there if it is not given.
fn day(parameters: &Map<String, Value>, context: &Context) -> Result<Value, Failure> {
    let place = zone::place(parameters)?.ok_or_else(|| params::invalid("place", "is missing"))?;
    let zone = place.zone()?;
    let date = julian::date_param(parameters)?
        .unwrap_or_else(|| context.now.to_zoned(zone.clone()).date());
    SunDay::around_noon(&place, &zone, date)
        .map(|day| day.unified(&place, &zone, date))
        .ok_or_else(|| Failure::Unsupported(format!("the sun's day of {date} cannot be computed")))
}

/// The twenty-four hours around a noon, in Julian days (UT).
struct SunDay {
    noon: f64,
    horizon: Events<f64>,
    civil: Events<f64>,
    nautical: Events<f64>,
    astronomical: Events<f64>,
}

impl SunDay {
    fn around_noon(place: &Place, zone: &TimeZone, date: Date) -> Option<Self> {
        let midnight = julian::day(
            date.to_zoned(zone.clone())
                .ok()?
                .start_of_day()
                .ok()?
                .timestamp(),
        );
        let delta_t_s = julian::delta_t_s(date);
        let sun = SolarEvents::new();
        // A day between two noons is up to 30 s longer than 24 hours, and clocks may jump by an hour.
        let next_day = midnight + 25.5 / 24.0;
        let noon = sun
            .next_transit_from_julian(midnight, next_day, place.lon, delta_t_s)
            .ok()??;
        let location = Location {
            latitude: place.lat,
            longitude: place.lon,
        };
        let (begin, end) = (noon - 0.5, noon + 0.5);
        let events = |horizon| {
            sun.for_interval_from_julian(begin, end, location, delta_t_s, horizon)
                .ok()
        };
        Some(Self {
            noon,
            horizon: events(Horizon::SunriseSunset)?,
            civil: events(Horizon::CivilTwilight)?,
            nautical: events(Horizon::NauticalTwilight)?,
            astronomical: events(Horizon::AstronomicalTwilight)?,
        })
    }

    fn unified(&self, place: &Place, zone: &TimeZone, date: Date) -> Value {
        let local = |day: f64| {
            julian::instant(day).map(|instant| local_time(&instant.to_zoned(zone.clone())))
        };
        let before_noon = |events: &Events<f64>| events.rises.first().copied().and_then(local);
        let after_noon = |events: &Events<f64>| events.sets.last().copied().and_then(local);
        let mut value = json!({
            "date": date.to_string(),
            "lat": place.lat,
            "lon": place.lon,
            "tz": zone.iana_name().unwrap_or("UTC"),
            "solar_noon": local(self.noon),
            "sunrise": before_noon(&self.horizon),
            "sunset": after_noon(&self.horizon),
            "day_length_s": self.day_length_s(),
            "civil_dawn": before_noon(&self.civil),
            "civil_dusk": after_noon(&self.civil),
            "nautical_dawn": before_noon(&self.nautical),
            "nautical_dusk": after_noon(&self.nautical),
            "astronomical_dawn": before_noon(&self.astronomical),
            "astronomical_dusk": after_noon(&self.astronomical),
        });
        if let Some(polar) = self.polar() {
            value["polar"] = json!(polar);
        }
        value
    }

    fn polar(&self) -> Option<&'static str> {
        if self.horizon.always_above() {
            Some("day")
        } else if self.horizon.always_below() {
            Some("night")
        } else {
            None
        }
    }

    /// How long the sun is up, in seconds; a day without sunrise (or sunset) begins (or ends) at solar midnight.
    fn day_length_s(&self) -> i64 {
        if self.polar() == Some("night") {
            return 0;
        }
        let rise = self
            .horizon
            .rises
            .first()
            .copied()
            .unwrap_or(self.horizon.start);
        let set = self
            .horizon
            .sets
            .last()
            .copied()
            .unwrap_or(self.horizon.end);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a day has 86400 seconds at most"
        )]
        let seconds = ((set - rise) * 86_400.0).round() as i64;
        seconds.clamp(0, 86_400)
    }
}

/// RFC 3339 with the offset of the place.
fn local_time(zoned: &jiff::Zoned) -> String {
    zoned
        .timestamp()
        .display_with_offset(zoned.offset())
        .to_string()
}

#[cfg(test)]
mod tests;
