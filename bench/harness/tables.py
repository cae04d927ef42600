"""Rows to Markdown tables: median [min .. max], and what is compared with the bare proxy taken within each round."""

import statistics

from harness.scenarios import SCENARIOS

# What scenarios are compared by: name, and the value of a row.
COMPARED = {
    "request": ("CPU µs/request", lambda row: row["cpu_us_per_request"]),
    "event": ("CPU µs/event", lambda row: row["cpu_us_per_event"]),
    "first": ("first event, p50 ms", lambda row: row["first_event_ms"] and row["first_event_ms"]["p50"]),
}


def spread(values, digits=2):
    """Median, smallest, largest."""
    values = [value for value in values if value is not None]
    if not values:
        return "–"
    median, low, high = (f"{value:,.{digits}f}" for value in (statistics.median(values), min(values), max(values)))
    return f"{median} [{low} .. {high}]"


def table(title, header, lines):
    body = [header, ["---"] * len(header), *lines]
    return "\n".join([f"### {title}", "", *("| " + " | ".join(line) + " |" for line in body), ""])


def latency(percentile):
    return lambda row: row["latency_ms"] and row["latency_ms"][percentile]


def server_busy(row):
    """How much of its core the server used; well below 1, the load was the limit."""
    return row["cpu_us_per_request"] and row["cpu_us_per_request"] * row["rps"] / 1e6


def events_per_second(row):
    return row["events"] / row["seconds"]


CPU, RATE = ("CPU µs/request", COMPARED["request"][1], 2), ("requests/s", lambda row: row["rps"], 0)
BUSY = ("server busy", server_busy, 2)
EVENTS = [("CPU µs/event", COMPARED["event"][1], 3), CPU, ("events/s", events_per_second, 0),
          ("first event, p50 ms", COMPARED["first"][1], 3), BUSY]

# The first column of each is the one that is compared.
COLUMNS = {
    ("closed", False): [CPU, RATE, ("p50 ms", latency("p50"), 2), ("p99 ms", latency("p99"), 2), BUSY],
    ("rate", False): [("p50 ms", latency("p50"), 3), ("p90 ms", latency("p90"), 3), ("p99 ms", latency("p99"), 3), CPU],
    ("closed", True): EVENTS,
    ("rate", True): EVENTS,
}


def paired(rows, of, name):
    """The scenario's values beside those of what it is compared with, round by round: both saw the same minute."""
    base = {row["round"]: of(row) for row in rows if row["scenario"] == SCENARIOS[name].base}
    return [(of(row), base[row["round"]]) for row in rows
            if row["scenario"] == name and of(row) is not None and base.get(row["round"])]


def ratios(rows, of, name):
    return [value / base for value, base in paired(rows, of, name)]


def load_table(kind, events, title, rows, names):
    names = [name for name in names if SCENARIOS[name].events == events]
    rows = [row for row in rows if row["kind"] == kind and row["scenario"] in names]
    if not rows:
        return ""
    columns = COLUMNS[kind, events]
    compared, of, _ = columns[0]
    cpu = [CPU] if CPU in columns[1:] else []
    header = ["scenario", *(f"{name} ÷ bare" for name in (compared, *(name for name, _, _ in cpu))),
              *(name for name, _, _ in columns), "upstream calls/request", "errors"]
    lines = []
    for name in names:
        mine = [row for row in rows if row["scenario"] == name]
        if not mine:
            continue
        lines.append([name, spread(ratios(rows, of, name)), *(spread(ratios(rows, value, name)) for _, value, _ in cpu),
                      *(spread(map(value, mine), digits) for _, value, digits in columns),
                      spread([row["upstream_calls"] for row in mine]),
                      str(sum(sum(row["errors"].values()) for row in mine))])
    return table(title, header, lines)


def goals_table(rows, names):
    """What was to be reached, and what was."""
    lines = []
    for name in names:
        for kind, what, goal, moonshot in SCENARIOS[name].goal:
            title, of = COMPARED[what]
            of_kind = [row for row in rows if row["kind"] == kind]
            pairs = paired(of_kind, of, name)
            if not pairs:
                continue
            added = what == "first"
            values = [value - base if added else value / base for value, base in pairs]
            loop = "closed loop" if kind == "closed" else "fixed rate"
            lines.append([name, loop, f"{title} added" if added else f"{title} ÷ {SCENARIOS[name].base}", spread(values),
                          f"{goal:g}, {'reached' if statistics.median(values) <= goal else '**missed**'}",
                          "–" if moonshot is None else
                          f"{moonshot:g}, {'reached' if statistics.median(values) <= moonshot else 'missed'}"])
    return table("Goals", ["scenario", "load", "what", "measured", "goal", "moonshot"], lines) if lines else ""


def memory_table(rows):
    rows = [row for row in rows if row["kind"] == "memory"]
    lines = [[row["server"], row["when"], f"{row['rss_kib'] / 1024:.1f}"] for row in rows]
    return table("Resident memory", ["server", "when", "MiB"], lines) if lines else ""


def cold_table(rows):
    values = {}
    for row in rows:
        if row["kind"] == "cold":
            values.setdefault((row["server"], row["path"]), []).append(row["ms"])
    lines = [[server, path, spread(times, 1)] for (server, path), times in values.items()]
    return table("Start to first answer", ["server", "path", "ms"], lines) if lines else ""


def fixed_rates(names, events, rate):
    """"200 requests/s", or several, as the title of a table says it."""
    own = {rate if scenario.rate is None else scenario.rate
           for scenario in (SCENARIOS[name] for name in names) if scenario.events == events} - {0}
    return " and ".join(map(str, sorted(own, reverse=True)))


def report(rows, names, options):
    rounds = f"{options.rounds} rounds of {options.seconds:g} s"
    closed = f"closed loop, {options.connections} connections, {rounds}"
    whole, streams = (fixed_rates(names, events, options.rate) for events in (False, True))
    parts = (load_table("closed", False, f"Whole answers, {closed}", rows, names),
             load_table("rate", False, f"Whole answers, fixed rate, {whole} requests/s, {rounds}", rows, names),
             load_table("closed", True, f"Streams, {closed}", rows, names),
             load_table("rate", True, f"Streams, fixed rate, {streams} requests/s, {rounds}", rows, names),
             goals_table(rows, names), memory_table(rows), cold_table(rows))
    return "\n".join(part for part in parts if part)
