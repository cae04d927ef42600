#!/usr/bin/env python3
"""Checks that the links of all Markdown files lead somewhere: to files of the repository, and to headings in them.

    scripts/check_links.py [ROOT]

Links into the world are not followed. Prints `file:line: what is wrong` and ends with 1 if anything is.
"""

import os
import re
import sys
from pathlib import Path
from urllib.parse import unquote

FENCE = re.compile(r"^\s*(```+|~~~+)")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")
CODE = re.compile(r"(`+)[^\n]+?\1")
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)<>\s]+)>?(?:\s+\"[^\"]*\")?\s*\)")
REFERENCE = re.compile(r"^[ ]*\[[^\]]+\]:\s+<?(\S+?)>?(?:\s|$)", re.MULTILINE)
NOT_OURS = {"target", "node_modules", "guichet-data"}
ELSEWHERE = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def markdown_files(root):
    """Those of the repository: not of git, of builds, of packages."""
    for folder, inner, names in os.walk(root):
        inner[:] = sorted(name for name in inner if name not in NOT_OURS and not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(names) if name.endswith(".md"))


def prose(path):
    """The text with every line of fenced code left empty."""
    fence, lines = None, []
    for line in path.read_text(encoding="utf-8").splitlines():
        mark = FENCE.match(line)
        is_code = bool(mark) or fence is not None
        if mark and fence is None:
            fence = mark.group(1)[:3]
        elif mark and mark.group(1).startswith(fence):
            fence = None
        lines.append("" if is_code else line)
    return "\n".join(lines)


def anchor(heading):
    """The anchor that GitHub gives a heading."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    text = re.sub(r"[^\w\- ]", "", text.lower())
    return text.replace(" ", "-")


def anchors(path):
    """All anchors of a file; equal headings are told apart by numbers."""
    found, seen = set(), {}
    for line in prose(path).splitlines():
        heading = HEADING.match(line)
        if not heading:
            continue
        name = anchor(heading.group(1))
        count = seen.get(name, 0)
        seen[name] = count + 1
        found.add(f"{name}-{count}" if count else name)
    return found


def links(path):
    """The targets of a file's links, with their lines."""
    text = CODE.sub("", prose(path))
    for pattern in (LINK, REFERENCE):
        for found in pattern.finditer(text):
            yield text.count("\n", 0, found.start(1)) + 1, found.group(1)


def problem(root, path, target):
    """What is wrong with a link; None if nothing is."""
    if ELSEWHERE.match(target) or target.startswith("//"):
        return None
    name, _, fragment = unquote(target).partition("#")
    goal = (path.parent / name).resolve() if name else path
    if not goal.is_relative_to(root):
        return f"{target} leads out of the repository"
    if not goal.exists():
        return f"{target}: there is no such file"
    if fragment and goal.suffix == ".md" and fragment not in anchors(goal):
        return f"{target}: {goal.relative_to(root)} has no such heading"
    return None


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent).resolve()
    files = list(markdown_files(root))
    checked, problems = 0, []
    for path in files:
        for number, target in links(path):
            checked += 1
            wrong = problem(root, path, target)
            if wrong:
                problems.append(f"{path.relative_to(root)}:{number}: {wrong}")
    print("\n".join([*problems, f"{checked} links in {len(files)} Markdown files, {len(problems)} broken"]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
