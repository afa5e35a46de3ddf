"""Install the wheel as a stranger would, with each Python and installer, and compare the sound of a demo.

    python -m tests.delivery.install_check [--ways pip,uv,uvx,pipx,sdist] [PYTHON …]

Each installation gets an empty home, no compiler on its PATH, and wheels only. The time is that of the first render
after the installation, when nothing is compiled yet. uv and pipx are installed for the check.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.delivery.wheel import ROOT, build_wheel, demo_digest

VERSIONS = ("3.11", "3.12", "3.13")
EXTRAS = "all"
TOOLS = ("uv", "pipx", "twine")
COMMANDS = ("realpath", "dirname")  # of the system, all that the scripts of uvx need


@dataclass(frozen=True)
class Way:
    """A way to install: its commands, and the command line of the program."""

    commands: list[list[str]]
    program: list[str]


def ways(python: str, tools: Path, wheel: Path, sdist: Path, home: Path) -> dict[str, Way]:
    """Return the ways to install the wheel, or the source distribution, into an empty home."""
    named = f"{wheel}[{EXTRAS}]"
    bin = home / "venv" / "bin"
    make = [python, "-m", "venv", str(home / "venv")]
    pip = [str(bin / "pip"), "-qq", "--disable-pip-version-check", "install"]
    linked = [str(home / ".local" / "bin" / "nodegraph")]
    return {
        "pip": Way([make, [*pip, "--only-binary", ":all:", named]], [str(bin / "nodegraph")]),
        "uv": Way([[str(tools / "uv"), "-q", "tool", "install", "--python", python, named]], linked),
        "uvx": Way([], [str(tools / "uvx"), "-q", "--python", python, "--from", named, "nodegraph"]),
        "pipx": Way([[str(tools / "pipx"), "install", "-q", "--python", python, named]], linked),
        "sdist": Way([make, [*pip, str(sdist)]], [str(bin / "nodegraph")]),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("pythons", nargs="*", help="paths of Pythons; default: 3.11 to 3.13, where they are installed")
    parser.add_argument("--ways", default="pip,uv,uvx,pipx,sdist", help="ways to install, with commas")
    given = parser.parse_args()
    pythons = given.pythons or [found for version in VERSIONS if (found := find_python(version))]
    failed = False
    with tempfile.TemporaryDirectory(prefix="nodegraph-install-") as name:
        folder = Path(name)
        (folder / "dist").mkdir()
        sdist, wheel = sorted(build_wheel(folder / "dist", "wheel", "sdist"), key=lambda path: path.suffix)
        for path in (wheel, sdist):
            print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB", flush=True)
        tools = install_tools(folder / "tools")
        subprocess.run([tools / "twine", "check", "--strict", wheel, sdist], check=True)
        (folder / "checkout").mkdir()
        expected = demo_digest([sys.executable, "-P", "-m", "nodegraph"], folder / "checkout", dict(os.environ))
        for python in pythons:
            for way in given.ways.split(","):
                home = Path(tempfile.mkdtemp(dir=folder))
                line, ok = check(ways(python, tools, wheel, sdist, home)[way], home, expected)
                print(f"{python}, {way}: {line}", flush=True)
                failed |= not ok
                shutil.rmtree(home)
    return int(failed or not pythons)


def find_python(version: str) -> str:
    """Return the path of a Python of a version that starts, or ""; its own, since shims need a PATH."""
    candidates = [f"python{version}", *map(str, sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python")))]
    for candidate in candidates:
        if found := shutil.which(candidate):
            command = [
                found,
                "-c",
                "import ensurepip, sys, venv; print(sys.executable)",
            ]
            started = subprocess.run(command, capture_output=True, text=True)
            if not started.returncode:
                return started.stdout.strip()
    return ""


def install_tools(folder: Path) -> Path:
    """Install uv, pipx and twine into an environment of their own; return the folder of their programs."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [folder / "bin" / "pip", "-qq", "--disable-pip-version-check", "install"]
    subprocess.run([*pip, *TOOLS], check=True, cwd=ROOT)
    return folder / "bin"


def check(way: Way, home: Path, expected: str) -> tuple[str, bool]:
    """Install the wheel and render a demo; return a line about it, and whether all was right."""
    commands = home / "commands"
    commands.mkdir()
    for name in COMMANDS:
        (commands / name).symlink_to(shutil.which(name) or name)
    env = {"HOME": str(home), "PATH": str(commands), "LANG": "C.UTF-8", **_index()}
    started = time.monotonic()
    for command in way.commands:
        done = subprocess.run(command, env=env, cwd=home, capture_output=True, text=True)
        if done.returncode:
            return f"not installed. {(done.stderr.strip() or done.stdout.strip()).splitlines()[-1]}", False
    installed = time.monotonic()
    try:
        digest = demo_digest(way.program, home, env)
    except RuntimeError as error:
        return str(error), False
    rendered = time.monotonic()
    found = [file.stat() for file in home.rglob("*") if file.is_file() and not file.is_symlink()]
    size = sum({stat.st_ino: stat.st_size for stat in found}.values())  # uv links from its cache
    same = "the same samples as the checkout" if digest == expected else "OTHER SAMPLES than the checkout"
    times = f"installed in {installed - started:.0f} s ({size / 1e6:.0f} MB), demo in {rendered - installed:.1f} s"
    return f"{times}, {same}", digest == expected


def _index() -> dict[str, str]:
    """Return the settings of pip and uv that say where packages come from; an empty home would lose them."""
    kept = ("PIP_", "UV_", "SSL_", "REQUESTS_")
    found = {name: value for name, value in os.environ.items() if name.startswith(kept)}
    config = Path.home() / ".config" / "pip" / "pip.conf"
    config = config if config.is_file() else Path.home() / ".pip" / "pip.conf"
    return {"PIP_CONFIG_FILE": str(config), **found} if config.is_file() else found


if __name__ == "__main__":
    sys.exit(main())
