//! Rational numbers, so that a factor such as 0.3048 is what its definition says and not the nearest binary fraction.

use serde::Deserialize;

/// A fraction in lowest terms with a positive denominator. Operations give nothing when 128 bits do not hold the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Ratio {
    numerator: i128,
    denominator: i128,
}

impl Ratio {
    pub(super) const ZERO: Self = Self {
        numerator: 0,
        denominator: 1,
    };

    fn new(numerator: i128, denominator: i128) -> Option<Self> {
        let divisor = greatest_common_divisor(numerator, denominator)?;
        // A zero denominator makes the divisor zero or the quotient zero: neither gets past here.
        let (numerator, denominator) = (
            numerator.checked_div(divisor)?,
            denominator.checked_div(divisor)?,
        );
        match denominator.signum() {
            1 => Some(Self {
                numerator,
                denominator,
            }),
            -1 => Some(Self {
                numerator: numerator.checked_neg()?,
                denominator: denominator.checked_neg()?,
            }),
            _ => None,
        }
    }

    /// `12`, `-0.3048`, `1.6e-19`, or two of these with a slash between: `5/9`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text.split_once('/') {
            Some((numerator, denominator)) => decimal(numerator)?.over(decimal(denominator)?),
            None => decimal(text),
        }
    }

    pub(super) fn plus(self, other: Self) -> Option<Self> {
        let left = self.numerator.checked_mul(other.denominator)?;
        let right = other.numerator.checked_mul(self.denominator)?;
        Self::new(
            left.checked_add(right)?,
            self.denominator.checked_mul(other.denominator)?,
        )
    }

    pub(super) fn minus(self, other: Self) -> Option<Self> {
        self.plus(Self {
            numerator: other.numerator.checked_neg()?,
            ..other
        })
    }

    pub(super) fn times(self, other: Self) -> Option<Self> {
        // Reducing crosswise first keeps the products as small as they can be.
        let left = Self::new(self.numerator, other.denominator)?;
        let right = Self::new(other.numerator, self.denominator)?;
        Self::new(
            left.numerator.checked_mul(right.numerator)?,
            left.denominator.checked_mul(right.denominator)?,
        )
    }

    pub(super) fn over(self, other: Self) -> Option<Self> {
        self.times(other.reciprocal()?)
    }

    /// Nothing for zero.
    pub(super) fn reciprocal(self) -> Option<Self> {
        Self::new(self.denominator, self.numerator)
    }

    /// The nearest floating-point number, to within its last digit.
    #[expect(
        clippy::cast_precision_loss,
        reason = "rounding to 53 bits is what this is for"
    )]
    pub(super) fn to_f64(self) -> f64 {
        let whole = self.numerator / self.denominator;
        let rest = self.numerator % self.denominator;
        if whole == 0 || self.numerator.unsigned_abs() < 1 << 53 {
            return self.numerator as f64 / self.denominator as f64;
        }
        whole as f64 + rest as f64 / self.denominator as f64
    }
}

impl TryFrom<String> for Ratio {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or_else(|| format!("\"{text}\" is no ratio of two decimal numbers"))
    }
}

fn decimal(text: &str) -> Option<Ratio> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let exponent = exponent
        .parse::<i32>()
        .ok()?
        .checked_sub(i32::try_from(fraction.len()).ok()?)?;
    let power = 10_i128.checked_pow(exponent.unsigned_abs())?;
    if exponent < 0 {
        Ratio::new(digits, power)
    } else {
        Ratio::new(digits.checked_mul(power)?, 1)
    }
}

fn greatest_common_divisor(left: i128, right: i128) -> Option<i128> {
    let (mut left, mut right) = (left.unsigned_abs(), right.unsigned_abs());
    while right != 0 {
        (left, right) = (right, left % right);
    }
    i128::try_from(left).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ratio(text: &str) -> Ratio {
        Ratio::parse(text).unwrap()
    }

    #[test]
    fn decimals_and_fractions_are_read_exactly() {
        assert_eq!(
            ratio("0.3048"),
            Ratio {
                numerator: 381,
                denominator: 1250
            }
        );
        assert_eq!(
            ratio("-1.5e-1"),
            Ratio {
                numerator: -3,
                denominator: 20
            }
        );
        assert_eq!(
            ratio("2.5e3"),
            Ratio {
                numerator: 2500,
                denominator: 1
            }
        );
        assert_eq!(
            ratio("4.5/0.9"),
            Ratio {
                numerator: 5,
                denominator: 1
            }
        );
    }

    #[test]
    fn what_is_no_number_or_too_long_is_nothing() {
        for text in [
            "",
            "x",
            "1/0",
            "1e99",
            "1e-99",
            ".",
            "1/2/3",
            "1e",
            "1e-2147483648",
        ] {
            assert_eq!(Ratio::parse(text), None, "{text}");
        }
    }

    #[test]
    fn zero_has_no_reciprocal() {
        assert_eq!(Ratio::ZERO.reciprocal(), None);
    }

    #[test]
    fn large_fractions_round_well() {
        assert!(
            (ratio("123456789012345678901234567890/3").to_f64() - 4.115_226_300_411_523e28).abs()
                < 1e13
        );
        assert!((ratio("1/3").to_f64() - 1.0 / 3.0).abs() < f64::EPSILON);
    }

    proptest! {
        #[test]
        fn a_finite_float_survives_its_own_digits(value in -1e12_f64..1e12) {
            prop_assume!(value.abs() > 1e-12);
            let read = Ratio::parse(&serde_json::json!(value).to_string()).unwrap().to_f64();
            prop_assert!((read - value).abs() <= value.abs() * f64::EPSILON, "{read} {value}");
        }

        #[test]
        fn times_undoes_over(left in -1_000_000_i64..1_000_000, right in 1_i64..1_000_000) {
            let (left, right) = (ratio(&left.to_string()), ratio(&right.to_string()));
            prop_assert_eq!(left.over(right).and_then(|quotient| quotient.times(right)), Some(left));
            prop_assert_eq!(left.minus(right).and_then(|difference| difference.plus(right)), Some(left));
        }
    }
}
