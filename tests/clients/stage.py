"""The server in front of its own simulator, each a process, in a folder that vanishes."""

import os
import re
import subprocess
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 60  # seconds; a debug build on a busy machine needs a few
CONFIGURATION = """
listen = "127.0.0.1:0"

[operator]
contact = "clients@example.com"
"""
# With these every provider that needs a key takes part. It is made up; the simulator takes any.
CREDENTIALS = {
    name: "9f3c1b7ae5d04862b1c7"
    for name in ["OPENAQ_API_KEY", "OPENCAGE_API_KEY", "OPENWEATHER_API_KEY", "WAQI_TOKEN", "WEATHERAPI_KEY"]
}


@contextmanager
def server(binary):
    """Gives the base URL and the first key."""
    with tempfile.TemporaryDirectory(prefix="guichet-clients-") as name:
        folder = Path(name)
        (folder / "guichet.toml").write_text(CONFIGURATION, encoding="utf-8")
        simulate = ["sim", "--no-quotas", "--overlay", "overlay", "--listen", "127.0.0.1:0"]
        with process(binary, folder, "sim", simulate) as simulator:
            simulator(r"Talk to it")
            with process(binary, folder, "serve", ["serve", "--catalogue-dir", "overlay"]) as said:
                base = "http://" + said(r"ready address=(\S+)")
                key = said(r"\b(gch_\w+)")
                with urllib.request.urlopen(base + "/health/ready", timeout=PATIENCE):
                    yield base, key


@contextmanager
def process(binary, folder, name, arguments):
    """Runs one command; gives a function that waits until it says something that fits a pattern."""
    log = folder / f"{name}.log"
    # Nothing of the caller's own environment: a GUICHET_LISTEN there would count.
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "NO_COLOR": "1", **CREDENTIALS}
    with log.open("wb") as out:
        running = subprocess.Popen([binary, *arguments], cwd=folder, env=environment, stdout=out, stderr=out)

    def said(pattern):
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and running.poll() is None:
            if found := re.search(pattern, log.read_text(encoding="utf-8", errors="replace")):
                return found[found.re.groups]
            time.sleep(0.05)
        raise RuntimeError(f"`guichet {name}` did not say {pattern}:\n{log.read_text(encoding='utf-8')}")

    try:
        yield said
    finally:
        running.terminate()
        running.wait(PATIENCE)
