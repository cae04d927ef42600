//! Sorting: whom somebody put first stays first, what costs comes last, and the rest by its cost.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::Cost;

/// A place that is not a policy's to change: smaller is first, by the first figure, then the second, and so on.
pub(crate) type Tier = [u32; 4];

/// Where a candidate stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    /// Whom the caller, the operator or what is asked for puts before others: no policy goes past it.
    pub(crate) tier: Tier,
    /// Whether it takes money: after those in its tier that do not.
    pub(crate) paid: bool,
    /// None = it keeps its place among the others.
    pub(crate) cost: Option<Cost>,
}

impl Standing {
    fn group(&self) -> (Tier, bool) {
        (self.tier, self.paid)
    }
}

/// Puts candidates in the order in which they are asked. Equals keep theirs.
pub(crate) fn arrange<T>(
    candidates: impl IntoIterator<Item = T>,
    stand: impl Fn(&T) -> Standing,
) -> impl Iterator<Item = T> {
    let with_standing = |candidate| (stand(&candidate), candidate);
    let mut all: Vec<(Standing, T)> = candidates.into_iter().map(with_standing).collect();
    all.sort_by_key(|(standing, _)| standing.group());
    let mut places = Vec::new();
    for group in all.chunk_by_mut(|(one, _), (other, _)| one.group() == other.group()) {
        places.clear();
        places.extend((0..group.len()).filter(|place| group[*place].0.cost.is_some()));
        sort_at(group, &places);
    }
    all.into_iter().map(|(_, candidate)| candidate)
}

/// Sorts those at the given places among themselves. They are few, and mostly in order.
fn sort_at<T>(group: &mut [(Standing, T)], places: &[usize]) {
    for end in 1..places.len() {
        let mut at = end;
        while at > 0 && is_dearer(&group[places[at - 1]].0, &group[places[at]].0) {
            group.swap(places[at - 1], places[at]);
            at -= 1;
        }
    }
}

fn is_dearer(one: &Standing, other: &Standing) -> bool {
    let (one, other) = (one.cost.unwrap_or_default(), other.cost.unwrap_or_default());
    one[0]
        .total_cmp(&other[0])
        .then(one[1].total_cmp(&other[1]))
        .is_gt()
}

/// A candidate's lot in one turn: the smallest is first, which is each one's in proportion to its weight. (Efraimidis and
/// Spirakis: -ln(u) ÷ weight with u evenly in 0..1.)
pub(super) fn lot(name: &str, turn: usize, weight: f64) -> f64 {
    if weight <= 0.0 {
        return f64::INFINITY;
    }
    let mut hasher = DefaultHasher::new();
    (name, turn).hash(&mut hasher);
    let drawn = u32::try_from(hasher.finish() >> 32).unwrap_or(u32::MAX);
    let evenly = (f64::from(drawn) + 0.5) / (f64::from(u32::MAX) + 1.0);
    -evenly.ln() / weight
}
