"""The native MIDI driver: python-rtmidi, or rtmidi2 behind the same interface.

Both wrap the C++ library RtMidi. python-rtmidi has no wheels for Python 3.13 and later. rtmidi2 has; its Linux wheels
contain a client of JACK 1, which ends the process beside a server of JACK 2, so ALSA alone is used there.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

SYSTEM_OF = {"linux": "API_LINUX_ALSA", "darwin": "API_MACOSX_CORE", "win32": "API_WINDOWS_MM"}


def midi_driver() -> Any:
    """Return python-rtmidi, else rtmidi2 with its interface, else None."""
    for name, wrap in (("rtmidi", None), ("rtmidi2", Rtmidi2)):
        try:
            module = import_module(name)
        except (ImportError, OSError):
            continue
        return wrap(module) if wrap else module
    return None


class Rtmidi2:
    """The part of python-rtmidi's interface that :mod:`nodegraph.midi.ports` uses, on rtmidi2."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)  # API_LINUX_ALSA and others

    def get_compiled_api(self) -> list[int]:
        """Return the MIDI systems that can be used."""
        name = SYSTEM_OF.get(sys.platform)
        return [getattr(self._module, name)] if name else []

    def MidiIn(self, api: int, client: str, queue: int = 1024) -> _Input:
        """Return an input of a system. Raises RuntimeError if the system does not run."""
        return _Input(self._module.MidiIn(client, queue, api))

    def MidiOut(self, api: int, client: str) -> _Output:
        """Return an output of a system. Raises RuntimeError if the system does not run."""
        return _Output(self._module.MidiOut(client, api))


class _Ports:
    def __init__(self, midi: Any) -> None:
        self._midi = midi

    def get_ports(self) -> list[str]:
        """Return the names of the ports that can be opened."""
        return list(self._midi.ports)

    def open_port(self, port: int, name: str = "") -> None:
        """Open a port by its index; rtmidi2 does not let our own port be named."""
        self._midi.open_port(port)

    def open_virtual_port(self, name: str) -> None:
        """Open a port for other programs to connect to."""
        self._midi.open_virtual_port(name)

    def close_port(self) -> None:
        """Close the open port."""
        self._midi.close_port()

    def delete(self) -> None:
        """Leave the MIDI system, which rtmidi2 does with the last reference."""
        self._midi = None


class _Input(_Ports):
    def ignore_types(self, sysex: bool, timing: bool, active_sense: bool) -> None:
        """Set which messages are dropped."""
        self._midi.ignore_types(sysex, timing, active_sense)

    def get_message(self) -> tuple[list[int], float] | None:
        """Return the next message and the seconds since the one before, or None."""
        data = self._midi.get_message()
        return (list(data), float(self._midi.deltatime)) if data else None


class _Output(_Ports):
    def send_message(self, message: Any) -> None:
        """Send a complete message."""
        self._midi.send_raw(*message)
