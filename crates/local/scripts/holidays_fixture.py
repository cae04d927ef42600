#!/usr/bin/env python3
"""Writes tests/data/holidays.json: the public holidays that our rules must reproduce.

    python3 -m venv venv && venv/bin/pip install holidays==0.109
    venv/bin/python crates/local/scripts/holidays_fixture.py

The reference is the Python package `holidays` (MIT). For each country: `names`, and for each year one string of
`MMDD:name[@regions]`, where `name` is an index and `regions` are joined with `+`. What a decree moves for one year
("Day off (substituted from …)") is a working day swapped for a Saturday, not a holiday, and left out.
"""

import json
from pathlib import Path

import holidays

HERE = Path(__file__).resolve().parent.parent
YEARS = range(2010, 2041)
REGIONAL = {"GB": ["ENG", "NIR", "SCT", "WLS"]}


def calendar(country, **options):
    """Pairs (date, English name) of a country or one of its regions."""
    factory = getattr(holidays, country)
    if "en_US" in (factory.supported_languages or []):
        options["language"] = "en_US"
    days = factory(years=YEARS, **options)
    pairs = {(day, name) for day in days for name in days.get_list(day)}
    return {(day, plain(name, country)) for day, name in pairs if "substituted" not in name}


def plain(name, country):
    """One spelling: British outside the United States, and no "(observed)", which is our `observed_of`."""
    name = name.replace(" (observed)", "").replace("Of Mary", "of Mary")
    return name if country == "US" else name.replace("Labor", "Labour")


def with_regions(country):
    national = calendar(country)
    entries = {entry: [] for entry in national}
    for region in REGIONAL.get(country, []):
        for entry in calendar(country, subdiv=region) - national:
            entries.setdefault(entry, []).append(region)
    return entries


def compact(country):
    entries = with_regions(country)
    names = sorted({name for _, name in entries})
    years = {str(year): [] for year in YEARS}
    for (day, name), regions in sorted(entries.items()):
        where = "@" + "+".join(sorted(regions)) if regions else ""
        years[str(day.year)].append(f"{day:%m%d}:{names.index(name)}{where}")
    return {"names": names, "years": {year: " ".join(days) for year, days in years.items()}}


def main():
    countries = sorted(path.stem for path in (HERE / "data/holidays").glob("*.toml"))
    fixture = {country: compact(country) for country in countries}
    text = json.dumps(fixture, ensure_ascii=False, indent=1)
    (HERE / "tests/data/holidays.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
