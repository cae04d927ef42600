#!/usr/bin/env python3
"""How long a caller waits for the first token when the first candidates are dead. Prints a Markdown table.

    bench/first_token.py                                  build everything, run everything
    bench/first_token.py --guichet PATH --tools DIR --times 9

Six providers serve the same model, in this order: one refuses connections, one fails at TLS, one is silent, one says 429
and nothing more, one says 500 in HTML, one is good. The first 0, 1, 3 or 5 of the dead stand before the good one. Each
measurement has a Guichet of its own, which knows nothing of anybody yet; `again` is the call after it.
"""

import argparse
import http.client
import json
import pathlib
import statistics
import tempfile
import time

from harness import binaries, dead, tables
from harness.providers import VARIABLE
from harness.servers import Guichet, Upstream

DEAD = (0, 1, 3, 5)
PATIENCE_S = 60
GOAL_MS, MOONSHOT_MS = 3000, 1000

PROVIDER = """\
order    = {order}
base_url = "{base_url}"

any_model = false

[auth]
type = "bearer"
env  = ["{variable}"]

[model.paced]
names = ["first"]
"""


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--guichet", metavar="PATH", help="Guichet's binary (default: build it)")
    parser.add_argument("--tools", metavar="DIR", help="folder of the benchmark's own binaries (default: build them)")
    parser.add_argument("--times", type=int, default=5, help="measurements of each (default: %(default)s)")
    return parser.parse_args()


def overlay(base_urls):
    return {f"ai/bench-{order}.toml": PROVIDER.format(order=order, base_url=base_url, variable=VARIABLE)
            for order, base_url in enumerate(base_urls, 1)}


def first_token(guichet):
    """Milliseconds until the first event with a word, and who sent it after how many attempts."""
    body = json.dumps({"model": "first", "stream": True, "messages": [{"role": "user", "content": "Hello."}]})
    connection = http.client.HTTPConnection("127.0.0.1", guichet.port, timeout=PATIENCE_S)
    begin = time.monotonic()
    connection.request("POST", "/v1/chat/completions", body, guichet.headers() | {"Content-Type": "application/json"})
    answer = connection.getresponse()
    if answer.status != 200:
        raise SystemExit(f"expected 200, got {answer.status}: {answer.read()[:500]!r}")
    for line in answer:
        if b'"content":" word"' in line:
            took = (time.monotonic() - begin) * 1000
            connection.close()
            return took, answer.getheader("x-guichet-provider"), int(answer.getheader("x-guichet-attempts"))
    raise SystemExit("the stream ended without a word")


def measured(binary, upstream, number):
    """The first call of a new Guichet with so many dead providers before the good one, and the next one."""
    urls = [dead.base_url(way) for way in dead.WAYS[:number]] + [f"{upstream.url}/v1"]
    with tempfile.TemporaryDirectory(prefix="guichet-bench-") as folder:
        guichet = Guichet(binary, pathlib.Path(folder), "0,1", overlay(urls))
        try:
            guichet.start()
            first, again = first_token(guichet), first_token(guichet)
        finally:
            guichet.stop()
    if first[1] != f"bench-{number + 1}":
        raise SystemExit(f"expected an answer of bench-{number + 1}, got one of {first[1]}")
    return first, again


def main():
    chosen = options()
    tools, binary = binaries.tools(chosen.tools), binaries.guichet(chosen.guichet)
    lines, medians = [], {}
    with tempfile.TemporaryDirectory(prefix="guichet-bench-") as folder:
        upstream = Upstream(tools["bench-upstream"], pathlib.Path(folder), "0,1")
        try:
            upstream.start()
            for number in DEAD:
                runs = [measured(binary, upstream, number) for _ in range(chosen.times)]
                first, again = ([run[index][0] for run in runs] for index in (0, 1))
                medians[number] = statistics.median(first)
                lines.append([str(number), ", ".join(dead.WAYS[:number]) or "–", tables.spread(first, 1),
                              tables.spread([run[0][2] for run in runs], 0), tables.spread(again, 1)])
        finally:
            upstream.stop()
    header = ["dead", "in which ways", "first token, ms", "attempts", "again, ms"]
    print(tables.table(f"First token, the first candidates dead, {chosen.times} times each", header, lines))
    last = medians[DEAD[-1]]
    print(f"Goal with five dead: {GOAL_MS} ms, {'reached' if last < GOAL_MS else '**missed**'}; "
          f"moonshot {MOONSHOT_MS} ms, {'reached' if last < MOONSHOT_MS else 'missed'}.")


if __name__ == "__main__":
    main()
