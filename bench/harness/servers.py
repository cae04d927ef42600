"""The servers under test: how each is started, asked and stopped. Only what was started here is stopped."""

import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

from harness import providers

ANSWERS = pathlib.Path(__file__).resolve().parent.parent / "answers"
FORECAST = "/v1/forecast"
KEY = re.compile(r"\bgch_[0-9A-Za-z]+_[0-9A-Za-z_-]+")
START_LIMIT_S = 30
PATIENCE_S = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One process on one core, with its output in a file of the run's folder."""

    name = "server"
    cold_paths = ()

    def __init__(self, binary, folder, core):
        self.binary, self.core, self.port = binary, core, free_port()
        self.log = folder / f"{self.name}.log"
        self.process = None

    def command(self):
        raise NotImplementedError

    def headers(self):
        return {}

    @property
    def pid(self):
        return self.process.pid

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def spawn(self):
        """Starts the process and returns at once; `taskset` becomes the server, so its id is the server's."""
        # Settings of whoever runs the benchmark must not change what is measured.
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("GUICHET_") and not name.endswith(("_API_KEY", "_BASE_URL"))}
        environment[providers.VARIABLE] = providers.SECRET
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["taskset", "-c", str(self.core), str(self.binary), *self.command()],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
                cwd=self.log.parent, env={**environment, "NO_COLOR": "1"})

    def start(self):
        """Starts the process and waits until it answers."""
        self.spawn()
        self.wait_for(self.ready_path)

    def wait_for(self, path):
        """Asks again and again until the answer is 200; returns the moment it came."""
        limit = time.monotonic() + START_LIMIT_S
        while time.monotonic() < limit:
            if self.process.poll() is not None:
                raise self.failure(f"ended with {self.process.returncode}")
            if self.ask(path)[0] == 200:
                return time.monotonic()
            time.sleep(0.001)
        raise self.failure(f"gave no good answer to {path} in {START_LIMIT_S} s")

    def failure(self, what):
        """An end of the run that shows what the server said last."""
        last = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:]
        return SystemExit("\n".join([f"{self.name} {what}; its last words:", *last]))

    def ask(self, path, method="GET"):
        """(status, body); (None, b"") when nobody answers."""
        status, _, body = self.exchange(method, path)
        return status, body

    def post(self, path, body):
        """(status, headers, body) of a POST with JSON; headers by their names in small letters."""
        return self.exchange("POST", path, body)

    def exchange(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        headers = self.headers() | ({"Content-Type": "application/json"} if body else {})
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        except OSError:
            return None, {}, b""
        finally:
            connection.close()

    def resident_kib(self, line="VmRSS"):
        """Resident memory; with `VmHWM`, the most it has been."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        return int(re.search(rf"^{line}:\s+(\d+) kB$", status, re.MULTILINE)[1])

    def stop(self):
        if self.process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self.process.poll() is None:
                self.process.send_signal(number)
                try:
                    self.process.wait(10)
                except subprocess.TimeoutExpired:
                    continue
        self.process = None


class Upstream(Server):
    """Plays Open-Meteo, with an observation of this very moment, and providers of models."""

    name = "upstream"
    ready_path = "/_upstream"

    def __init__(self, binary, folder, core):
        super().__init__(binary, folder, core)
        self.body = folder / "open-meteo-current.json"
        answer = json.loads((ANSWERS / "open-meteo-current.json").read_text(encoding="utf-8"))
        interval = answer["current"]["interval"]
        answer["current"]["time"] = int(time.time()) // interval * interval
        # The provider sends its JSON without blanks.
        self.body.write_text(json.dumps(answer, separators=(",", ":"), ensure_ascii=False), encoding="utf-8")

    def command(self):
        return ["--listen", f"127.0.0.1:{self.port}", "--body", f"{FORECAST}={self.body}"]

    def answered(self):
        return json.loads(self.ask("/_upstream")[1])["answered"]

    def set_latency(self, milliseconds):
        if self.ask(f"/_upstream?latency_ms={milliseconds}", "POST")[0] != 200:
            raise SystemExit("the upstream refused its latency")


class Bare(Server):
    """The proxy that only forwards."""

    name = "bare"
    ready_path = FORECAST
    cold_paths = (FORECAST,)

    def __init__(self, binary, folder, core, upstream):
        super().__init__(binary, folder, core)
        self.upstream = upstream

    def command(self):
        return ["--listen", f"127.0.0.1:{self.port}", "--upstream", f"127.0.0.1:{self.upstream.port}"]


class Guichet(Server):
    """Guichet as a user starts it, with a catalogue folder of its own: `overlay`, contents by path."""

    name = "guichet"
    ready_path = "/health/live"
    cold_paths = ("/health/live", "/api/tools/uuid")

    def __init__(self, binary, folder, core, overlay):
        super().__init__(binary, folder, core)
        self.folder, self.key = folder, None
        self.config = folder / "guichet.toml"
        self.config.write_text(
            f'listen = "127.0.0.1:{self.port}"\n'
            f'data_dir = "{folder / "data"}"\n'
            f'catalogue_dir = "{folder / "catalogue"}"\n', encoding="utf-8")
        for path, text in overlay.items():
            file = folder / "catalogue" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")

    def command(self):
        # Without arguments the file is looked for in the working directory, which is the run's folder.
        return ["serve"]

    def headers(self):
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}

    def start(self):
        super().start()
        if self.key is None:
            self.key = self.printed_key()

    def printed_key(self):
        """The first project's key, which the first start on an empty folder prints once."""
        limit = time.monotonic() + START_LIMIT_S
        while time.monotonic() < limit:
            found = KEY.search(self.log.read_text(encoding="utf-8", errors="replace"))
            if found:
                return found[0]
            time.sleep(0.05)
        raise self.failure("printed no key")
