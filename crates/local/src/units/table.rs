//! The units that are known, and how a written name finds one.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::quantity::Quantity;
use super::ratio::Ratio;

/// What units measure: length, mass, …
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dimension {
    #[serde(rename = "dimension")]
    pub(super) name: String,
    /// The symbol of the unit that all factors refer to.
    pub(super) base: String,
    /// The least value there is, in the base unit: absolute zero.
    pub(super) lowest: Option<Ratio>,
    pub(super) units: Vec<Unit>,
}

/// One unit: value in the base unit = value × `factor` + `offset`, or `factor` ÷ value where it is `reciprocal`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Unit {
    /// Case-sensitive: mm is not Mm.
    pub(super) symbol: String,
    pub(super) name: String,
    pub(super) plural: String,
    /// Further symbols, case-sensitive too.
    #[serde(default)]
    also: Vec<String>,
    /// Further names; case and hyphens do not matter in names.
    #[serde(default)]
    names: Vec<String>,
    factor: Ratio,
    #[serde(default = "zero")]
    offset: Ratio,
    #[serde(default)]
    reciprocal: bool,
    /// Whether the factor is measured or irrational and so has been rounded.
    #[serde(default)]
    pub(super) approximate: bool,
}

/// A unit with what it measures.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) unit: &'static Unit,
    pub(super) dimension: &'static Dimension,
}

impl Unit {
    /// In the dimension's base unit; nothing where zero has no counterpart.
    pub(super) fn to_base(&self, value: Quantity) -> Option<Quantity> {
        if self.reciprocal {
            return value.reciprocal().map(|inverse| inverse.times(self.factor));
        }
        Some(value.times(self.factor).plus(self.offset))
    }

    /// From the dimension's base unit; nothing where zero has no counterpart.
    pub(super) fn of_base(&self, base: Quantity) -> Option<Quantity> {
        if self.reciprocal {
            return base.reciprocal().map(|inverse| inverse.times(self.factor));
        }
        Some(base.minus(self.offset).over(self.factor))
    }

    fn symbols(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.symbol).chain(&self.also)
    }

    fn all_names(&self) -> impl Iterator<Item = &String> {
        [&self.name, &self.plural].into_iter().chain(&self.names)
    }
}

/// The unit of this symbol, or else of this name.
pub(super) fn find(written: &str) -> Option<Found> {
    let symbol = canonical_symbol(written);
    INDEX
        .symbols
        .get(&symbol)
        .or_else(|| INDEX.names.get(&canonical_name(written)))
        .copied()
}

/// The symbol or name that differs least from what was written, if any comes near.
pub(super) fn nearest(written: &str, wanted: Option<&Dimension>) -> Option<&'static str> {
    /// Of 1, where 1 is the same text.
    const NEAR: f64 = 0.6;
    let written = canonical_name(written);
    all()
        .iter()
        .filter(|dimension| wanted.is_none_or(|wanted| wanted.name == dimension.name))
        .flat_map(|dimension| &dimension.units)
        .flat_map(|unit| unit.symbols().chain(unit.all_names()))
        .map(|known| {
            (
                strsim::normalized_damerau_levenshtein(&written, &canonical_name(known)),
                known,
            )
        })
        .filter(|(likeness, _)| *likeness >= NEAR)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, known)| known.as_str())
}

/// All dimensions, each with its units.
pub(super) fn all() -> &'static [Dimension] {
    &DIMENSIONS
}

/// The names of all dimensions, for a message.
pub(super) fn dimensions() -> String {
    let names: Vec<&str> = all()
        .iter()
        .map(|dimension| dimension.name.as_str())
        .collect();
    names.join(", ")
}

static DIMENSIONS: LazyLock<Vec<Dimension>> = LazyLock::new(|| {
    #[expect(
        clippy::expect_used,
        reason = "the file is part of the binary, and a test reads it"
    )]
    serde_json::from_str(include_str!("../../data/units.json")).expect("units.json fits its types")
});

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let mut index = Index {
        symbols: HashMap::new(),
        names: HashMap::new(),
    };
    for dimension in all() {
        for unit in &dimension.units {
            let found = Found { unit, dimension };
            index.symbols.extend(
                unit.symbols()
                    .map(|symbol| (canonical_symbol(symbol), found)),
            );
            index
                .names
                .extend(unit.all_names().map(|name| (canonical_name(name), found)));
        }
    }
    index
});

struct Index {
    symbols: HashMap<String, Found>,
    names: HashMap<String, Found>,
}

/// The Greek letter mu and the micro sign look the same and mean the same.
fn canonical_symbol(symbol: &str) -> String {
    symbol.trim().replace('μ', "µ")
}

fn canonical_name(name: &str) -> String {
    let words = name.to_lowercase().replace(['-', '_'], " ");
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn zero() -> Ratio {
    Ratio::ZERO
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn units() -> impl Iterator<Item = &'static Unit> {
        all().iter().flat_map(|dimension| &dimension.units)
    }

    #[test]
    fn no_symbol_and_no_name_means_two_units() {
        let mut symbols = HashSet::new();
        let mut names = HashSet::new();
        for unit in units() {
            for symbol in unit
                .symbols()
                .map(|symbol| canonical_symbol(symbol))
                .collect::<HashSet<_>>()
            {
                assert!(symbols.insert(symbol.clone()), "{symbol}");
            }
            for name in unit
                .all_names()
                .map(|name| canonical_name(name))
                .collect::<HashSet<_>>()
            {
                assert!(names.insert(name.clone()), "{name}");
            }
        }
    }

    #[test]
    fn each_base_is_a_unit_of_its_dimension_with_factor_one() {
        for dimension in all() {
            let base = dimension
                .units
                .iter()
                .find(|unit| unit.symbol == dimension.base);
            let base =
                base.unwrap_or_else(|| panic!("{} lacks {}", dimension.name, dimension.base));
            assert_eq!(Some(base.factor), Ratio::parse("1"), "{}", dimension.name);
            assert_eq!(base.offset, Ratio::ZERO, "{}", dimension.name);
        }
    }

    #[test]
    fn no_factor_is_zero() {
        for unit in units() {
            assert!(unit.factor.to_f64() > 0.0, "{}", unit.name);
        }
    }

    #[test]
    fn symbols_are_case_sensitive_and_names_are_not() {
        assert_eq!(
            find("Mm").map(|found| found.unit.name.as_str()),
            Some("megametre")
        );
        assert_eq!(
            find("mm").map(|found| found.unit.name.as_str()),
            Some("millimetre")
        );
        assert_eq!(
            find(" Kilometers_Per-Hour ").map(|found| found.unit.symbol.as_str()),
            Some("km/h")
        );
        assert_eq!(
            find("\u{3bc}m").map(|found| found.unit.name.as_str()),
            Some("micrometre")
        );
        assert!(find("KM").is_none());
    }
}
