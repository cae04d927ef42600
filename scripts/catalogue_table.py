#!/usr/bin/env python3
"""Writes the table of categories and providers into the READMEs, from the catalogue.

    scripts/catalogue_table.py           writes
    scripts/catalogue_table.py --check   ends with 1 if a table is not what it would write
"""

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "catalogue"
BEGIN, END = "<!-- catalogue: begin -->", "<!-- catalogue: end -->"

ENGLISH = {
    "head": ["category", "operations", "providers, in the order in which they are asked"],
    "local": "here", "key": "key", "contact": "contact", "off": "off",
}
FRENCH = {
    "head": ["catégorie", "opérations", "fournisseurs, dans l'ordre où ils sont interrogés"],
    "local": "ici", "key": "clé", "contact": "contact", "off": "désactivé",
}
READMES = {"README.md": ENGLISH, "README.fr.md": FRENCH}


def read(path):
    return tomllib.loads(path.read_text(encoding="utf-8"))


def providers(folder, order):
    """The category's provider files: those that it names, then the others by name."""
    found = {path.stem: read(path) for path in folder.glob("*.toml") if path.name != "category.toml"}
    rest = sorted(set(found) - set(order))
    return [(name, found[name]) for name in [*order, *rest]]


def marks(provider, words):
    """What a provider needs before it is asked."""
    auth = provider.get("auth", "none")
    if provider.get("kind") == "local":
        yield words["local"]
    if auth != "none" and not auth.get("optional"):
        yield words["key"]
    if provider.get("contact"):
        yield words["contact"]
    if not provider.get("enabled", True):
        yield words["off"]


def cell(name, provider, words):
    marked = ", ".join(marks(provider, words))
    return f"{name} ({marked})" if marked else name


def table(words):
    yield "| " + " | ".join(words["head"]) + " |"
    yield "| --- | --- | --- |"
    for folder in sorted(path.parent for path in CATALOGUE.glob("*/category.toml")):
        category = read(folder / "category.toml")
        operations = ", ".join(f"`{name}`" for name in category["operation"])
        asked = ", ".join(cell(*one, words) for one in providers(folder, category.get("providers", [])))
        yield f"| `{folder.name}` | {operations} | {asked} |"


def with_table(text, words):
    head, rest = text.split(BEGIN)
    _, tail = rest.split(END)
    return "\n".join([head + BEGIN, "", *table(words), "", END + tail])


def main():
    stale = []
    for name, words in READMES.items():
        path = ROOT / name
        text = path.read_text(encoding="utf-8")
        wanted = with_table(text, words)
        if wanted != text:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(wanted, encoding="utf-8")
    if "--check" in sys.argv and stale:
        print(f"{', '.join(stale)}: the table differs from the catalogue; run scripts/catalogue_table.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
