//! Finding countries by what people write.

use super::fold::fold;
use super::table::{self, Country};

/// The names that are nearly the wanted one are at least so like it (Jaro-Winkler).
const ALIKE: f64 = 0.85;

/// How well a country answers a query; the better ones come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Match {
    Code,
    Name,
    Beginning,
    Word,
    Part,
}

/// The country that has exactly this code or this name. A code wins over another country's name.
pub(super) fn exact(wanted: &str) -> Option<&'static Country> {
    let wanted = fold(wanted);
    let with_code = table::all()
        .iter()
        .find(|country| country.codes.contains(&wanted));
    with_code.or_else(|| {
        table::all()
            .iter()
            .find(|country| country.names.contains(&wanted))
    })
}

/// The countries that a query may mean, best first.
pub(super) fn matching(wanted: &str) -> Vec<&'static Country> {
    let wanted = fold(wanted);
    if wanted.is_empty() {
        return Vec::new();
    }
    let rank = |country: &'static Country| Some((rank(country, &wanted)?, country));
    let mut found: Vec<_> = table::all().iter().filter_map(rank).collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, country)| country).collect()
}

fn rank(country: &Country, wanted: &str) -> Option<Match> {
    if country.codes.iter().any(|code| code == wanted) {
        return Some(Match::Code);
    }
    country
        .names
        .iter()
        .filter_map(|name| rank_name(name, wanted))
        .min()
}

fn rank_name(name: &str, wanted: &str) -> Option<Match> {
    if name == wanted {
        Some(Match::Name)
    } else if name.starts_with(wanted) {
        Some(Match::Beginning)
    } else if name.split(' ').any(|word| word.starts_with(wanted)) {
        Some(Match::Word)
    } else if wanted.chars().count() > 2 && name.contains(wanted) {
        Some(Match::Part)
    } else {
        None
    }
}

/// The English name of the country whose name is most like the wanted one, if any is.
pub(super) fn nearest(wanted: &str) -> Option<&'static str> {
    let wanted = fold(wanted);
    let likeness = |country: &Country| {
        let alike = country
            .names
            .iter()
            .map(|name| strsim::jaro_winkler(name, &wanted));
        alike.fold(0.0, f64::max)
    };
    let scored = table::all()
        .iter()
        .map(|country| (likeness(country), country));
    let (best, country) = scored.max_by(|one, other| one.0.total_cmp(&other.0))?;
    (best >= ALIKE).then(|| country.name())
}
