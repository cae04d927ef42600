"""The server in front of simulated providers of models, all of which have a credential.

As a program, for tests that are not in Python, it says in a line of JSON where they are, and ends when nobody listens
any more:

    stage_of_models.py [--quotas]
"""

import json
import os
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from stage import PATIENCE, SECRET, server  # noqa: E402

CATALOGUE = HERE.parents[2] / "catalogue" / "ai"
# Small, so that a test can exceed it.
CONFIGURATION = """
[limits]
max_model_body = "1MiB"
"""


class Simulator:
    """The simulator's own paths."""

    def __init__(self, base):
        self.base = base

    def put_under(self, provider, fault, times=None):
        """From now on, or for the next requests, the provider fails so."""
        wish = {"fault": fault} if times is None else {"fault": fault, "times": times}
        self._ask("PUT", f"faults/{provider}", wish)

    def pace(self, provider, **milliseconds):
        """How fast the provider's answers come: `first_ms`, `between_ms`."""
        self._ask("PUT", f"pacing/{provider}", milliseconds)

    def counts(self, provider):
        """What the provider counted."""
        return self._ask("GET", "counts").get(provider, {})

    def _ask(self, method, command, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.base}/_sim/{command}", data=data, method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.loads(answer.read() or b"null")


@contextmanager
def stage_of_models(quotas=False):
    """Gives the stage of the binary that GUICHET_BINARY names."""
    options = {"simulate": ()} if quotas else {"simulate": ("--no-quotas",), "overlaid": without_quotas}
    binary = os.environ["GUICHET_BINARY"]
    with server(binary, credentials=credentials(), configuration=CONFIGURATION, **options) as stage:
        yield stage


def limited_key(stage, *limits):
    """A key that may ask no more than that."""
    options = [word for limit in limits for word in ("--limit", limit)]
    command = [os.environ["GUICHET_BINARY"], "key", "create", "--json", "--data-dir", stage.data, *options]
    # GUICHET_BINARY would count as a setting.
    environment = {"PATH": os.environ["PATH"]}
    made = subprocess.run(command, env=environment, capture_output=True, check=True, timeout=PATIENCE)
    key = json.loads(made.stdout)["key"]
    until_known(stage, key)
    return key


def until_known(stage, key):
    """The server learns of keys that others make in less than a second."""
    request = urllib.request.Request(stage.base + "/v1/models", headers={"Authorization": f"Bearer {key}"})
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE):
                return
        except urllib.error.HTTPError as refusal:
            if refusal.code != 401 or time.monotonic() > until:
                raise
        time.sleep(0.1)


def credentials():
    """One for each provider that asks for one."""
    names = {}
    for file in CATALOGUE.glob("*.toml"):
        auth = tomllib.loads(file.read_text(encoding="utf-8")).get("auth", {})
        if not auth.get("optional"):
            names |= {auth["env"][0]: SECRET} if "env" in auth else {}
            names |= {auth["account"]: "0123456789abcdef"} if "account" in auth else {}
    return names


def without_quotas(overlay):
    """Tests come faster than free tiers allow."""
    for file in (overlay / "ai").glob("*.toml"):
        file.write_text(file.read_text(encoding="utf-8") + "quota = []\n", encoding="utf-8")


if __name__ == "__main__":
    with stage_of_models(quotas="--quotas" in sys.argv) as found:
        print(json.dumps(found._asdict()), flush=True)
        sys.stdin.read()
