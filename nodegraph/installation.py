"""How this program is installed, and so the command that adds packages to it."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from pathlib import Path

from .version import __version__

# the commands that install PortAudio, by the package manager; other systems than Linux get it with sounddevice
PORTAUDIO = {
    "apt-get": "sudo apt-get install libportaudio2",
    "dnf": "sudo dnf install portaudio",
    "pacman": "sudo pacman -S portaudio",
    "zypper": "sudo zypper install libportaudio2",
    "brew": "brew install portaudio",
}


def portaudio_command() -> str:
    """Return the command that installs PortAudio on this system."""
    return next((command for program, command in PORTAUDIO.items() if shutil.which(program)), PORTAUDIO["apt-get"])


def install_command(*packages: str, pip: str = "pip") -> str:
    """Return the command that adds packages to this installation, with pip, pipx or uv; ``pip`` starts pip.

    An application folder cannot be extended: the command installs a wheel with everything.
    """
    if getattr(sys, "frozen", False):
        return f"uv tool install 'nodegraph-{__version__}-py3-none-any.whl[all,learn]'"
    quoted = shlex.join(packages)
    if Path(sys.prefix, "pipx_metadata.json").is_file():
        return f"pipx runpip nodegraph install {quoted}"
    if _is_made_by_uv():  # without pip
        return f"uv pip install --python {shlex.quote(sys.prefix)} {quoted}"
    return f"{pip} install {quoted}"


def _is_made_by_uv() -> bool:
    try:
        return bool(re.search(r"^uv\s*=", Path(sys.prefix, "pyvenv.cfg").read_text(encoding="utf-8"), re.MULTILINE))
    except OSError:  # not a virtual environment
        return False
