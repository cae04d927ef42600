#!/usr/bin/env python3
"""What it costs to count quotas together in Redis: the median of an answer with and without, in paired rounds.

    bench/redis.py                                   build everything, run everything; `redis-server` must be installed
    bench/redis.py --guichet PATH --tools DIR --rate 200 --rounds 9

Two Guichets stand on the same core, one of which has `redis_url`. In turns each answers calls to models, whose quotas of
requests and tokens are counted, at a fixed rate. Redis is on the core of the load, so that a question crosses between cores.
"""

import argparse
import os
import pathlib
import subprocess
import tempfile
import time

from harness import binaries, measure, providers, tables
from harness.scenarios import SCENARIOS
from harness.servers import Guichet, Upstream, free_port

SCENARIO = "chat"


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--guichet", metavar="PATH", help="Guichet's binary (default: build it)")
    parser.add_argument("--tools", metavar="DIR", help="folder of the benchmark's own binaries (default: build them)")
    parser.add_argument("--rate", type=int, default=200, help="requests/s (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=5, help="counted seconds of a window")
    parser.add_argument("--warm-up", type=float, default=1, help="seconds before those")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--cores", default="0,1", help="server core, core of load, upstream and Redis (default: %(default)s)")
    return parser.parse_args()


def redis(folder, core):
    """A Redis in memory; its process and its URL."""
    port = free_port()
    process = subprocess.Popen(
        ["taskset", "-c", core, "redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
    return process, f"redis://127.0.0.1:{port}/0"


def guichet(name, chosen, folder, core, upstream, more=""):
    own = folder / name
    own.mkdir()
    server = Guichet(binaries.guichet(chosen.guichet), own, core, providers.overlay(upstream.url))
    with open(server.config, "a", encoding="utf-8") as file:
        file.write(more)
    return server


def main():
    chosen = options()
    tools = binaries.tools(chosen.tools)
    core, load_core = chosen.cores.split(",")
    medians = {"alone": [], "together": []}
    with tempfile.TemporaryDirectory(prefix="guichet-bench-") as folder:
        folder = pathlib.Path(folder)
        upstream = Upstream(tools["bench-upstream"], folder, load_core)
        process, url = redis(folder, load_core)
        servers = {"alone": guichet("alone", chosen, folder, core, upstream),
                   "together": guichet("together", chosen, folder, core, upstream, f'redis_url = "{url}"\n')}
        loader = measure.Loader(tools["bench-load"], load_core, upstream, chosen)
        os.sched_setaffinity(0, {int(load_core)})
        try:
            upstream.start()
            for server in servers.values():
                server.start()
            # A heartbeat, so that quotas are counted together from the first call.
            time.sleep(1)
            if '"redis":"reachable"' not in servers["together"].ask("/health")[1].decode().replace(" ", ""):
                raise SystemExit("Guichet does not reach Redis; is `redis-server` there?")
            for number in range(chosen.rounds):
                names = list(servers) if number % 2 == 0 else list(servers)[::-1]
                for name in names:
                    report = loader.load(SCENARIOS[SCENARIO], servers[name], chosen.rate)
                    if report["errors"]:
                        raise SystemExit(f"{name}: {report['errors']}")
                    medians[name].append(report["latency_ms"]["p50"])
        finally:
            for server in (*servers.values(), upstream):
                server.stop()
            process.terminate()
            process.wait()
    added = [together - alone for alone, together in zip(medians["alone"], medians["together"])]
    rows = [[what, tables.spread(values, 3)] for what, values in
            (("alone", medians["alone"]), ("together", medians["together"]), ("added", added))]
    print(tables.table(f"A chat at {chosen.rate}/s, alone and counted together in Redis", ["", "p50 ms"], rows))


if __name__ == "__main__":
    main()
