"""Measurements: load in paired rounds, memory, cold starts. Each returns plain rows (dictionaries)."""

import json
import subprocess
import time

from harness.scenarios import SCENARIOS

# A few requests may be the first of a cache entry, or be under way when the counter is read.
UPSTREAM_CALLS_TOLERANCE = 0.01


class Loader:
    """Runs bench-load. What was asked once is not asked again in the same run."""

    def __init__(self, binary, core, upstream, options):
        self.binary, self.core, self.upstream, self.options = binary, core, upstream, options
        self.next_asked = 0

    def load(self, scenario, server, rate=None):
        """One window of load: bench-load's report, with the upstream's calls per request added."""
        options = self.options
        command = ["taskset", "-c", str(self.core), str(self.binary), "--url", server.url + scenario.path,
                   "--connections", str(scenario.connections or options.connections), "--seconds", str(options.seconds),
                   "--warm-up", str(options.warm_up), "--pid", str(server.pid)]
        for name, value in server.headers().items():
            command += ["--header", f"{name}: {value}"]
        if scenario.varies:
            command += ["--vary", str(self.next_asked)]
        if scenario.body:
            command += ["--data", scenario.body]
        if scenario.events:
            command += ["--events"]
        if rate:
            command += ["--rate", str(rate)]
        answered = self.upstream.answered()
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True,
                              timeout=options.seconds + options.warm_up + 60)
        report = json.loads(done.stdout)
        if scenario.varies:
            self.next_asked += report["sent"]
        report["upstream_calls"] = (self.upstream.answered() - answered) / max(report["sent"], 1)
        return report


def doubts(scenario, report):
    """Reasons not to trust a window."""
    if report["errors"]:
        yield f"errors {report['errors']}"
    if abs(report["upstream_calls"] - scenario.upstream_calls) > UPSTREAM_CALLS_TOLERANCE:
        yield f"{report['upstream_calls']:.3f} upstream calls per request instead of {scenario.upstream_calls}"


def rounds(loader, servers, names, options, say):
    """Every scenario in every round, in turns forwards and backwards so that a drift of the machine cancels out."""
    rows = []
    for number in range(options.rounds):
        order = names if number % 2 == 0 else names[::-1]
        for scenario, mode, rate in windows(order, options.rate):
            report = loader.load(scenario, servers[scenario.server], rate)
            rows.append({"kind": mode, "scenario": scenario.name, "round": number, **report})
            say(f"round {number + 1} {mode:6} {scenario.name:20} {report['cpu_us_per_request'] or 0:8.2f} us CPU/request "
                f"{report['rps']:8.0f}/s", *doubts(scenario, report))
    return rows


def windows(names, rate):
    """What a round consists of: first everything in a closed loop, then at fixed rates."""
    scenarios = [SCENARIOS[name] for name in names]
    yield from ((scenario, "closed", None) for scenario in scenarios if scenario.closed)
    for scenario in scenarios:
        own = rate if scenario.rate is None else scenario.rate
        # Without a rate on the command line there are none at all, except where a scenario has nothing else.
        if own and (rate or not scenario.closed):
            yield scenario, "rate", own


def idle(servers, seconds):
    """Resident memory some seconds after the start, before any load."""
    time.sleep(seconds)
    return [memory(server, "idle") for server in servers]


def memory(server, when):
    return {"kind": "memory", "server": server.name, "when": when, "rss_kib": server.resident_kib()}


def cold(server, times, say):
    """Milliseconds from the start of the process to the first 200 of each path, on the folder of an earlier start."""
    rows = []
    for number in range(times):
        for path in server.cold_paths:
            server.stop()
            begin = time.monotonic()
            server.spawn()
            milliseconds = (server.wait_for(path) - begin) * 1000
            rows.append({"kind": "cold", "server": server.name, "path": path, "round": number, "ms": milliseconds})
    say(f"{server.name} started {len(rows)} times")
    return rows
