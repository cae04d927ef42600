"""Where the packages of the clients are: they come from PyPI and npm once, into $XDG_CACHE_HOME/guichet, usually
~/.cache/guichet. Other requirements have another folder.

What cannot be installed is an error: a client that is missing is not a client that is content.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path


def python_with(requirements):
    """The Python that has the packages of this file."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    folder = _folder("clients-venv", version.encode() + requirements.read_bytes())
    python, complete = folder / "bin" / "python", folder / "complete"
    if not complete.exists():
        venv.create(folder, with_pip=True, clear=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", requirements]
        subprocess.run([python, *install], check=True)
        complete.touch()
    return python


def node_modules_of(package):
    """The folder that has `node_modules` as the lock beside this `package.json` has them."""
    lock = package.with_name("package-lock.json")
    folder = _folder("clients-node", package.read_bytes() + lock.read_bytes())
    complete = folder / "complete"
    if not complete.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for file in (package, lock):
            shutil.copy(file, folder)
        install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(install, cwd=folder, check=True)
        complete.touch()
    return folder


def _folder(kind, contents):
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "guichet" / f"{kind}-{hashlib.sha256(contents).hexdigest()[:12]}"
