//! The native functions that filters may call: jaq's own without those that reach outside, and the fence's.

use jaq_core::box_iter::box_once;
use jaq_core::native::{Fun, v};
use jaq_core::{DataT, Error, Exn, Lut, Native, ValX};
use jaq_json::{Num, Val};

use super::Bound;
use super::budget::Budget;
use super::fence;

/// The kind of data that fenced filters run with.
pub(super) struct Fenced;

impl DataT for Fenced {
    type V<'a> = Val;
    type Data<'a> = Data<'a>;
}

#[derive(Clone, Copy)]
pub(super) struct Data<'a> {
    pub(super) lut: &'a Lut<Fenced>,
    pub(super) budget: &'a Budget,
}

impl<'a> jaq_core::data::HasLut<'a, Fenced> for Data<'a> {
    fn lut(&self) -> &'a Lut<Fenced> {
        self.lut
    }
}

/// Natives that reach outside, or that are replaced here because they know no bounds.
const LEFT_OUT: [&str; 8] = [
    "halt",
    "env",
    "now",
    "debug_empty",
    "stderr_empty",
    "range",
    "fromjson",
    "tojson",
];

/// Counting a path ends here: longer than any depth that is allowed.
const LONGEST_PATH: usize = 1000;

/// Definitions of jaq's library that call what is left out.
pub(super) const UNDEFINED: [&str; 5] = ["stderr", "debug", "halt", "halt_error", "tonumber"];

pub(super) fn all() -> impl Iterator<Item = Fun<Fenced>> {
    let library = jaq_core::funs()
        .chain(jaq_std::funs())
        .chain(jaq_json::funs());
    library
        .filter(|(name, ..)| !LEFT_OUT.contains(name))
        .chain(own())
}

fn own() -> [Fun<Fenced>; 11] {
    [
        (fence::STEP, v(0), step()),
        (
            fence::MEASURE,
            v(0),
            Native::new(|cv| box_once(measure(cv.1, cv.0.data().budget))),
        ),
        (
            fence::SPELL,
            v(0),
            Native::new(|cv| box_once(spell(cv.1, cv.0.data().budget))),
        ),
        (
            fence::MULTIPLY,
            v(2),
            Native::new(|mut cv| {
                let (right, left) = (cv.0.pop_var(), cv.0.pop_var());
                box_once(multiply(left, right, cv.0.data().budget))
            }),
        ),
        ("range", v(3), range()),
        (
            "now",
            v(0),
            Native::new(|cv| box_once(Ok(Val::from(cv.0.data().budget.now)))),
        ),
        (
            "tojson",
            v(0),
            Native::new(|cv| {
                box_once(spell(cv.1, cv.0.data().budget).map(|value| Val::from(value.to_string())))
            }),
        ),
        (
            "tonumber",
            v(0),
            Native::new(|cv| box_once(to_number(cv.1))),
        ),
        (
            "wmo_condition",
            v(0),
            Native::new(|cv| box_once(Ok(Val::from(wmo_condition(&cv.1).to_owned())))),
        ),
        (
            "compact",
            v(0),
            Native::new(|cv| box_once(Ok(compact(cv.1)))),
        ),
        (
            "fromjson",
            v(0),
            Native::new(|cv| box_once(from_json(&cv.1))),
        ),
    ]
}

fn step() -> Native<Fenced> {
    Native::<Fenced>::new(|cv| box_once(cv.0.data().budget.step().map(|()| cv.1).map_err(stop)))
        .with_paths(|cv| {
            let budget = cv.0.data().budget;
            // The path to a value is a chain as well; it is as deep as the value that it would make.
            let passed = budget
                .step()
                .and_then(|()| budget.nested(cv.1.1.iter().take(LONGEST_PATH).count()));
            box_once(passed.map(|()| cv.1).map_err(stop))
        })
        .with_update(|cv, update| match cv.0.data().budget.step() {
            Ok(()) => update(cv.1),
            Err(bound) => box_once(Err(stop(bound))),
        })
}

fn range() -> Native<Fenced> {
    Native::new(|mut cv| {
        let (by, until, from) = (cv.0.pop_var(), cv.0.pop_var(), cv.0.pop_var());
        let budget = cv.0.data().budget;
        let mut next = Some(from);
        Box::new(std::iter::from_fn(move || {
            let current = next.take()?;
            let zero = Val::from(0_isize);
            let more = match by.cmp(&zero) {
                std::cmp::Ordering::Greater => current < until,
                std::cmp::Ordering::Less => current > until,
                std::cmp::Ordering::Equal => current != until,
            };
            if !more {
                return None;
            }
            if let Err(bound) = budget.step() {
                return Some(Err(stop(bound)));
            }
            match current.clone() + by.clone() {
                Ok(following) => next = Some(following),
                Err(error) => return Some(Err(Exn::from(error))),
            }
            Some(Ok(current))
        }))
    })
}

fn stop<'a>(bound: Bound) -> Exn<'a, Val> {
    Exn::from(Error::str(bound))
}

/// Passes a value on that is neither too large nor nested too deep.
fn measure<'a>(value: Val, budget: &Budget) -> ValX<'a, Val> {
    let own = match &value {
        Val::TStr(text) | Val::BStr(text) => text.len(),
        Val::Arr(items) => items.len() * size_of::<Val>(),
        Val::Obj(members) => members.len() * 2 * size_of::<Val>(),
        Val::Num(Num::BigInt(integer)) => usize::try_from(integer.bits()).unwrap_or(usize::MAX),
        _ => return Ok(value),
    };
    budget
        .made(own)
        .and_then(|()| nesting(&value, 0, budget))
        .map_err(stop)?;
    Ok(value)
}

/// Only what is nested can be too deep, and only there does looking cost steps.
fn nesting(value: &Val, depth: usize, budget: &Budget) -> Result<(), Bound> {
    budget.nested(depth)?;
    let holds = |value: &Val| matches!(value, Val::Arr(_) | Val::Obj(_));
    match value {
        Val::Arr(items) => items
            .iter()
            .filter(|item| holds(item))
            .try_for_each(|item| inside(item, depth, budget)),
        Val::Obj(members) => members
            .values()
            .filter(|item| holds(item))
            .try_for_each(|item| inside(item, depth, budget)),
        _ => Ok(()),
    }
}

fn inside(item: &Val, depth: usize, budget: &Budget) -> Result<(), Bound> {
    budget.step()?;
    nesting(item, depth + 1, budget)
}

/// Passes a value on whose text is not too large: shared parts are spelled out each time.
fn spell<'a>(value: Val, budget: &Budget) -> ValX<'a, Val> {
    spelled(&value, budget).map_err(stop)?;
    Ok(value)
}

fn spelled(value: &Val, budget: &Budget) -> Result<(), Bound> {
    match value {
        Val::TStr(text) | Val::BStr(text) => budget.made(text.len()),
        Val::Arr(items) => items
            .iter()
            .try_for_each(|item| budget.step().and_then(|()| spelled(item, budget))),
        Val::Obj(members) => members.iter().try_for_each(|(name, item)| {
            budget.step()?;
            spelled(name, budget)?;
            spelled(item, budget)
        }),
        _ => Ok(()),
    }
}

fn multiply<'a>(left: Val, right: Val, budget: &Budget) -> ValX<'a, Val> {
    let text = |value: &Val| match value {
        Val::TStr(text) | Val::BStr(text) => Some(text.len()),
        _ => None,
    };
    let product = match (&left, &right) {
        (Val::Num(Num::BigInt(a)), Val::Num(Num::BigInt(b))) => {
            usize::try_from(a.bits() + b.bits()).unwrap_or(usize::MAX)
        }
        (Val::Num(times), other) | (other, Val::Num(times)) => {
            text(other).map_or(0, |length| repeated(length, times))
        }
        _ => 0,
    };
    budget.affords(product).map_err(stop)?;
    measure((left * right).map_err(Exn::from)?, budget)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "an estimate"
)]
fn repeated(length: usize, times: &Num) -> usize {
    let times = match times {
        Num::Int(times) => *times as f64,
        Num::Float(times) => *times,
        Num::BigInt(_) | Num::Dec(_) => f64::MAX,
    };
    (length as f64 * times.max(0.0)) as usize
}

/// As jq has it: `"08"` is eight, although it is no JSON.
fn to_number<'a>(value: Val) -> ValX<'a, Val> {
    let Val::TStr(text) = &value else {
        let number = matches!(value, Val::Num(_));
        return if number {
            Ok(value)
        } else {
            Err(Exn::from(Error::typ(value, "number")))
        };
    };
    let parsed = std::str::from_utf8(text)
        .ok()
        .map(str::trim)
        .and_then(|text| {
            let integer = text.parse::<isize>().ok().map(Val::from);
            integer.or_else(|| {
                text.parse::<f64>()
                    .ok()
                    .filter(|number| number.is_finite())
                    .map(Val::from)
            })
        });
    parsed.ok_or_else(|| Exn::from(Error::str("cannot parse as number")))
}

/// The unified condition of a code of WMO table 4677, as a number or its text.
fn wmo_condition(code: &Val) -> &'static str {
    match code.to_string().trim_matches('"') {
        "0" => "clear",
        "1" => "mostly_clear",
        "2" => "partly_cloudy",
        "3" => "overcast",
        "45" | "48" => "fog",
        "51" | "53" | "55" => "drizzle",
        "56" | "57" => "freezing_drizzle",
        "61" | "63" => "rain",
        "65" => "heavy_rain",
        "66" | "67" => "freezing_rain",
        "71" | "73" | "77" => "snow",
        "75" => "heavy_snow",
        "80" | "81" | "82" => "rain_showers",
        "85" | "86" => "snow_showers",
        "95" => "thunderstorm",
        "96" | "99" => "thunderstorm_hail",
        _ => "unknown",
    }
}

/// Objects without their null members: in almost every mapping, so not left to `with_entries`.
fn compact(value: Val) -> Val {
    match value {
        Val::Obj(members) if members.values().any(|member| matches!(member, Val::Null)) => {
            let kept = members
                .iter()
                .filter(|(_, member)| !matches!(member, Val::Null));
            Val::obj(
                kept.map(|(name, member)| (name.clone(), member.clone()))
                    .collect(),
            )
        }
        other => other,
    }
}

/// Reads JSON with the depth that everything else is read with; jaq's own reader knows no bound.
fn from_json<'a>(value: &Val) -> ValX<'a, Val> {
    let (Val::TStr(text) | Val::BStr(text)) = value else {
        return Err(Exn::from(Error::typ(value.clone(), "string")));
    };
    serde_json::from_slice(text)
        .map_err(|error| Exn::from(Error::str(format_args!("cannot parse as JSON: {error}"))))
}
