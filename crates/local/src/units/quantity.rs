//! A number on its way from one unit to another: exact as long as 128 bits hold it, a rounded float after that.

use serde_json::Number;

use super::ratio::Ratio;

#[derive(Debug, Clone, Copy)]
pub(super) enum Quantity {
    Exact(Ratio),
    Rounded(f64),
}

impl Quantity {
    /// The digits that the caller wrote, not their nearest binary fraction.
    pub(super) fn new(number: &Number) -> Self {
        Ratio::parse(&number.to_string()).map_or_else(
            || Self::Rounded(number.as_f64().unwrap_or(f64::INFINITY)),
            Self::Exact,
        )
    }

    pub(super) fn plus(self, other: Ratio) -> Self {
        self.combine(other, Ratio::plus, |left, right| left + right)
    }

    pub(super) fn minus(self, other: Ratio) -> Self {
        self.combine(other, Ratio::minus, |left, right| left - right)
    }

    pub(super) fn times(self, other: Ratio) -> Self {
        self.combine(other, Ratio::times, |left, right| left * right)
    }

    pub(super) fn over(self, other: Ratio) -> Self {
        self.combine(other, Ratio::over, |left, right| left / right)
    }

    /// Nothing for zero.
    pub(super) fn reciprocal(self) -> Option<Self> {
        match self {
            Self::Exact(ratio) => ratio.reciprocal().map(Self::Exact),
            Self::Rounded(value) => (value != 0.0).then(|| Self::Rounded(value.recip())),
        }
    }

    pub(super) fn to_f64(self) -> f64 {
        match self {
            Self::Exact(ratio) => ratio.to_f64(),
            Self::Rounded(value) => value,
        }
    }

    fn combine(
        self,
        other: Ratio,
        exact: fn(Ratio, Ratio) -> Option<Ratio>,
        rounded: fn(f64, f64) -> f64,
    ) -> Self {
        let exactly = match self {
            Self::Exact(ratio) => exact(ratio, other),
            Self::Rounded(_) => None,
        };
        exactly.map_or_else(
            || Self::Rounded(rounded(self.to_f64(), other.to_f64())),
            Self::Exact,
        )
    }
}
