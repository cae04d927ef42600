"""The server in front of its own simulator, each a process, in a folder that vanishes."""

import os
import re
import subprocess
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

PATIENCE = 60  # seconds; a debug build on a busy machine needs a few
CONFIGURATION = """
listen = "127.0.0.1:0"

[operator]
contact = "clients@example.com"
"""
# Made up; the simulator takes any.
SECRET = "9f3c1b7ae5d04862b1c7"
# With these every provider of data that needs a key takes part.
CREDENTIALS = {
    name: SECRET
    for name in ["OPENAQ_API_KEY", "OPENCAGE_API_KEY", "OPENWEATHER_API_KEY", "WAQI_TOKEN", "WEATHERAPI_KEY"]
}


class Stage(NamedTuple):
    """Base URL and first key of the server, base URL of its simulator, the server's data folder."""

    base: str
    key: str
    simulator: str
    data: str


@contextmanager
def server(binary, credentials=CREDENTIALS, configuration="", simulate=("--no-quotas",), overlaid=None):
    """Gives the stage. `overlaid` may change the overlay's folder before the server reads it."""
    with tempfile.TemporaryDirectory(prefix="guichet-clients-") as name:
        folder = Path(name)
        (folder / "guichet.toml").write_text(CONFIGURATION + configuration, encoding="utf-8")
        simulate = ["sim", *simulate, "--overlay", "overlay", "--listen", "127.0.0.1:0"]
        with process(binary, folder, "sim", simulate, credentials) as simulator:
            address = simulator(r"listening on (\S+)")
            simulator(r"Talk to it")
            if overlaid:
                overlaid(folder / "overlay")
            with process(binary, folder, "serve", ["serve", "--catalogue-dir", "overlay"], credentials) as said:
                base = "http://" + said(r"ready address=(\S+)")
                key = said(r"\b(gch_\w+)")
                with urllib.request.urlopen(base + "/health/ready", timeout=PATIENCE):
                    yield Stage(base, key, address, str(folder / "guichet-data"))


@contextmanager
def process(binary, folder, name, arguments, credentials):
    """Runs one command; gives a function that waits until it says something that fits a pattern."""
    log = folder / f"{name}.log"
    # Nothing of the caller's own environment: a GUICHET_LISTEN there would count.
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "NO_COLOR": "1", **credentials}
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
