#!/usr/bin/env python3
"""What Guichet holds in memory for large requests and for open streams. Prints Markdown tables.

    bench/memory.py                                  build everything, run everything
    bench/memory.py --guichet PATH --tools DIR --images 50 --streams 200

Images: so many requests at once, each with a picture of 1 MB as base64 in it, all of them held by a slow provider.
Streams: so many at once, each begun and then held open by the provider.
"""

import argparse
import base64
import json
import os
import pathlib
import resource
import socket
import tempfile
import threading
import time

from harness import binaries, providers, tables
from harness.servers import Guichet, Upstream

PICTURE_BYTES = 1 << 20
# So slow that all requests are there before the first is answered.
HOLD_MS = 8000
PATIENCE_S = 60
GOAL = 2
PATH = "/v1/chat/completions"


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--guichet", metavar="PATH", help="Guichet's binary (default: build it)")
    parser.add_argument("--tools", metavar="DIR", help="folder of the benchmark's own binaries (default: build them)")
    parser.add_argument("--images", type=int, default=200, help="requests with an image at once (default: %(default)s)")
    parser.add_argument("--streams", type=int, default=1000, help="streams at once (default: %(default)s)")
    return parser.parse_args()


def picture(number):
    """A request with a picture of its own: equal calls might be asked once."""
    data = base64.b64encode(number.to_bytes(4, "big") + os.urandom(PICTURE_BYTES - 4)).decode()
    return json.dumps({"model": "chat", "messages": [{"role": "user", "content": [
        {"type": "text", "text": f"What is in picture {number}?"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}]}]})


def settled(server, seconds=3):
    time.sleep(seconds)
    return server.resident_kib()


def images(guichet, upstream, count):
    """(bytes of all bodies, KiB before, most KiB while they were held, KiB after)."""
    bodies = [picture(number).encode() for number in range(count)]
    before = settled(guichet)
    # The most that was resident counts from here.
    pathlib.Path(f"/proc/{guichet.pid}/clear_refs").write_text("5", encoding="ascii")
    upstream.set_latency(HOLD_MS)
    statuses = []

    def send(body):
        statuses.append(guichet.post(PATH, body)[0])

    threads = [threading.Thread(target=send, args=(body,)) for body in bodies]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - begin
    upstream.set_latency(0)
    if statuses != [200] * count:
        raise SystemExit(f"{count - statuses.count(200)} of {count} were not answered with 200: {set(statuses)}")
    if took > 2 * HOLD_MS / 1000:
        raise SystemExit(f"they took {took:.1f} s: not all were held at once")
    return sum(map(len, bodies)), before, guichet.resident_kib("VmHWM"), settled(guichet)


def stream_request(guichet, number):
    body = json.dumps({"model": "held", "stream": True, "messages": [{"role": "user", "content": f"Hello, {number}."}]})
    lines = [f"POST {PATH} HTTP/1.1", f"Host: 127.0.0.1:{guichet.port}", "Content-Type: application/json",
             f"Content-Length: {len(body)}", *(f"{name}: {value}" for name, value in guichet.headers().items())]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def opened(guichet, number):
    """A connection whose stream has begun."""
    connection = socket.create_connection(("127.0.0.1", guichet.port), timeout=PATIENCE_S)
    connection.sendall(stream_request(guichet, number))
    received = b""
    while b'"content":" word"' not in received:
        piece = connection.recv(65536)
        received += piece
        if not piece or not received.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"stream {number} did not begin: {received[:500]!r}")
    return connection


def streams(guichet, count):
    """(KiB before, KiB with all of them open, KiB after)."""
    before = settled(guichet)
    connections = [opened(guichet, number) for number in range(count)]
    held = settled(guichet)
    for connection in connections:
        connection.close()
    return before, held, settled(guichet)


def mib(kib):
    return f"{kib / 1024:.1f}"


def main():
    chosen = options()
    tools, binary = binaries.tools(chosen.tools), binaries.guichet(chosen.guichet)
    # Each stream is a connection here, two in Guichet and one in the upstream; who is started here inherits the limit.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory(prefix="guichet-bench-") as folder:
        folder = pathlib.Path(folder)
        upstream = Upstream(tools["bench-upstream"], folder, "0,1")
        guichet = Guichet(binary, folder, "0,1", providers.overlay(upstream.url))
        try:
            upstream.start()
            guichet.start()
            status, _, body = guichet.post(PATH, picture(-1 % 2**32))
            if status != 200:
                raise SystemExit(f"expected 200, got {status}: {body[:500]!r}")
            # Streams first: what images leave behind would be used again by streams, and not be counted.
            stream_rows = streams(guichet, chosen.streams)
            total, *image_rows = images(guichet, upstream, chosen.images)
        finally:
            guichet.stop()
            upstream.stop()
    before, held, after = stream_rows
    print(tables.table(f"{chosen.streams} open streams", ["before, MiB", "open, MiB", "closed, MiB", "KiB per stream"],
                       [[mib(before), mib(held), mib(after), f"{(held - before) / chosen.streams:.1f}"]]))
    before, most, after = image_rows
    ratio = (most - before) * 1024 / total
    print(tables.table(
        f"{chosen.images} requests at once with an image of 1 MB",
        ["bodies, MiB", "before, MiB", "most, MiB", "after, MiB", "(most - before) ÷ bodies", "goal"],
        [[mib(total / 1024), mib(before), mib(most), mib(after), f"{ratio:.2f}",
          f"{GOAL}, {'reached' if ratio <= GOAL else '**missed**'}"]]))


if __name__ == "__main__":
    main()
