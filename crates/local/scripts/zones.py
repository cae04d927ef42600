#!/usr/bin/env python3
"""Writes data/zones.tsv: the time zones of each country, from the tz database's zone.tab (public domain).

    python3 -m venv venv && venv/bin/pip install tzdata==2026.6
    venv/bin/python crates/local/scripts/zones.py

A line is: country (ISO 3166-1 alpha-2), zone, latitude, longitude (degrees, of the zone's principal place), comment.
"""

import importlib.resources
import re
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "data/zones.tsv"


def degrees(text):
    """Decimal degrees from ISO 6709: ±DDMM, ±DDDMM, ±DDMMSS or ±DDDMMSS."""
    sign, digits = (-1 if text[0] == "-" else 1), text[1:]
    whole = len(digits) - (4 if len(digits) > 5 else 2)
    minutes, seconds = int(digits[whole : whole + 2]), int(digits[whole + 2 :] or 0)
    return round(sign * (int(digits[:whole]) + minutes / 60 + seconds / 3600), 4)


def row(line):
    country, position, zone, *comment = line.split("\t")
    latitude, longitude = re.fullmatch(r"([+-]\d+)([+-]\d+)", position).groups()
    return "\t".join([country, zone, f"{degrees(latitude):g}", f"{degrees(longitude):g}", *comment])


def main():
    text = importlib.resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text("utf-8")
    rows = [row(line) for line in text.splitlines() if line and not line.startswith("#")]
    TARGET.write_text("\n".join(sorted(rows, key=lambda line: line[:2])) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
