#!/usr/bin/env python3
"""Measures Guichet against a bare proxy on this machine, in paired rounds, and prints Markdown tables.

    bench/run.py                          build everything, run everything
    bench/run.py --only data              or ai: one group of scenarios
    bench/run.py --only bare,bare-chat    no Guichet needed: checks the benchmark itself
    bench/run.py --guichet PATH --tools DIR --rounds 9 --json rows.jsonl

What the numbers mean is written in README.md.
"""

import argparse
import json
import os
import pathlib
import sys
import tempfile

from harness import binaries, measure, providers, scenarios, tables
from harness.scenarios import SCENARIOS
from harness.servers import Bare, Guichet, Upstream


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--guichet", metavar="PATH", help="Guichet's binary (default: build it)")
    parser.add_argument("--tools", metavar="DIR", help="folder of the benchmark's own binaries (default: build them)")
    parser.add_argument("--only", default=",".join(scenarios.GROUPS),
                        help=f"groups or scenarios, comma-separated, of {', '.join(SCENARIOS)} (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5, help="counted seconds of a window")
    parser.add_argument("--warm-up", type=float, default=1, help="seconds before those")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--rate", type=int, default=500,
                        help="requests/s of the fixed-rate windows of data; 0 leaves out all that can also run in a closed loop")
    parser.add_argument("--latency-ms", type=int, default=0, help="the upstream's latency")
    parser.add_argument("--idle", type=float, default=3, help="seconds from start to the memory reading")
    parser.add_argument("--cold", type=int, default=10, help="cold starts per path; 0 leaves them out")
    parser.add_argument("--cores", default="0,1", help="server core, core of load and upstream (default: %(default)s)")
    parser.add_argument("--json", metavar="FILE", type=pathlib.Path, help="also append every row to this file")
    chosen = parser.parse_args()
    try:
        chosen.names = scenarios.chosen(chosen.only)
    except ValueError as error:
        parser.error(str(error))
    return chosen


def say(*words):
    """Progress goes to stderr, tables to stdout."""
    print(*words, sep="  ", file=sys.stderr, flush=True)


def servers_of(chosen, tools, folder, core, upstream):
    """The servers that the chosen scenarios need, by name."""
    servers = {}
    if any(SCENARIOS[name].server == "bare" for name in chosen.names):
        servers["bare"] = Bare(tools["bench-bare"], folder, core, upstream)
    if any(SCENARIOS[name].server == "guichet" for name in chosen.names):
        overlay = providers.overlay(upstream.url)
        servers["guichet"] = Guichet(binaries.guichet(chosen.guichet), folder, core, overlay)
    return servers


def measured(chosen, tools, folder):
    """All rows of the run."""
    server_core, load_core = chosen.cores.split(",")
    upstream = Upstream(tools["bench-upstream"], folder, load_core)
    servers = servers_of(chosen, tools, folder, server_core, upstream)
    loader = measure.Loader(tools["bench-load"], load_core, upstream, chosen)
    # This process, too, stays away from the core that is measured.
    os.sched_setaffinity(0, {int(load_core)})
    try:
        upstream.start()
        for server in servers.values():
            server.start()
        rows = measure.idle(servers.values(), chosen.idle)
        if "guichet" in servers:
            scenarios.check_guichet(servers["guichet"], chosen.names)
        upstream.set_latency(chosen.latency_ms)
        rows += measure.rounds(loader, servers, chosen.names, chosen, say)
        upstream.set_latency(0)
        rows += [measure.memory(server, "after the rounds") for server in servers.values()]
        for server in servers.values():
            rows += measure.cold(server, chosen.cold, say)
        return rows
    finally:
        for server in (*servers.values(), upstream):
            server.stop()


def main():
    chosen = options()
    tools = binaries.tools(chosen.tools)
    busy = os.getloadavg()[0]
    if busy > 0.5:
        say(f"the machine is busy (load {busy:.1f}): trust CPU per request and its ratios, not throughput or tails")
    with tempfile.TemporaryDirectory(prefix="guichet-bench-") as folder:
        rows = measured(chosen, tools, pathlib.Path(folder))
    if chosen.json:
        with open(chosen.json, "a", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
    print(tables.report(rows, chosen.names, chosen))


if __name__ == "__main__":
    main()
