"""The wheel: building it, and rendering a demo from an installation of it."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import soundfile

ROOT = Path(__file__).parents[2]
DEMO = "pluck"
SECONDS = "4"


def build_wheel(folder: Path, *kinds: str) -> list[Path]:
    """Build the wheel, or the kinds of distribution that are given, in a folder; return the files."""
    options = [option for kind in kinds or ("wheel",) for option in ("-t", kind)]
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder), *options]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return sorted(folder.iterdir())


def demo_digest(command: list[str], folder: Path, env: dict[str, str]) -> str:
    """Render the demo by the command line ``command`` in a folder, and return the SHA-256 of its samples."""
    env = env | {"CI": "true"}  # `demo` renders to a file instead of playing
    done = subprocess.run([*command, "demo", DEMO, "-s", SECONDS], cwd=folder, env=env, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} demo {DEMO}: {done.stderr.strip()}")
    samples, rate = soundfile.read(folder / f"{DEMO}.wav", dtype="float32")
    return hashlib.sha256(samples.tobytes() + str(rate).encode()).hexdigest()
