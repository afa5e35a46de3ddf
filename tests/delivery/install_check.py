"""Install the wheel with each Python at hand, as a stranger would, and compare the sound of a demo with the checkout's.

    python -m tests.delivery.install_check [PYTHON …]

Each Python gets a fresh virtual environment, an empty home, no compiler on its PATH, and wheels only. The time is that
of the first render after the installation, when nothing is compiled yet.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.delivery.wheel import build_wheel, demo_digest

VERSIONS = ("3.11", "3.12", "3.13")
EXTRAS = "all"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("pythons", nargs="*", help="paths of Pythons; default: 3.11 to 3.13, where they are installed")
    pythons = parser.parse_args().pythons or [found for version in VERSIONS if (found := find_python(version))]
    failed = False
    with tempfile.TemporaryDirectory(prefix="nodegraph-install-") as name:
        folder = Path(name)
        (folder / "dist").mkdir()
        (wheel,) = build_wheel(folder / "dist")
        print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB", flush=True)
        (folder / "checkout").mkdir()
        expected = demo_digest([sys.executable, "-P", "-m", "nodegraph"], folder / "checkout", dict(os.environ))
        for python in pythons:
            line, ok = check(python, wheel, folder, expected)
            print(line, flush=True)
            failed |= not ok
    return int(failed or not pythons)


def find_python(version: str) -> str:
    """Return the path of a Python of a version that starts, or ""."""
    candidates = [f"python{version}", *map(str, sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python")))]
    for candidate in candidates:
        found = shutil.which(candidate)
        if found and not subprocess.run([found, "-c", "import venv, ensurepip"], capture_output=True).returncode:
            return found
    return ""


def check(python: str, wheel: Path, folder: Path, expected: str) -> tuple[str, bool]:
    """Install the wheel with a Python and render a demo; return a line about it, and whether all was right."""
    home = Path(tempfile.mkdtemp(dir=folder))
    subprocess.run([python, "-m", "venv", home / "venv"], check=True, capture_output=True)
    tools = home / "venv" / "bin"
    env = {"HOME": str(home), "PATH": str(tools), "LANG": "C.UTF-8", **_index()}
    started = time.monotonic()
    pip = [tools / "pip", "-qq", "--disable-pip-version-check", "install", "--only-binary", ":all:"]
    done = subprocess.run([*pip, f"{wheel}[{EXTRAS}]"], env=env, cwd=home, capture_output=True, text=True)
    if done.returncode:
        return f"{python}: not installed. {done.stderr.strip().splitlines()[-1]}", False
    installed = time.monotonic()
    try:
        digest = demo_digest([str(tools / "nodegraph")], home, env)
    except RuntimeError as error:
        return f"{python}: {error}", False
    rendered = time.monotonic()
    size = sum(file.stat().st_size for file in (home / "venv").rglob("*") if file.is_file())
    same = "the same samples as the checkout" if digest == expected else "OTHER SAMPLES than the checkout"
    times = f"installed in {installed - started:.0f} s ({size / 1e6:.0f} MB), demo in {rendered - installed:.1f} s"
    return f"{python}: {times}, {same}", digest == expected


def _index() -> dict[str, str]:
    """Return the settings of pip that say where packages come from; an empty home would lose them."""
    found = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "REQUESTS_"))}
    config = Path.home() / ".config" / "pip" / "pip.conf"
    config = config if config.is_file() else Path.home() / ".pip" / "pip.conf"
    return {"PIP_CONFIG_FILE": str(config), **found} if config.is_file() else found


if __name__ == "__main__":
    sys.exit(main())
