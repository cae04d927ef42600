//! Finding cities by name: exact names before beginnings of names, then the more populous first.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::aliases::Aliases;
use super::atlas::{Atlas, City, CityId};
use super::fold::fold;
use crate::Failure;

/// A foreign name of a city counts as if it had so many times fewer inhabitants: `Valence` is the French town before it
/// is `València`, and `Pékin` is still Beijing rather than Pekin, Illinois.
const ALIAS_HANDICAP: u32 = 20;

/// A beginning shorter than this says nothing: `a` is not a guess of Ahmedabad.
const SHORTEST_BEGINNING: usize = 3;

/// What is looked for.
#[derive(Debug)]
pub(super) struct Query {
    /// The folded name.
    name: String,
    /// A city must lie in one place of each group.
    within: Vec<Vec<usize>>,
}

/// A city that was found.
#[derive(Debug)]
pub(super) struct Match {
    pub(super) city: City,
    /// The name is the one that was asked for, not the beginning of a longer one.
    pub(super) exact: bool,
}

/// How well a city matches; the greatest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    exact: bool,
    weight: u32,
}

impl Query {
    /// `name`, or `name, country` and `name, region, country`; and the country that the caller filters by.
    ///
    /// # Errors
    /// `Unsupported` when a qualifier is no country and no region known here: the city may exist, and leaving the
    /// qualifier out would find another one.
    pub(super) fn parse(text: &str, country: Option<&str>) -> Result<Self, Failure> {
        let atlas = Atlas::get();
        let mut parts = text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        let name = fold(parts.next().unwrap_or_default());
        let mut within = Vec::new();
        for part in parts {
            let places = atlas.places_called(part);
            if places.is_empty() {
                return Err(Failure::Unsupported(format!(
                    "\"{part}\" is no country or region known here"
                )));
            }
            within.push(places);
        }
        if let Some(code) = country {
            within.push(atlas.country(code).into_iter().collect());
        }
        Ok(Self { name, within })
    }

    /// The best matches, at most `limit`.
    pub(super) fn run(&self, limit: usize) -> Vec<Match> {
        let atlas = Atlas::get();
        let mut found: Vec<(CityId, Rank)> = self.ranked(atlas).into_iter().collect();
        found.sort_unstable_by_key(|&(id, rank)| (Reverse(rank), id));
        found.truncate(limit);
        found
            .into_iter()
            .map(|(id, rank)| Match {
                city: atlas.city(id),
                exact: rank.exact,
            })
            .collect()
    }

    fn ranked(&self, atlas: &Atlas) -> HashMap<CityId, Rank> {
        let mut best: HashMap<CityId, Rank> = HashMap::new();
        let mut offer = |id: CityId, exact: bool, handicap: u32| {
            if !self.within.iter().all(|places| atlas.is_in(id, places)) {
                return;
            }
            if !exact && self.name.len() < SHORTEST_BEGINNING {
                return;
            }
            let rank = Rank {
                exact,
                weight: atlas.population(id) / handicap,
            };
            best.entry(id)
                .and_modify(|known| *known = rank.max(*known))
                .or_insert(rank);
        };
        if self.name.is_empty() {
            return best;
        }
        let first = atlas.names.partition_point(|name| fold(name) < self.name);
        for line in first..atlas.names.len() {
            let name = fold(atlas.names.get(line));
            if !name.starts_with(&self.name) {
                break;
            }
            #[expect(
                clippy::cast_possible_truncation,
                reason = "there are far fewer cities than u32 counts"
            )]
            offer(CityId(line as u32), name == self.name, 1);
        }
        for (name, id) in Aliases::get().starting_with(&self.name) {
            offer(id, name == self.name, ALIAS_HANDICAP);
        }
        best
    }
}
