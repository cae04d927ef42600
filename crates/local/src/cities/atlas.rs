//! The cities themselves, read from the bundled file when somebody first asks (about 1.5 MB in memory).

use std::sync::LazyLock;

use super::fold::fold;
use super::lines::{Lines, inflate};

static ATLAS: LazyLock<Atlas> =
    LazyLock::new(|| Atlas::parse(&inflate(include_bytes!("../../data/cities.txt.deflate"))));

/// A city of 15,000 inhabitants or more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct City {
    /// `GeoNames`' main name, mostly the English one.
    pub(crate) name: &'static str,
    /// ISO 3166-1 alpha-2.
    pub(crate) country_code: &'static str,
    /// English name of the country.
    pub(crate) country: &'static str,
    /// The region, where the data names it.
    pub(crate) region: Option<Region>,
    /// WGS 84 degrees, to a thousandth.
    pub(crate) latitude: f64,
    /// WGS 84 degrees, to a thousandth.
    pub(crate) longitude: f64,
    /// Inhabitants.
    pub(crate) population: u32,
    /// IANA zone.
    pub(crate) tz: &'static str,
    /// Its number at `GeoNames`.
    pub(crate) geonames_id: u32,
}

/// A first-level division of a country: a state of the United States.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Region {
    /// ISO 3166-2.
    pub(crate) code: &'static str,
    /// English name.
    pub(crate) name: &'static str,
}

/// Which city: its line in the data, where names are in folded order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct CityId(pub(super) u32);

#[derive(Debug)]
pub(super) struct Atlas {
    pub(super) names: Lines,
    zones: Lines,
    places: Vec<Place>,
    rows: Vec<Row>,
    /// All cities from south to north.
    pub(super) northward: Vec<CityId>,
}

/// A country or a region of one.
#[derive(Debug)]
pub(super) struct Place {
    /// `FR` or `US-IL`.
    code: Box<str>,
    name: Box<str>,
    /// The country's place; its own for a country.
    country: usize,
    /// Folded names, in several languages for a country.
    folded: Box<[Box<str>]>,
}

#[derive(Debug)]
struct Row {
    latitude: Thousandths,
    longitude: Thousandths,
    population: u32,
    geonames_id: u32,
    place: u16,
    zone: u16,
}

/// Thousandths of a degree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Thousandths(i32);

impl Thousandths {
    fn degrees(self) -> f64 {
        f64::from(self.0) / 1000.0
    }
}

// === impl Atlas ===

impl Atlas {
    /// The cities of this program.
    pub(super) fn get() -> &'static Self {
        &ATLAS
    }

    /// Reads the text that `data/generate_cities.py` describes.
    #[expect(
        clippy::expect_used,
        reason = "the text is part of the program and the tests read all of it"
    )]
    fn parse(text: &str) -> Self {
        let mut blocks = text.split("\n\n");
        let mut block = || blocks.next().expect("ten blocks");
        let zones = Lines::new(block());
        let places = places(block(), block());
        let names = Lines::new(block());
        let place = column(block(), |code| {
            u16::try_from(
                places
                    .iter()
                    .position(|place| &*place.code == code)
                    .expect("a known place"),
            )
            .expect("few places")
        });
        let latitudes = column(block(), |value| Thousandths(number(value)));
        let longitudes = column(block(), |value| Thousandths(number(value)));
        let populations = column(block(), number);
        let zone_of = column(block(), number);
        let ids = column(block(), number);
        let rows: Vec<Row> = (0..names.len())
            .map(|line| Row {
                latitude: latitudes[line],
                longitude: longitudes[line],
                population: populations[line],
                geonames_id: ids[line],
                place: place[line],
                zone: zone_of[line],
            })
            .collect();
        let mut northward: Vec<CityId> = (0..).take(rows.len()).map(CityId).collect();
        northward.sort_by_key(|id| rows[id.0 as usize].latitude);
        Self {
            names,
            zones,
            places,
            rows,
            northward,
        }
    }

    pub(super) fn city(&'static self, id: CityId) -> City {
        let row = self.row(id);
        let place = &self.places[usize::from(row.place)];
        let country = &self.places[place.country];
        let is_region = !std::ptr::eq(place, country);
        City {
            name: self.names.get(id.0 as usize),
            country_code: &country.code,
            country: &country.name,
            region: is_region.then_some(Region {
                code: &place.code,
                name: &place.name,
            }),
            latitude: row.latitude.degrees(),
            longitude: row.longitude.degrees(),
            population: row.population,
            tz: self.zones.get(usize::from(row.zone)),
            geonames_id: row.geonames_id,
        }
    }

    pub(super) fn population(&self, id: CityId) -> u32 {
        self.row(id).population
    }

    /// Latitude and longitude in degrees.
    pub(super) fn position(&self, id: CityId) -> (f64, f64) {
        let row = self.row(id);
        (row.latitude.degrees(), row.longitude.degrees())
    }

    /// Whether a city lies in one of these countries or regions.
    pub(super) fn is_in(&self, id: CityId, places: &[usize]) -> bool {
        let place = usize::from(self.row(id).place);
        places.contains(&place) || places.contains(&self.places[place].country)
    }

    /// The countries and regions that this text means: `FR`, `france`, `IL` (Israel, Illinois), `Allemagne`.
    pub(super) fn places_called(&self, text: &str) -> Vec<usize> {
        let name = fold(text);
        let code = name.replace(' ', "");
        let is_meant = |place: &Place| {
            let own_code = place.code.rsplit('-').next().unwrap_or_default();
            own_code.eq_ignore_ascii_case(&code)
                || place.folded.iter().any(|folded| **folded == *name)
        };
        (0..self.places.len())
            .filter(|&index| is_meant(&self.places[index]))
            .collect()
    }

    /// The country of this ISO 3166-1 alpha-2 code, if a city of the data lies in it.
    pub(super) fn country(&self, code: &str) -> Option<usize> {
        self.places
            .iter()
            .position(|place| place.code.eq_ignore_ascii_case(code))
    }

    fn row(&self, id: CityId) -> &Row {
        &self.rows[id.0 as usize]
    }
}

#[expect(
    clippy::expect_used,
    reason = "the text is part of the program and the tests read all of it"
)]
fn places(countries: &str, regions: &str) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for line in countries.lines() {
        let mut fields = line.split('\t');
        let mut field = || fields.next().expect("three fields");
        places.push(Place {
            code: field().into(),
            name: field().into(),
            country: places.len(),
            folded: field().split('|').map(Box::from).collect(),
        });
    }
    for line in regions.lines() {
        let (code, name) = line.split_once('\t').expect("two fields");
        let (country, _) = code.split_once('-').expect("a country before the region");
        let country = places
            .iter()
            .position(|place| &*place.code == country)
            .expect("a known country");
        places.push(Place {
            code: code.into(),
            name: name.into(),
            country,
            folded: [fold(name).into()].into(),
        });
    }
    places
}

fn column<T>(block: &str, read: impl Fn(&str) -> T) -> Vec<T> {
    block.split('\n').map(read).collect()
}

#[expect(
    clippy::expect_used,
    reason = "the text is part of the program and the tests read all of it"
)]
fn number<N: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> N {
    text.parse().expect("a number")
}
