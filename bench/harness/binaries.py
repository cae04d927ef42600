"""Release builds, and where cargo put them."""

import json
import pathlib
import subprocess

BENCH = pathlib.Path(__file__).resolve().parent.parent
REPOSITORY = BENCH.parent
TOOLS = ("bench-upstream", "bench-bare", "bench-load")


def build(folder, *selection):
    """Builds in release mode and returns the path of each binary by its name."""
    command = ["cargo", "build", "--release", "--locked", "--message-format=json-render-diagnostics", *selection]
    output = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=True).stdout
    messages = (json.loads(line) for line in output.splitlines())
    return {message["target"]["name"]: pathlib.Path(message["executable"])
            for message in messages
            if message["reason"] == "compiler-artifact" and message["executable"]}


def tools(folder=None):
    """The three binaries of this folder: from `folder` when given, else built."""
    if folder is None:
        return build(BENCH)
    found = {name: pathlib.Path(folder) / name for name in TOOLS}
    missing = [str(path) for path in found.values() if not path.exists()]
    if missing:
        raise SystemExit(f"not found: {', '.join(missing)}")
    return found


def guichet(path=None):
    """Guichet's binary: `path` when given, else built."""
    if path is None:
        return build(REPOSITORY, "--package", "guichet")["guichet"]
    path = pathlib.Path(path).resolve()
    if not path.exists():
        raise SystemExit(f"not found: {path}")
    return path
