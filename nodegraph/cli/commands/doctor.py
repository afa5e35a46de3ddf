"""``nodegraph doctor``: what is missing on this machine, and the command that mends it."""

from __future__ import annotations

import os
import platform
import shlex
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from nodegraph.files.demos import demo_folder

from ..errors import CommandError
from ..options import Json
from ..quiet import quiet_libraries
from ..text import columns, print_json, say

PIP = f"{shlex.quote(sys.executable)} -m pip install"
# PyPI's own torch brings gigabytes for GPUs along
TORCH = "torch --index-url https://download.pytorch.org/whl/cpu"


@dataclass
class Finding:
    """One thing looked at. ``needed``: nothing works without it; ``mend``: the command that mends it."""

    what: str
    fine: bool
    says: str
    mend: str = ""
    needed: bool = False


def doctor(json: Json = False) -> int:
    """Say what is missing here and the command that mends it."""
    findings = list(examine())
    if json:
        print_json([asdict(finding) for finding in findings])
    else:
        columns([(_mark(finding), finding.what, finding.says) for finding in findings])
        mends = [(finding.mend, f"# {finding.what}") for finding in findings if finding.mend and not finding.fine]
        if mends:
            say("\nto mend it")
            columns(mends, "  ")
    return 1 if any(finding.needed and not finding.fine for finding in findings) else 0


def examine() -> Iterator[Finding]:
    """Look at everything, the needed things first."""
    from nodegraph.version import __version__

    yield Finding(
        "nodegraph",
        True,
        f"{__version__}, Python {platform.python_version()}, {platform.machine()}",
        needed=True,
    )
    for name in ("numpy", "numba", "llvmlite", "networkx", "msgspec", "soundfile", "soxr", "mido", "safetensors"):
        yield _package(name, name, "", needed=True)
    yield from _blocks()
    yield _cache()
    yield _kernels()
    yield _demos()
    yield _package("sounddevice", "sounddevice", "playing live", extra="sounddevice cffi")
    yield from _sound()
    yield _package("python-rtmidi", "rtmidi", "MIDI devices")
    yield from _midi()
    yield _package("python-osc", "pythonosc", "OSC")
    yield _package("dearpygui", "dearpygui", "the editor", extra="'dearpygui>=2.3.1'")
    yield _display()
    yield _package("torch", "torch", "learning and neural blocks", extra=TORCH)
    yield _package("librosa", "librosa", "learning")


def _mark(finding: Finding) -> str:
    return "ok" if finding.fine else "MISSING" if finding.needed else "no"


def _package(name: str, module: str, purpose: str, extra: str = "", needed: bool = False) -> Finding:
    if find_spec(module) is None:
        says = f"not installed{f'; it is for {purpose}' if purpose else ''}"
        return Finding(name, False, says, f"{PIP} {extra or name}", needed)
    try:
        return Finding(name, True, version(name), needed=needed)
    except PackageNotFoundError:
        return Finding(name, True, "installed", needed=needed)


def _blocks() -> Iterator[Finding]:
    from nodegraph.blocks.registry import load_failures, node_types, user_folder

    types = node_types()
    own = sum(cls.__module__.startswith("nodegraph_user_") for cls in types.values())
    yield Finding("blocks", bool(types), f"{len(types)}, {own} of them your own from {user_folder()}", needed=True)
    for source, reason in load_failures().items():
        mend = f"{shlex.quote(os.environ.get('EDITOR', 'edit'))} {shlex.quote(source)}"
        yield Finding(f"blocks in {source}", False, f"could not be loaded: {reason}", mend, needed=True)


def _cache() -> Finding:
    from nodegraph.native.build import cache_folder

    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        says = f"{folder} cannot be written ({error.strerror}): kernels are compiled at every start"
        return Finding("cache", False, says, "export NODEGRAPH_CACHE=/some/folder")
    return Finding("cache", True, str(folder))


def _kernels() -> Finding:
    from .warmup import all_kernels

    kernels = all_kernels()
    ready = sum(kernel.cached for _, _, kernel in kernels)
    says = f"{ready} of {len(kernels)} compiled"
    says += "" if ready == len(kernels) else "; the others are when they are first used"
    return Finding("kernels", ready == len(kernels), says, "nodegraph warmup")


def _demos() -> Finding:
    try:
        return Finding("demo patches", True, str(demo_folder()))
    except CommandError as error:
        return Finding("demo patches", False, str(error))


def _sound() -> Iterator[Finding]:
    if find_spec("sounddevice") is None:
        return
    install = {"linux": "sudo apt-get install libportaudio2", "darwin": "brew install portaudio"}
    try:
        with quiet_libraries():
            import sounddevice

            outputs = [d["name"] for d in sounddevice.query_devices() if d["max_output_channels"]]
            about = sounddevice.get_portaudio_version()[1]
    except OSError as error:
        reason = str(error).splitlines()[0]
        yield Finding("PortAudio", False, f"not found ({reason})", install.get(sys.platform, ""))
        return
    except Exception as error:  # PortAudio's own, whose class we cannot name before it is imported
        yield Finding("PortAudio", False, f"does not start ({error})")
        return
    yield Finding("PortAudio", True, about)
    names = ", ".join(outputs)
    yield Finding("sound device", bool(outputs), names or "none: `render` works, and `run --null` plays to nobody")


def _midi() -> Iterator[Finding]:
    from nodegraph.midi import ports

    if find_spec("rtmidi") is None:
        return
    try:
        with quiet_libraries():
            names = ", ".join(port.name for port in ports.inputs())
    except ports.MidiError as error:
        yield Finding("MIDI ports", False, str(error).rstrip("."))
        return
    yield Finding("MIDI ports", True, names or "none is plugged in")


def _display() -> Finding:
    if sys.platform != "linux":
        return Finding("display", True, platform.system())
    shown = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY")
    return Finding("display", bool(shown), shown or "none: the editor needs one")
