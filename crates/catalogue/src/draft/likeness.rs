//! How much the name of an answer's field is like the name of a property: words, synonyms, units.

use super::tree::Step;

/// The least likeness at which a field is taken for a property.
pub(super) const ALIKE: f64 = 0.72;

/// Words that mean the same, the first for all.
#[rustfmt::skip]
const SYNONYMS: &[&[&str]] = &[
    &["temperature", "temp"],
    &["apparent", "feels", "feelslike"],
    &["humidity", "rh"],
    &["precipitation", "precip", "rain"],
    &["probability", "chance", "pop"],
    &["speed", "velocity"],
    &["direction", "degree", "degrees", "deg", "dir", "from"],
    &["gust", "gusts"],
    &["cloud", "clouds", "cloudcover"],
    &["visibility", "vis"],
    &["uv", "uvi"],
    &["lat", "latitude"],
    &["lon", "lng", "long", "longitude"],
    &["tz", "timezone", "zone"],
    &["time", "observed", "timestamp", "dt", "datetime", "updated"],
    &["max", "maximum", "high"],
    &["min", "minimum", "low"],
    &["lang", "language", "locale"],
    &["country", "nation"],
    &["region", "state", "province"],
    &["postal", "postcode", "zip", "zipcode"],
    &["org", "organization", "organisation", "isp"],
    &["asn", "as"],
    &["code", "iso", "iso2", "alpha2"],
    &["text", "content", "body"],
    &["url", "link", "href"],
    &["image", "img", "picture", "thumbnail"],
    &["description", "summary", "desc"],
];
/// Words that say nothing.
const NOISE: &[&str] = &[
    "at", "relative", "index", "the", "of", "value", "current", "epoch", "unix", "last", "msl",
];
/// Names of units as they end a name, and what they are called here.
const UNITS: &[(&str, Unit)] = &[
    ("c", Unit::Celsius),
    ("f", Unit::Fahrenheit),
    ("mps", Unit::MetresPerSecond),
    ("ms", Unit::MetresPerSecond),
    ("kph", Unit::KilometresPerHour),
    ("kmh", Unit::KilometresPerHour),
    ("mph", Unit::MilesPerHour),
    ("kt", Unit::Knots),
    ("knots", Unit::Knots),
    ("hpa", Unit::Hectopascal),
    ("mb", Unit::Hectopascal),
    ("mbar", Unit::Hectopascal),
    ("pct", Unit::Percent),
    ("percent", Unit::Percent),
    ("mm", Unit::Millimetre),
    ("m", Unit::Metre),
    ("km", Unit::Kilometre),
    ("ugm3", Unit::MicrogramPerCubicMetre),
];

/// A unit that a name ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Celsius,
    Fahrenheit,
    MetresPerSecond,
    KilometresPerHour,
    MilesPerHour,
    Knots,
    Hectopascal,
    Percent,
    Millimetre,
    Metre,
    Kilometre,
    MicrogramPerCubicMetre,
}

impl Unit {
    /// The filter that turns a number of this unit into the other; an empty one where they are the same.
    pub(super) fn conversion(self, to: Self) -> Option<&'static str> {
        match (self, to) {
            (from, to) if from == to => Some(""),
            (Self::Fahrenheit, Self::Celsius) => Some("fahrenheit"),
            (Self::KilometresPerHour, Self::MetresPerSecond) => Some("kmh"),
            (Self::MilesPerHour, Self::MetresPerSecond) => Some("mph"),
            (Self::Knots, Self::MetresPerSecond) => Some("knots"),
            (Self::Kilometre, Self::Metre) => Some("scale(1000)"),
            (Self::Metre, Self::Kilometre) => Some("scale(0.001)"),
            _ => None,
        }
    }
}

/// A name in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    words: Vec<String>,
    pub(super) unit: Option<Unit>,
}

impl Name {
    /// Cuts `wind_speed_10m`, `windGustKph`, `feels-like` into words, and the unit off.
    pub(super) fn of(name: &str) -> Self {
        let mut words = split(name);
        let mut unit = None;
        // A unit alone is a name: `c`, `m`.
        if words.len() > 1
            && let Some((_, found)) = words
                .last()
                .and_then(|last| UNITS.iter().find(|(written, _)| written == last))
        {
            unit = Some(*found);
            words.pop();
        }
        let telling: Vec<String> = words
            .iter()
            .filter(|word| !is_noise(word))
            .cloned()
            .collect();
        let words = if telling.is_empty() { words } else { telling };
        Self {
            words: words.iter().map(|word| canonical(word)).collect(),
            unit,
        }
    }

    fn joined(&self) -> String {
        self.words.concat()
    }

    fn has(&self, word: &String) -> bool {
        self.words.contains(word)
    }
}

/// How much a field is like a property, from 0 to 1. Words of the objects around a field count where the property has
/// them: `wind.speed` is like `wind_speed`.
pub(super) fn likeness(property: &Name, path: &[Step]) -> f64 {
    let mut names = path.iter().rev().filter_map(|step| match step {
        Step::Member(name) => Some(Name::of(name)),
        Step::First => None,
    });
    let Some(field) = names.next() else {
        return 0.0;
    };
    if let (Some(from), Some(to)) = (field.unit, property.unit)
        && from.conversion(to).is_none()
    {
        return 0.0;
    }
    let depth = f64::from(u8::try_from(path.len()).unwrap_or(u8::MAX));
    // Of two that are equally like, the one nearer to the top.
    let deeper = 1.0 - depth * 0.004;
    if field.joined() == property.joined() {
        return deeper;
    }
    let around: Vec<String> = names
        .flat_map(|name| name.words)
        .filter(|word| property.has(word) && !field.has(word))
        .collect();
    let common = property
        .words
        .iter()
        .filter(|word| field.has(word) || around.contains(word))
        .count();
    let own = property.words.iter().any(|word| field.has(word));
    let all = property.words.len() + field.words.len() + distinct(&around);
    let shared = if own { ratio(2 * common, all) } else { 0.0 };
    shared.max(misspelt(property, &field)) * deeper
}

/// Likeness of single words that differ by a slip: `longtitude`.
fn misspelt(property: &Name, field: &Name) -> f64 {
    const LONG: usize = 5;
    const SLIP: f64 = 0.85;
    // Of several words, one that differs makes another thing: `max` and `min`.
    if property.words.len() > 1 || field.words.len() > 1 {
        return 0.0;
    }
    let (left, right) = (property.joined(), field.joined());
    let likeness = strsim::normalized_damerau_levenshtein(&left, &right);
    if left.len() >= LONG && likeness >= SLIP {
        likeness * 0.9
    } else {
        0.0
    }
}

fn distinct(words: &[String]) -> usize {
    let mut words = words.to_vec();
    words.sort();
    words.dedup();
    words.len()
}

fn ratio(part: usize, whole: usize) -> f64 {
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    number(part) / number(whole)
}

/// Words in lower case; heights such as `2m` and `10m` are left out.
fn split(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut was_lower = false;
    let mut begins = true;
    for character in name.chars() {
        if !character.is_alphanumeric() {
            begins = true;
            continue;
        }
        if begins || (character.is_uppercase() && was_lower) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(character.to_lowercase());
        }
        was_lower = character.is_lowercase() || character.is_ascii_digit();
        begins = false;
    }
    let height = |word: &String| {
        word.strip_suffix('m').is_some_and(|digits| {
            !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    let kept: Vec<String> = words.iter().filter(|word| !height(word)).cloned().collect();
    if kept.is_empty() { words } else { kept }
}

fn is_noise(word: &str) -> bool {
    NOISE.contains(&word)
}

fn canonical(word: &str) -> String {
    SYNONYMS
        .iter()
        .find(|synonyms| synonyms.contains(&word))
        .map_or(word, |synonyms| synonyms[0])
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alike(property: &str, path: &str) -> bool {
        let path: Vec<Step> = path
            .split('.')
            .map(|name| Step::Member(name.into()))
            .collect();
        likeness(&Name::of(property), &path) >= ALIKE
    }

    #[test]
    fn the_same_thing_by_another_name_is_recognized() {
        for (property, path) in [
            ("temperature_c", "current.temperature_2m"),
            ("temperature_c", "main.temp"),
            ("temperature_max_c", "maxTempF"),
            ("apparent_c", "feelslike_c"),
            ("wind_speed_mps", "wind.speed"),
            ("wind_speed_mps", "windSpeedKph"),
            ("wind_from_deg", "wind.deg"),
            ("humidity_pct", "relative_humidity_2m"),
            ("lon", "coord.lng"),
            ("lat", "latitude"),
            ("country_code", "countryCode"),
            ("tz", "timezone"),
            ("observed_at", "last_updated_epoch"),
        ] {
            assert!(alike(property, path), "{property} is {path}");
        }
    }

    #[test]
    fn another_thing_by_a_like_name_is_not() {
        for (property, path) in [
            ("temperature_max_c", "temperature_min"),
            ("temperature_c", "temp_max"),
            ("country", "country_code"),
            ("wind_speed_mps", "wind_gust"),
            ("pressure_hpa", "pressure_in"),
            ("visibility_m", "visibility_mph"),
            ("region", "country"),
        ] {
            assert!(!alike(property, path), "{property} is not {path}");
        }
    }
}
