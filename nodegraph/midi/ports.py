"""MIDI ports through RtMidi (ALSA, JACK, CoreMIDI, WinMM), reopened after a device was replugged.

One thread reads messages from queues that native code fills, so that drivers do not wait for Python. The ports of mido
are not used: they call Python from the driver's thread, drop its time stamps and do not reopen devices.
"""

from __future__ import annotations

import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from nodegraph.installation import install_command

from .drivers import midi_driver
from .messages import MessageStream

PROGRAM = "nodegraph"
CLIENT = f"{PROGRAM} {os.getpid()}"  # prefix of our port names
QUEUE = 1 << 16  # messages: three seconds of 20,000 per second
POLL = 0.001  # seconds between two reads of the queues
SCAN = 1.0  # seconds between two scans for devices
FLUSH = 0.02  # seconds between two end-of-sysex bytes, see _OpenInput
MAX_WAIT = 0.1  # maximum seconds that a message is assumed to wait in a queue
JACK_SETTLE = 0.1  # seconds for which the graph of JACK must not have changed before a port is closed, see _close
ALL = "all"

OnMessage = Callable[[str, bytes, float], None]
Report = Callable[[str], None]


class MidiError(Exception):
    """MIDI is unavailable; the message is one line for the user."""


@dataclass(frozen=True)
class Port:
    """A port of a device or another program: its name without the numbers that change, and its MIDI system.

    ``number`` distinguishes ports of the same name, from 0.
    """

    name: str
    system: str
    number: int


def inputs() -> list[Port]:
    """List the ports that send MIDI. Raises MidiError without a MIDI system."""
    return _listed("MidiIn")


def outputs() -> list[Port]:
    """List the ports that receive MIDI. Raises MidiError without a MIDI system."""
    return _listed("MidiOut")


def matches(name_filter: str, port: str) -> bool:
    """Return whether ``port`` contains ``name_filter``; ``all`` excludes ports of nodegraph and the ALSA loopback."""
    if name_filter == ALL:
        return not port.startswith((PROGRAM, "Midi Through"))
    return name_filter.casefold() in port.casefold()


class _Ports:
    """The ports that match ``name_filters``, kept open by a thread that scans for devices."""

    kind = "MidiIn"
    word = "MIDI input"

    def __init__(self, name_filters: Iterable[str], report: Report) -> None:
        self.name_filters = list(dict.fromkeys(name_filters))
        self._report = report
        self._open: dict[Port, Any] = {}
        self._lost: set[Port] = set()
        self._stopping = threading.Event()
        self._lock, self._scanning = threading.Lock(), threading.Lock()
        self._listers = _listers(self.kind)
        self._scanner = threading.Thread(target=self._keep_scanning, name="nodegraph-midi-scan", daemon=True)

    @property
    def names(self) -> list[str]:
        """Names of the open ports."""
        return [port.name for port in self._open]

    def start(self) -> None:
        """Open the matching ports, and start to scan for ports that appear later."""
        self.scan()
        for name_filters in self.name_filters:
            if name_filters != ALL and not any(matches(name_filters, name) for name in self.names):
                available = ", ".join(port.name for port in _ports(self._listers)) or "none"
                self._report(
                    f"no {self.word} matches '{name_filters}'; it will be opened when it is plugged in. Available: "
                    f"{available}."
                )
        self._scanner.start()

    def scan(self) -> None:
        """Close ports that have disappeared, and open matching ports that are new."""
        with self._scanning:
            self._scan()

    def _scan(self) -> None:
        here = set(_ports(self._listers))
        for port in [port for port in self._open if port not in here]:
            with self._lock:
                gone = self._open.pop(port)
            gone.close()
            self._lost.add(port)
            self._on_disconnect(port.name)
            self._report(f"{self.word} '{port.name}' disconnected. It will be reopened when it is plugged in again.")
        for port in sorted(here - set(self._open), key=lambda port: (port.system, port.name, port.number)):
            if not any(matches(name_filters, port.name) for name_filters in self.name_filters):
                continue
            opened = self._opened(port)
            if opened is None:
                continue
            with self._lock:
                self._open[port] = opened
            if port in self._lost:
                self._lost.discard(port)
                self._report(f"{self.word} '{port.name}' reconnected.")

    def _opened(self, port: Port) -> Any:
        raise NotImplementedError

    def _on_disconnect(self, name: str) -> None:
        pass

    def _open_virtual(self, kind: type[Any], name: str) -> Any:
        """Open a virtual port. Raises MidiError on systems without them."""
        system = next((name for name in self._listers if name != "WinMM"), None)
        if system is None:
            raise MidiError(f"{', '.join(self._listers)} has no virtual MIDI ports. Install a loopback device.")
        try:
            return kind(system, name, None)
        except Exception as error:  # the exception classes of rtmidi are not imported here
            raise MidiError(f"the virtual MIDI port '{name}' cannot be opened: {error}.") from None

    def _keep_scanning(self) -> None:
        while not self._stopping.wait(SCAN):
            try:
                self.scan()
            except Exception as error:  # a failing driver: open ports keep working
                self._report(f"cannot scan for {self.word}s: {error}.")

    def close(self) -> None:
        """Close all ports."""
        self._stopping.set()
        if self._scanner.is_alive():
            self._scanner.join(2.0)
        with self._lock:
            ports, self._open = list(self._open.values()), {}
        for port in ports:
            port.close()
        for lister in self._listers.values():
            lister.delete()
        if "JACK" in self._listers:  # an audio stream may be closed next
            time.sleep(JACK_SETTLE)


class MidiInputs(_Ports):
    """Input ports, selected by substrings of their names (or ``"all"``), that pass on every complete message.

    ``on_message(port, message, time)`` is called on one thread; ``time`` is in seconds of ``time.perf_counter``.
    ``report`` is called with a line when a device disconnects or reconnects, ``on_disconnect`` with its name when it
    disconnects. ``virtual`` is the name of a virtual port to open, for other programs to connect to. Raises MidiError
    without a MIDI system.
    """

    def __init__(
        self,
        on_message: OnMessage,
        name_filters: Iterable[str] = (ALL,),
        report: Report = print,
        virtual: str = "",
        on_disconnect: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(name_filters, report)
        self._on_message = on_message
        self.virtual_name = virtual
        self._virtual: _OpenInput | None = None
        self._failed: set[str] = set()
        self._disconnected = on_disconnect
        if virtual:
            self._virtual = self._open_virtual(_OpenInput, virtual)
        self._reader = threading.Thread(target=self._read, name="nodegraph-midi", daemon=True)

    def start(self) -> None:
        super().start()
        self._reader.start()

    def close(self) -> None:
        self._stopping.set()
        if self._reader.is_alive():
            self._reader.join(2.0)
        super().close()
        if self._virtual is not None:
            self._virtual.close()
            self._virtual = None

    def _opened(self, port: Port) -> Any:
        try:
            return _OpenInput(port.system, port.name, _index(port, self._listers[port.system]))
        except Exception as error:  # in use by another program, or disconnected again
            if port.name not in self._failed:
                self._failed.add(port.name)
                self._report(f"{self.word} '{port.name}' cannot be opened: {error}.")
            return None

    def _on_disconnect(self, name: str) -> None:
        if self._disconnected is not None:
            self._disconnected(name)

    def _read(self) -> None:
        _raise_priority()
        while not self._stopping.is_set():
            with self._lock:
                sources = [*self._open.values(), *([self._virtual] if self._virtual else [])]
                for source in sources:
                    self._fetch(source)
            time.sleep(POLL)

    def _fetch(self, source: _OpenInput) -> None:
        try:
            found = source.fetch()
        except Exception as error:  # an error of the driver; the next scan reports a disconnected device
            self._report(f"{self.word} '{source.name}' cannot be read: {error}.")
            return
        for message, at in found:
            try:
                self._on_message(source.name, message, at)
            except Exception as error:  # a failing receiver must not end the thread
                self._report(f"a message of {self.word} '{source.name}' was not processed: {error}")
        for line in source.problems():
            self._report(f"{self.word} '{source.name}': {line}")


class MidiOutputs(_Ports):
    """Output ports, selected by substrings of their names; ``send`` sends to all that are connected."""

    kind = "MidiOut"
    word = "MIDI output"

    def __init__(self, name_filters: Iterable[str], report: Report = print, virtual: str = "") -> None:
        super().__init__(name_filters, report)
        self._virtual: _OpenOutput | None = self._open_virtual(_OpenOutput, virtual) if virtual else None

    def _opened(self, port: Port) -> Any:
        try:
            return _OpenOutput(port.system, port.name, _index(port, self._listers[port.system]))
        except Exception:  # in use by another program, or disconnected again
            return None

    def send(self, message: bytes) -> None:
        """Send a complete message."""
        with self._lock:
            for sink in [*self._open.values(), *([self._virtual] if self._virtual else [])]:
                sink.send(message)

    def close(self) -> None:
        super().close()
        if self._virtual is not None:
            self._virtual.close()
            self._virtual = None


class _OpenInput:
    """An open input. ``index`` is its position in the system's list, None for a virtual port.

    On JACK, python-rtmidi treats everything after an unterminated sysex as part of it. Therefore an end-of-sysex byte
    is sent to the port regularly: rtmidi then returns the swallowed bytes, and the parser finds the messages in them.
    """

    def __init__(self, system: str, name: str, index: int | None) -> None:
        rtmidi = _rtmidi()
        self.name = name
        self._system = system
        self._stream = MessageStream()
        self._midi = rtmidi.MidiIn(_systems()[system], CLIENT, QUEUE)
        self._midi.ignore_types(sysex=system != "JACK", timing=False, active_sense=True)
        self._flush: Any = None
        self._flushed = 0.0
        self._time = 0.0
        if index is None:
            self._midi.open_virtual_port(name)
        else:
            self._midi.open_port(index, name)
        if system == "JACK":
            self._connect_flush(rtmidi)

    def _connect_flush(self, rtmidi: Any) -> None:
        out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, f"{CLIENT} sysex end")
        ports = list(enumerate(out.get_ports()))
        indices = [k for k, name in ports if name.startswith(CLIENT) and name.endswith(f":{self.name}")]
        if not indices:
            out.delete()
            return
        out.open_port(indices[-1], "out")
        self._flush = out

    def fetch(self) -> list[tuple[bytes, float]]:
        """Return the complete messages received since the last call, each with its time of arrival in seconds."""
        now = time.perf_counter()
        if self._flush is not None and now - self._flushed > FLUSH:
            self._flushed = now
            self._flush.send_message((0xF7,))
        found = []
        for _ in range(QUEUE):
            got = self._midi.get_message()
            if got is None:
                break
            data, since = got
            # the driver gives the time between two messages, perf_counter the absolute time
            at = self._time + since
            self._time = at if now - MAX_WAIT < at < now else now
            found += [(message, self._time) for message in self._stream.feed(self._without_flush(data))]
        return found

    def _without_flush(self, data: list[int]) -> list[int]:
        if self._flush is None or not data or data[-1] != 0xF7:
            return data
        has_swallowed = any(0x80 <= byte < 0xF7 for byte in data[1:-1])
        return data[:-1] if has_swallowed or len(data) == 1 else data

    def problems(self) -> list[str]:
        """Return lines about the incomplete messages received since the last call."""
        lines = [f"{line} ({count} times)" if count > 1 else line for line, count in self._stream.problems.items()]
        self._stream.problems.clear()
        return lines

    def close(self) -> None:
        for midi in (self._flush, self._midi):
            if midi is not None:
                _close(midi, self._system)


class _OpenOutput:
    """An open output."""

    def __init__(self, system: str, name: str, index: int | None) -> None:
        self.name = name
        self._system = system
        self._midi = _rtmidi().MidiOut(_systems()[system], CLIENT)
        if index is None:
            self._midi.open_virtual_port(name)
        else:
            self._midi.open_port(index, name)

    def send(self, message: bytes) -> None:
        try:
            self._midi.send_message(message)
        except Exception:  # the device was just disconnected; the next scan reports it
            return

    def close(self) -> None:
        _close(self._midi, self._system)


def _close(midi: Any, system: str) -> None:
    """Close a port of rtmidi.

    In the cycles after every change of the graph, libjack reads the list of a client's ports without a lock. Closing a
    port meanwhile ends the process with a segmentation fault (jack2, issue 216). Closing another port is such a change,
    so JACK gets the time to finish first.
    """
    if system == "JACK":
        time.sleep(JACK_SETTLE)
    midi.close_port()
    midi.delete()


def _raise_priority() -> None:
    """Raise the priority of this thread if the system allows it, for low latency of played notes."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), -15)


# -- available ports -------------------------------------------------------------------------------------------


def _rtmidi() -> Any:
    driver = midi_driver()
    if driver is None:
        raise MidiError(f"the MIDI driver is not installed: {install_command('nodegraph[midi]')}.")
    return driver


def _systems() -> dict[str, int]:
    """Return the MIDI systems that the driver was built with, by name."""
    rtmidi = _rtmidi()
    known = {
        "ALSA": rtmidi.API_LINUX_ALSA,
        "JACK": rtmidi.API_UNIX_JACK,
        "CoreMIDI": rtmidi.API_MACOSX_CORE,
        "WinMM": rtmidi.API_WINDOWS_MM,
    }
    built = set(rtmidi.get_compiled_api())
    return {name: api for name, api in known.items() if api in built}


def _listers(kind: str) -> dict[str, Any]:
    """Return one object per working MIDI system that lists its ports."""
    found = {}
    for name, api in _systems().items():
        if name == "ALSA" and not os.path.exists("/dev/snd/seq"):
            continue  # libasound would print an error
        try:
            found[name] = getattr(_rtmidi(), kind)(api, f"{CLIENT} list")
        except Exception:  # no server is running, or a module is not loaded
            continue
    if not found:
        raise MidiError("no MIDI system is available: neither an ALSA sequencer (modprobe snd-seq) nor a JACK server.")
    return found


def _listed(kind: str) -> list[Port]:
    listers = _listers(kind)
    try:
        return _ports(listers)
    finally:
        for lister in listers.values():
            lister.delete()


def _ports(listers: dict[str, Any]) -> list[Port]:
    """Return all ports except those of this process; the second port of a name has number 1."""
    found: list[Port] = []
    for system, lister in listers.items():
        for name in lister.get_ports():
            name = plain_name(name, system)
            if name.startswith(CLIENT):
                continue
            number = sum((port.name, port.system) == (name, system) for port in found)
            found.append(Port(name, system, number))
    return found


def _index(port: Port, lister: Any) -> int:
    """Return the current position of a port in its system's list."""
    found = [k for k, name in enumerate(lister.get_ports()) if plain_name(name, port.system) == port.name]
    return found[port.number]


def plain_name(name: str, system: str) -> str:
    """Return a port's name without the numbers that ALSA and Windows append and that change at every replug."""
    endings = {"ALSA": r" \d+:\d+$", "WinMM": r" \d+$"}
    return re.sub(endings[system], "", name) if system in endings else name
