"""MIDI ports through python-rtmidi (ALSA, JACK, CoreAudio, WinMM): found, opened, and opened again after a replug.

Messages are fetched by one thread from queues that native code fills, so that no driver ever waits for Python.
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

from .messages import MessageStream

PROGRAM = "nodegraph"
CLIENT = f"{PROGRAM} {os.getpid()}"  # how our own ports begin, and those of no other process
QUEUE = 1 << 16  # messages: three seconds of 20,000 a second
POLL = 0.001  # s between two looks into the queues
SCAN = 1.0  # s between two looks at what is plugged in
FLUSH = 0.02  # s between two ends of sysex, see _Source
LATEST = 0.1  # s: no message is taken to have waited longer for us
ALL = "all"

OnMessage = Callable[[str, bytes, float], None]
Tell = Callable[[str], None]


class MidiError(Exception):
    """MIDI cannot be had as asked; one line says why and what to do."""


@dataclass(frozen=True)
class Port:
    """A port of another program or a device: its name, without the numbers that change, and whose system it is of."""

    name: str
    system: str
    number: int


def inputs() -> list[Port]:
    """Ports that send. Raises :class:`MidiError` where there is no MIDI at all."""
    return _listed("MidiIn")


def outputs() -> list[Port]:
    """Ports that receive. Raises :class:`MidiError` where there is no MIDI at all."""
    return _listed("MidiOut")


def matches(wanted: str, port: str) -> bool:
    """Is ``wanted`` a part of the port's name? ``all`` means every device, not a nodegraph's ports or ALSA's loop."""
    if wanted == ALL:
        return not port.startswith((PROGRAM, "Midi Through"))
    return wanted.casefold() in port.casefold()


class _Kept:
    """Ports that are wanted, kept open by a thread that looks at what is plugged in."""

    kind = "MidiIn"
    word = "MIDI input"

    def __init__(self, wanted: Iterable[str], tell: Tell) -> None:
        self.wanted = list(dict.fromkeys(wanted))
        self._tell = tell
        self._open: dict[Port, Any] = {}
        self._lost: set[Port] = set()
        self._stopping = threading.Event()
        self._lock, self._scanning = threading.Lock(), threading.Lock()
        self._listers = _listers(self.kind)
        self._scanner = threading.Thread(target=self._keep_scanning, name="nodegraph-midi-scan", daemon=True)

    @property
    def names(self) -> list[str]:
        """The ports that are open now."""
        return [port.name for port in self._open]

    def start(self) -> None:
        """Open what is there; what comes later is opened then."""
        self.scan()
        for wanted in self.wanted:
            if wanted != ALL and not any(matches(wanted, name) for name in self.names):
                here = ", ".join(port.name for port in _ports(self._listers)) or "none"
                self._tell(f"no {self.word} is called '{wanted}'; it is used once it is plugged in. Here: {here}.")
        self._scanner.start()

    def scan(self) -> None:
        """Close what has gone, open what has come."""
        with self._scanning:
            self._scan()

    def _scan(self) -> None:
        here = set(_ports(self._listers))
        for port in [port for port in self._open if port not in here]:
            with self._lock:
                gone = self._open.pop(port)
            gone.close()
            self._lost.add(port)
            self._has_gone(port.name)
            self._tell(f"{self.word} '{port.name}' has gone. It is used again when it is back.")
        for port in sorted(here - set(self._open), key=lambda port: (port.system, port.name, port.number)):
            if not any(matches(wanted, port.name) for wanted in self.wanted):
                continue
            opened = self._opened(port)
            if opened is None:
                continue
            with self._lock:
                self._open[port] = opened
            if port in self._lost:
                self._lost.discard(port)
                self._tell(f"{self.word} '{port.name}' is back.")

    def _opened(self, port: Port) -> Any:
        raise NotImplementedError

    def _has_gone(self, name: str) -> None:
        pass

    def _own(self, kind: type[Any], name: str) -> Any:
        """A port of our own. Raises :class:`MidiError` on systems that have none."""
        system = next((name for name in self._listers if name != "WinMM"), None)
        if system is None:
            raise MidiError(f"{', '.join(self._listers)} has no virtual MIDI ports. Install a loop device.")
        try:
            return kind(system, name, None)
        except Exception as error:  # rtmidi's own, whose classes we cannot name before it is imported
            raise MidiError(f"a MIDI port '{name}' of our own cannot be opened: {error}.") from None

    def _keep_scanning(self) -> None:
        while not self._stopping.wait(SCAN):
            try:
                self.scan()
            except Exception as error:  # a driver in trouble: the ports that are open go on
                self._tell(f"{self.word}s cannot be looked for: {error}.")

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


class MidiInputs(_Kept):
    """Input ports by parts of their names (or ``"all"``) that hand on every whole message.

    ``on_message(port, message, time)`` is called by one thread of ours; ``time`` is on the clock of
    ``time.perf_counter`` (s). ``tell`` hears a line when a device goes or comes back, ``on_gone`` the name of one that
    has gone. ``virtual`` names a port of our own that other programs can be wired to. Raises :class:`MidiError` where
    MIDI is missing.
    """

    def __init__(
        self,
        on_message: OnMessage,
        wanted: Iterable[str] = (ALL,),
        tell: Tell = print,
        virtual: str = "",
        on_gone: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(wanted, tell)
        self._on_message = on_message
        self.virtual_name = virtual
        self._virtual: _Source | None = None
        self._failed: set[str] = set()
        self._on_gone = on_gone
        if virtual:
            self._virtual = self._own(_Source, virtual)
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
            return _Source(port.system, port.name, _index(port, self._listers[port.system]))
        except Exception as error:  # taken by another program, or gone again
            if port.name not in self._failed:
                self._failed.add(port.name)
                self._tell(f"{self.word} '{port.name}' does not open: {error}.")
            return None

    def _has_gone(self, name: str) -> None:
        if self._on_gone is not None:
            self._on_gone(name)

    def _read(self) -> None:
        _hurry()
        while not self._stopping.is_set():
            with self._lock:
                sources = [*self._open.values(), *([self._virtual] if self._virtual else [])]
                for source in sources:
                    self._fetch(source)
            time.sleep(POLL)

    def _fetch(self, source: _Source) -> None:
        try:
            found = source.fetch()
        except Exception as error:  # the driver's; the next scan says whether the device has gone
            self._tell(f"{self.word} '{source.name}' cannot be read: {error}.")
            return
        for message, at in found:
            try:
                self._on_message(source.name, message, at)
            except Exception as error:  # whoever listens must not end the listening
                self._tell(f"a message of {self.word} '{source.name}' could not be used: {error}")
        for line in source.problems():
            self._tell(f"{self.word} '{source.name}': {line}")


class MidiOutputs(_Kept):
    """Output ports by parts of their names: ``send`` goes to all of them that are there."""

    kind = "MidiOut"
    word = "MIDI output"

    def __init__(self, wanted: Iterable[str], tell: Tell = print, virtual: str = "") -> None:
        super().__init__(wanted, tell)
        self._virtual: _Sink | None = self._own(_Sink, virtual) if virtual else None

    def _opened(self, port: Port) -> Any:
        try:
            return _Sink(port.system, port.name, _index(port, self._listers[port.system]))
        except Exception:  # taken by another program, or gone again
            return None

    def send(self, message: bytes) -> None:
        """Send a whole message."""
        with self._lock:
            for sink in [*self._open.values(), *([self._virtual] if self._virtual else [])]:
                sink.send(message)

    def close(self) -> None:
        super().close()
        if self._virtual is not None:
            self._virtual.close()
            self._virtual = None


class _Source:
    """An open input. ``index`` is its number in its system's list, None for a port of our own.

    On JACK python-rtmidi takes all that follows a sysex without end for a part of it. So we send ourselves ends
    of sysex there: what had been swallowed comes out, and the parser finds the messages in it.
    """

    def __init__(self, system: str, name: str, index: int | None) -> None:
        rtmidi = _rtmidi()
        self.name = name
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
        ours = [k for k, name in ports if name.startswith(CLIENT) and name.endswith(f":{self.name}")]
        if not ours:
            out.delete()
            return
        out.open_port(ours[-1], "out")
        self._flush = out

    def fetch(self) -> list[tuple[bytes, float]]:
        """Whole messages that have come since, each with the time at which it came."""
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
            # the driver's clock says how far apart they came, ours when that was
            at = self._time + since
            self._time = at if now - LATEST < at < now else now
            found += [(message, self._time) for message in self._stream.feed(self._without_flush(data))]
        return found

    def _without_flush(self, data: list[int]) -> list[int]:
        if self._flush is None or not data or data[-1] != 0xF7:
            return data
        swallowed = any(0x80 <= byte < 0xF7 for byte in data[1:-1])
        return data[:-1] if swallowed or len(data) == 1 else data

    def problems(self) -> list[str]:
        """What came that was no whole message, one line each."""
        lines = [f"{line} ({count} times)" if count > 1 else line for line, count in self._stream.problems.items()]
        self._stream.problems.clear()
        return lines

    def close(self) -> None:
        for midi in (self._flush, self._midi):
            if midi is not None:
                midi.close_port()
                midi.delete()


class _Sink:
    """An open output."""

    def __init__(self, system: str, name: str, index: int | None) -> None:
        self.name = name
        self._midi = _rtmidi().MidiOut(_systems()[system], CLIENT)
        if index is None:
            self._midi.open_virtual_port(name)
        else:
            self._midi.open_port(index, name)

    def send(self, message: bytes) -> None:
        try:
            self._midi.send_message(message)
        except Exception:  # a device that has just gone; the next scan says so
            return

    def close(self) -> None:
        self._midi.close_port()
        self._midi.delete()


def _hurry() -> None:
    """Let this thread go before others, where the system allows it: it does little, and somebody waits for it."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), -15)


# -- what there is -------------------------------------------------------------------------------------------


def _rtmidi() -> Any:
    try:
        import rtmidi
    except (ImportError, OSError):
        raise MidiError("python-rtmidi is not installed: pip install 'nodegraph[midi]'.") from None
    return rtmidi


def _systems() -> dict[str, int]:
    """MIDI systems that python-rtmidi was built for, by name."""
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
    """For each system that works here an object that knows its ports."""
    found = {}
    for name, api in _systems().items():
        if name == "ALSA" and not os.path.exists("/dev/snd/seq"):
            continue  # libasound would complain to stderr
        try:
            found[name] = getattr(_rtmidi(), kind)(api, f"{CLIENT} list")
        except Exception:  # its server does not run, its module is not loaded
            continue
    if not found:
        raise MidiError("there is no MIDI here: no ALSA sequencer (modprobe snd-seq) and no JACK server runs.")
    return found


def _listed(kind: str) -> list[Port]:
    listers = _listers(kind)
    try:
        return _ports(listers)
    finally:
        for lister in listers.values():
            lister.delete()


def _ports(listers: dict[str, Any]) -> list[Port]:
    """All ports but our own; the second device of a name has number 1."""
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
    """Where a port stands in its system's list now."""
    found = [k for k, name in enumerate(lister.get_ports()) if plain_name(name, port.system) == port.name]
    return found[port.number]


def plain_name(name: str, system: str) -> str:
    """A port's name without the numbers that ALSA and Windows put behind it, which change at every replug."""
    endings = {"ALSA": r" \d+:\d+$", "WinMM": r" \d+$"}
    return re.sub(endings[system], "", name) if system in endings else name
