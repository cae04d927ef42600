"""Rows to Markdown tables: median [min .. max], and the ratio to `bare` taken within each round."""

import statistics

BASE = "bare"


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


# The first column of each is the one that is compared with bare.
COLUMNS = {
    "closed": [("CPU µs/request", lambda row: row["cpu_us_per_request"], 2), ("requests/s", lambda row: row["rps"], 0),
               ("p50 ms", latency("p50"), 2), ("p99 ms", latency("p99"), 2), ("server busy", server_busy, 2)],
    "rate": [("p50 ms", latency("p50"), 3), ("p90 ms", latency("p90"), 3), ("p99 ms", latency("p99"), 3),
             ("CPU µs/request", lambda row: row["cpu_us_per_request"], 2)],
}


def ratios(rows, of, name):
    """The scenario's value ÷ bare's value, round by round: both saw the same minute of the machine."""
    base = {row["round"]: of(row) for row in rows if row["scenario"] == BASE}
    return [of(row) / base[row["round"]] for row in rows
            if row["scenario"] == name and of(row) is not None and base.get(row["round"])]


def load_table(kind, title, rows, names):
    rows = [row for row in rows if row["kind"] == kind]
    if not rows:
        return ""
    columns = COLUMNS[kind]
    compared, of, _ = columns[0]
    header = ["scenario", f"{compared} ÷ {BASE}", *(name for name, _, _ in columns), "upstream calls/request", "errors"]
    lines = []
    for name in names:
        mine = [row for row in rows if row["scenario"] == name]
        lines.append([name, spread(ratios(rows, of, name)),
                      *(spread(map(value, mine), digits) for _, value, digits in columns),
                      spread([row["upstream_calls"] for row in mine]),
                      str(sum(sum(row["errors"].values()) for row in mine))])
    return table(title, header, lines)


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


def report(rows, names, options):
    closed = f"Closed loop, {options.connections} connections, {options.rounds} rounds of {options.seconds:g} s"
    rate = f"Fixed rate, {options.rate} requests/s, {options.rounds} rounds of {options.seconds:g} s"
    parts = (load_table("closed", closed, rows, names), load_table("rate", rate, rows, names),
             memory_table(rows), cold_table(rows))
    return "\n".join(part for part in parts if part)
