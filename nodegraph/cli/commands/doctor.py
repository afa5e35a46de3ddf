"""``nodegraph doctor``: check the installation."""

from __future__ import annotations

import os
import platform
import shlex
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec

from nodegraph.files.demos import demo_folder
from nodegraph.installation import install_command, portaudio_command
from nodegraph.processes.python_child import python_command

from ..errors import CommandError
from ..options import Json
from ..output import columns, print_json, print_line
from ..silence_stderr import silence_native_stderr

PIP = shlex.join(python_command("-m", "pip"))
# the torch package on PyPI includes gigabytes of GPU libraries
TORCH = ("torch", "--index-url", "https://download.pytorch.org/whl/cpu")


@dataclass
class Check:
    """The result of one check. ``required``: nodegraph does not work without it; ``fix``: the command that fixes it."""

    name: str
    ok: bool
    detail: str
    fix: str = ""
    required: bool = False


def doctor(json: Json = False) -> int:
    """Check the installation, and print commands that fix it."""
    findings = list(run_checks())
    if json:
        print_json([asdict(finding) for finding in findings])
    else:
        columns([(_status_symbol(finding), finding.name, finding.detail) for finding in findings])
        fixes = [(finding.fix, f"# {finding.name}") for finding in findings if finding.fix and not finding.ok]
        if fixes:
            print_line("\nto fix")
            columns(fixes, "  ")
    return 1 if any(finding.required and not finding.ok for finding in findings) else 0


def run_checks() -> Iterator[Check]:
    """Run all checks, the required ones first."""
    from nodegraph.version import __version__

    yield Check(
        "nodegraph",
        True,
        f"{__version__}, Python {platform.python_version()}, {platform.machine()}",
        required=True,
    )
    for name in ("numpy", "numba", "llvmlite", "networkx", "msgspec", "soundfile", "soxr", "mido", "safetensors"):
        yield _package(name, name, "", required=True)
    yield from _blocks()
    yield _cache()
    yield _kernels()
    yield _demos()
    yield _package("sounddevice", "sounddevice", "live playback", packages=("sounddevice", "cffi"))
    yield from _sound()
    yield _midi_driver()
    yield from _midi()
    yield _package("python-osc", "pythonosc", "OSC")
    yield _package("dearpygui", "dearpygui", "the editor", packages=("dearpygui>=2.3.1",))
    yield _display()
    yield _package("torch", "torch", "training and neural blocks", packages=TORCH)
    yield _package("librosa", "librosa", "training and comparing")
    yield _package("scikit-learn", "sklearn", "reproducing tables of papers")
    yield _package("distributed", "distributed", "data sets on a cluster")


def _status_symbol(finding: Check) -> str:
    return "ok" if finding.ok else "MISSING" if finding.required else "no"


def _package(name: str, module: str, purpose: str, packages: tuple[str, ...] = (), required: bool = False) -> Check:
    from importlib.metadata import PackageNotFoundError, version

    if find_spec(module) is None:
        detail = f"not installed{f'; required for {purpose}' if purpose else ''}"
        return Check(name, False, detail, install_command(*(packages or (name,)), pip=PIP), required)
    try:
        return Check(name, True, version(name), required=required)
    except PackageNotFoundError:
        return Check(name, True, "installed", required=required)


def _blocks() -> Iterator[Check]:
    from nodegraph.blocks.registry import is_user_family, load_failures, node_types, user_folder

    types = node_types()
    own = sum(is_user_family(cls.family) for cls in types.values())
    yield Check("blocks", bool(types), f"{len(types)}, including {own} user blocks from {user_folder()}", required=True)
    for source, reason in load_failures().items():
        fix = f"{shlex.quote(os.environ.get('EDITOR', 'edit'))} {shlex.quote(source)}"
        yield Check(f"blocks in {source}", False, f"not loaded: {reason}", fix, required=True)


def _cache() -> Check:
    from nodegraph.files.signed_cache import signing_problem
    from nodegraph.native.build import cache_folder

    folder = cache_folder()
    if problem := signing_problem(folder):
        detail = f"{problem}: kernels are compiled at every start"
        fix = "NODEGRAPH_CACHE" if str(folder) in problem else "XDG_DATA_HOME"
        return Check("cache", False, detail, f"export {fix}=/some/folder")
    return Check("cache", True, str(folder))


def _kernels() -> Check:
    from .warmup import all_kernels

    kernels = all_kernels()
    ready = sum(kernel.cached for _, _, kernel in kernels)
    detail = f"{ready} of {len(kernels)} compiled"
    detail += "" if ready == len(kernels) else "; the others are compiled when they are first used"
    return Check("kernels", ready == len(kernels), detail, "nodegraph warmup")


def _demos() -> Check:
    try:
        return Check("demo patches", True, str(demo_folder()))
    except CommandError as error:
        return Check("demo patches", False, str(error))


def _sound() -> Iterator[Check]:
    if find_spec("sounddevice") is None:
        return
    try:
        with silence_native_stderr():
            import sounddevice

            outputs = [d["name"] for d in sounddevice.query_devices() if d["max_output_channels"]]
            portaudio_version = sounddevice.get_portaudio_version()[1]
    except OSError as error:
        reason = str(error).splitlines()[0]
        yield Check("PortAudio", False, f"not found ({reason})", portaudio_command())
        return
    except Exception as error:  # the class of PortAudio errors is unknown before the import
        yield Check("PortAudio", False, f"not starting ({error})")
        return
    yield Check("PortAudio", True, portaudio_version)
    names = ", ".join(outputs)
    yield Check("sound device", bool(outputs), names or "none found; `render` and `run --null` work without one")


def _midi_driver() -> Check:
    names = {"python-rtmidi": "rtmidi", "rtmidi2": "rtmidi2"}
    name = next((name for name, module in names.items() if find_spec(module)), None)
    if name is None:
        name = "rtmidi2" if sys.version_info >= (3, 13) else "python-rtmidi"
    return _package(name, names[name], "MIDI devices")


def _midi() -> Iterator[Check]:
    from nodegraph.midi import ports
    from nodegraph.midi.drivers import midi_driver

    if midi_driver() is None:
        return
    try:
        with silence_native_stderr():
            names = ", ".join(port.name for port in ports.inputs())
    except ports.MidiError as error:
        yield Check("MIDI ports", False, str(error).rstrip("."))
        return
    yield Check("MIDI ports", True, names or "none found")


def _display() -> Check:
    if sys.platform != "linux":
        return Check("display", True, platform.system())
    display = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY")
    return Check("display", bool(display), display or "none found; required for the editor")
