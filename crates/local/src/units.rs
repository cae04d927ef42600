//! Conversion of units. The table is data (`data/units.json`); its factors are exact wherever a definition is, and the
//! arithmetic is too, so that 100 °C is 212 °F and not 211.99999999999994.

mod quantity;
mod ratio;
mod table;

use serde_json::{Map, Number, Value, json};

use self::quantity::Quantity;
use self::table::{Dimension, Found};
use crate::params::{invalid, required_number, required_text};
use crate::{Context, Failure, Function};

pub(crate) const FUNCTIONS: &[(&str, Function)] = &[("units.convert", convert)];

/// `value`, `from`, `to` (symbols or English names) → `Conversion`.
fn convert(params: &Map<String, Value>, _: &Context) -> Result<Value, Failure> {
    let value = required_number(params, "value")?;
    let from = unit(params, "from", None)?;
    let to = unit(params, "to", Some(from.dimension))?;
    if from.dimension.name != to.dimension.name {
        return Err(incompatible(from, to));
    }
    let result = converted(value, from, to)?;
    Ok(json!({
        "value": result,
        "dimension": from.dimension.name,
        "from": { "value": value, "symbol": from.unit.symbol, "name": from.unit.name },
        "to": { "value": result, "symbol": to.unit.symbol, "name": to.unit.name },
        "exact": !from.unit.approximate && !to.unit.approximate,
    }))
}

fn unit(
    params: &Map<String, Value>,
    name: &'static str,
    wanted: Option<&Dimension>,
) -> Result<Found, Failure> {
    let written = required_text(params, name)?;
    table::find(written).ok_or_else(|| {
        let hint = table::nearest(written, wanted).map_or_else(
            || format!("known are units of {}", table::dimensions()),
            |nearest| format!("did you mean \"{nearest}\"?"),
        );
        invalid(name, format!("no unit is called \"{written}\"; {hint}"))
    })
}

fn incompatible(from: Found, to: Found) -> Failure {
    let reason = format!(
        "{} measures {}, but {} measures {}; give a unit of {}, such as {}",
        to.unit.name,
        to.dimension.name,
        from.unit.name,
        from.dimension.name,
        from.dimension.name,
        from.dimension.base,
    );
    invalid("to", reason)
}

fn converted(value: &Number, from: Found, to: Found) -> Result<f64, Failure> {
    let no_counterpart = || {
        invalid(
            "value",
            format!(
                "{value} {} has no counterpart in {}",
                from.unit.symbol, to.unit.plural
            ),
        )
    };
    let base = from
        .unit
        .to_base(Quantity::new(value))
        .ok_or_else(no_counterpart)?;
    if from
        .dimension
        .lowest
        .is_some_and(|lowest| base.to_f64() < lowest.to_f64())
    {
        return Err(invalid(
            "value",
            format!(
                "there is no {} as low as {value} {}",
                from.dimension.name, from.unit.symbol
            ),
        ));
    }
    let result = to.unit.of_base(base).ok_or_else(no_counterpart)?.to_f64();
    if !result.is_finite() {
        return Err(invalid(
            "value",
            format!("{value} {} is too large to convert", from.unit.symbol),
        ));
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answer(value: &Value, from: &str, to: &str) -> Result<Value, Failure> {
        let params = json!({ "value": value, "from": from, "to": to });
        let context = Context {
            now: jiff::Timestamp::UNIX_EPOCH,
            peer: None,
        };
        convert(params.as_object().unwrap(), &context)
    }

    fn number(value: f64, from: &str, to: &str) -> f64 {
        answer(&json!(value), from, to).unwrap()["value"]
            .as_f64()
            .unwrap()
    }

    fn reason(value: &Value, from: &str, to: &str) -> (&'static str, String) {
        match answer(value, from, to) {
            Err(Failure::Invalid { param, reason }) => (param, reason),
            other => panic!("{other:?}"),
        }
    }

    /// Definitions: BIPM, SI Brochure 9; NIST SP 811 appendix B; yard and pound agreement of 1959.
    #[test]
    #[expect(
        clippy::float_cmp,
        reason = "these are exact by definition, and so must the answers be"
    )]
    fn conversions_by_definition_are_exact_to_the_last_digit() {
        let cases = [
            (100.0, "°C", "°F", 212.0),
            (-40.0, "F", "C", -40.0),
            (-273.15, "celsius", "kelvin", 0.0),
            (98.6, "degF", "degC", 37.0),
            (1.0, "in", "cm", 2.54),
            (1.15, "m", "cm", 115.0),
            (26.2, "miles", "km", 42.164_812_8),
            (1.0, "lb", "g", 453.592_37),
            (1.0, "gal", "L", 3.785_411_784),
            (1.0, "imperial gallon", "l", 4.546_09),
            (36.0, "km/h", "m/s", 10.0),
            (1.0, "kn", "km/h", 1.852),
            (1.0, "atm", "Pa", 101_325.0),
            (760.0, "Torr", "atm", 1.0),
            (1.0, "kWh", "J", 3_600_000.0),
            (1.0, "GiB", "MB", 1_073.741_824),
            (8.0, "Mbit", "MB", 1.0),
            (1.0, "acre", "m2", 4_046.856_422_4),
            (90.0, "min", "h", 1.5),
            (1.0, "turn", "deg", 360.0),
            (5.0, "L/100km", "km/L", 20.0),
            (20.0, "km/L", "L/100 km", 5.0),
            (235.214_583_333_333_33, "mpg", "L/100km", 1.0),
        ];
        for (value, from, to, expected) in cases {
            assert_eq!(number(value, from, to), expected, "{value} {from} in {to}");
        }
    }

    #[test]
    fn a_rounded_factor_is_said_to_be_so() {
        assert_eq!(answer(&json!(180), "°", "rad").unwrap()["exact"], false);
        assert!((number(180.0, "°", "rad") - std::f64::consts::PI).abs() < 1e-15);
        assert_eq!(answer(&json!(1), "ft", "m").unwrap()["exact"], true);
    }

    #[test]
    fn an_unknown_unit_names_the_parameter_and_the_nearest() {
        assert_eq!(reason(&json!(1), "kilomtre", "m").0, "from");
        assert!(
            reason(&json!(1), "kilomtre", "m")
                .1
                .contains("\"kilometre\"")
        );
        let (param, text) = reason(&json!(1), "km", "milles");
        assert!(param == "to" && text.contains("\"miles\""), "{text}");
        assert!(reason(&json!(1), "zorkmid", "m").1.contains("temperature"));
    }

    #[test]
    fn incompatible_units_name_both_dimensions() {
        let (param, text) = reason(&json!(1), "km", "kg");
        assert_eq!(param, "to");
        assert!(text.contains("mass") && text.contains("length"), "{text}");
    }

    #[test]
    fn there_is_nothing_colder_than_absolute_zero() {
        assert_eq!(reason(&json!(-500), "°F", "°C").0, "value");
        assert_eq!(reason(&json!(-0.001), "K", "°C").0, "value");
    }

    #[test]
    fn zero_litres_per_hundred_kilometres_is_no_distance_per_litre() {
        assert!(
            reason(&json!(0), "L/100km", "mpg")
                .1
                .contains("no counterpart")
        );
        assert!(
            reason(&json!(0), "mpg", "L/100km")
                .1
                .contains("no counterpart")
        );
    }

    #[test]
    fn numbers_too_long_for_exact_arithmetic_are_rounded_and_too_large_ones_refused() {
        assert!((number(1e200, "km", "m") / 1e203 - 1.0).abs() < 1e-15);
        assert!(reason(&json!(1e308), "Em_", "m").1.contains("Em_"));
        assert!(reason(&json!(1e308), "ly", "nm").1.contains("too large"));
    }

    proptest! {
        #[test]
        fn there_and_back_is_the_same(
            value in 1e-6_f64..1e9,
            dimension in any::<prop::sample::Index>(),
            from in any::<prop::sample::Index>(),
            to in any::<prop::sample::Index>(),
        ) {
            let dimension = dimension.get(table::all());
            let (from, to) = (&from.get(&dimension.units).symbol, &to.get(&dimension.units).symbol);
            let there = number(value, from, to);
            // A temperature carries the rounding of its distance from absolute zero.
            let rounding = value * 1e-14 + if dimension.name == "temperature" { 1e-9 } else { 0.0 };
            prop_assert!((number(there, to, from) - value).abs() <= rounding, "{value} {from} → {there} {to}");
        }

        #[test]
        fn any_words_are_answered_or_refused(from in "\\PC{0,12}", to in "\\PC{0,12}") {
            let _ = answer(&json!(1), &from, &to);
        }
    }
}
