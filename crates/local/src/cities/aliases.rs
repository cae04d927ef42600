//! Other names of the cities (`londres`, `北京`), read from the bundled file at the first search (about 2.6 MB).

use std::sync::LazyLock;

use super::atlas::CityId;
use super::lines::{Lines, inflate};

static ALIASES: LazyLock<Aliases> = LazyLock::new(|| Aliases {
    lines: Lines::new(&inflate(include_bytes!(
        "../../data/city_aliases.txt.deflate"
    ))),
});

/// Folded names in order, each with the cities that bear it.
#[derive(Debug)]
pub(super) struct Aliases {
    pub(super) lines: Lines,
}

impl Aliases {
    pub(super) fn get() -> &'static Self {
        &ALIASES
    }

    /// The aliases that start with `prefix` (in folded form), and whose they are.
    pub(super) fn starting_with(&self, prefix: &str) -> impl Iterator<Item = (&str, CityId)> {
        let first = self.lines.partition_point(|line| line < prefix);
        (first..self.lines.len())
            .map(|line| self.lines.get(line))
            .take_while(move |line| line.starts_with(prefix))
            .filter_map(|line| line.split_once('\t'))
            .flat_map(|(name, cities)| {
                cities
                    .split(',')
                    .filter_map(move |id| Some((name, CityId(id.parse().ok()?))))
            })
    }
}
