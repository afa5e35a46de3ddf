"""Reading flight logs: the header and the records, checked once when a log is opened."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta, Struct

from nodegraph.files.sound_file import reason_of
from nodegraph.midi.messages import is_complete
from nodegraph.node import MAX_MEMBERS
from nodegraph.quantum import QUANTUM

from .flight import FILES, FORMAT, INPUT, LOG, MAX_FILE_BYTES

if TYPE_CHECKING:
    from mido import Message

MAX_LOG_BYTES = 256 << 20  # four hours with a thousand changes a second; the records need four times as much memory
MAX_GAP = 600.0  # seconds between two records; a recorder writes one a second
MAX_CHANNELS = 1024  # of the sound device

_BAD_ARCHIVE = (OSError, zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError, NotImplementedError)
_Sample = Annotated[int, Meta(ge=0, lt=2**62)]
_Channels = Annotated[int, Meta(ge=0, le=MAX_CHANNELS)]


class FlightError(Exception):
    """A flight log cannot be replayed; the message is one line with the cause."""


class Header(Struct, frozen=True, kw_only=True):
    """The first record: format, version of nodegraph, and the properties of the engine."""

    flight: Annotated[int, Meta(ge=1)]
    nodegraph: str = ""
    rate: Annotated[float, Meta(ge=1000.0, le=768_000.0)]
    inputs: _Channels
    outputs: Annotated[int, Meta(ge=1, le=MAX_CHANNELS)]
    limiter: bool = True


class Record(Struct, frozen=True, gc=False):
    """One record: a step (``edit``, ``document``), what is due at sample ``at``, or the engine's ``clock``."""

    at: _Sample | None = None
    clock: _Sample | None = None
    edit: msgspec.Raw = msgspec.Raw()  # decoded when it is applied
    document: str | None = None
    plan: _Sample | None = None
    probes: tuple[str, ...] = ()
    renamed: dict[str, str] | None = None
    turn: tuple[str, str, Annotated[int, Meta(ge=-1, lt=MAX_MEMBERS)], float] | None = None
    midi: Annotated[str, Meta(min_length=2, max_length=1 << 18)] | None = None
    port: str = ""
    left_out: str | None = None

    @property
    def is_step(self) -> bool:
        """Whether this is a step of the session."""
        return bool(self.edit) or self.document is not None

    def edit_data(self) -> dict[str, Any]:
        """Return the logged action as plain data; {} if it is damaged."""
        try:
            found = msgspec.json.decode(self.edit) if self.edit else {}
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


@dataclass
class Flight:
    """An open flight log: header, session steps by number, (sample, record) events, length in samples.

    ``notes`` are sentences about missing parts; ``sound`` reads the device input, float32 sample frames.
    """

    header: Header
    name: str
    steps: list[Record] = field(default_factory=list)
    events: list[tuple[int, Record]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    samples: int = 0
    folder: Path = Path()
    sound: IO[bytes] = field(default_factory=io.BytesIO)

    @property
    def seconds(self) -> float:
        return self.samples / self.header.rate

    def midi(self) -> list[Message]:
        """Return the MIDI messages that the patch received; ``time`` is in seconds from the start."""
        from mido import Message

        received = sorted(
            ((at, record.midi) for at, record in self.events if record.midi is not None), key=lambda it: it[0]
        )
        return [Message.from_bytes(bytes.fromhex(text), time=at / self.header.rate) for at, text in received]

    def read_input(self, samples: int) -> np.ndarray:
        """Return the next samples of the device input, (up to ``samples``, channels): fewer at its end."""
        width = 4 * self.header.inputs
        if not width:
            return np.zeros((0, 1), np.float32)
        try:
            data = self.sound.read(samples * width)
        except _BAD_ARCHIVE as error:
            self.notes.append(f"the sound input is damaged ({_reason(error)}) and continues as silence")
            self.sound = io.BytesIO()
            data = b""
        return np.frombuffer(data[: len(data) // width * width], np.float32).reshape(-1, self.header.inputs)


@contextmanager
def opened(path: Path) -> Iterator[Flight]:
    """Open the log at ``path``: the archive of a finished log, or the folder of an unfinished one.

    Only ``files`` are unpacked; the sound input is read from the archive. Raises FlightError.
    """
    with ExitStack() as stack:
        try:
            flight = _open_folder(path, stack) if path.is_dir() else _open_archive(path, stack)
        except FileNotFoundError:
            raise FlightError(f"{path}: file not found. Name a flight log.") from None
        except (*_BAD_ARCHIVE, KeyError) as error:
            raise FlightError(f"{path}: not a readable flight log ({_reason(error)}).") from None
        yield flight


def _open_folder(path: Path, stack: ExitStack) -> Flight:
    with (path / LOG).open("rb") as lines:
        flight = _read(lines, str(path))
    flight.folder = path
    if (path / INPUT).is_file():
        flight.sound = stack.enter_context((path / INPUT).open("rb"))
    return flight


def _open_archive(path: Path, stack: ExitStack) -> Flight:
    archive = stack.enter_context(zipfile.ZipFile(path))
    with archive.open(LOG) as lines:
        flight = _read(lines, str(path))
    flight.folder = Path(stack.enter_context(TemporaryDirectory(prefix="nodegraph-flight-")))
    _unpack_files(archive, flight.folder, str(path))
    if INPUT in archive.namelist():
        flight.sound = stack.enter_context(archive.open(INPUT))
    return flight


def _unpack_files(archive: zipfile.ZipFile, folder: Path, name: str) -> None:
    """Unpack the files of the patch; members that would be written elsewhere are skipped."""
    left = MAX_FILE_BYTES
    for info in archive.infolist():
        member = PurePosixPath(info.filename)
        if info.is_dir() or len(member.parts) < 2 or member.parts[0] != FILES or ".." in member.parts:
            continue
        target = folder / member
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(info) as source, target.open("wb") as file:
            while data := source.read(min(1 << 20, left + 1)):
                left -= len(data)
                if left < 0:
                    raise FlightError(
                        f"{name}: its sound files and models unpack to more than {MAX_FILE_BYTES >> 20} MB, which no"
                        " recorder writes. Do not open this log."
                    )
                file.write(data)


def _read(lines: IO[bytes], name: str) -> Flight:
    """Read the header and the records; a damaged line ends the log, with a note if others follow it."""
    first = lines.readline(1 << 16)
    try:
        flight = Flight(msgspec.json.decode(first, type=Header), name)
    except (msgspec.DecodeError, RecursionError) as error:
        raise FlightError(f"{name}: not a readable flight log ({_reason(error)}).") from None
    if flight.header.flight > FORMAT:
        raise FlightError(f"{name}: written by a newer nodegraph ({flight.header.nodegraph[:40]!r}). Update it.")
    decoder = msgspec.json.Decoder(Record)
    size, number = len(first), 1
    while line := lines.readline(MAX_LOG_BYTES - size + 1):
        size, number = size + len(line), number + 1
        if size > MAX_LOG_BYTES:
            raise FlightError(f"{name}: the log is larger than {MAX_LOG_BYTES >> 20} MB. Record shorter performances.")
        try:
            _add_record(flight, decoder.decode(line))
        except (msgspec.ValidationError, ValueError) as error:
            if isinstance(error, msgspec.ValidationError) or not isinstance(error, msgspec.DecodeError):
                raise FlightError(f"{name}: line {number} is damaged ({_reason(error)}).") from None
            if lines.read(1):
                flight.notes.append(f"the log is damaged at line {number} and ends there")
            break
        except RecursionError:
            raise FlightError(f"{name}: line {number} is damaged (nested too deeply).") from None
    _check_gaps(flight)
    # plans come first in a quantum; the stable sort keeps the order of the messages
    flight.events.sort(key=lambda event: (event[0] // QUANTUM, event[1].plan is None))
    return flight


def _add_record(flight: Flight, record: Record) -> None:
    """Add a record. Raises ValueError if its MIDI message is not a complete one."""
    if record.midi is not None and not is_complete(bytes.fromhex(record.midi)):
        raise ValueError(f"{record.midi[:20]!r} is not a complete MIDI message")
    if record.is_step:
        flight.steps.append(record)
    elif record.left_out is not None:
        flight.notes.append(f"file '{record.left_out}' was too large for the log")
    elif record.at is not None:
        flight.events.append((record.at, record))
    elif record.clock is not None:
        flight.events.append((record.clock, record))


def _check_gaps(flight: Flight) -> None:
    """Set the length of the log. Raises FlightError if a time is far beyond the others: it would replay for years."""
    most = MAX_GAP * flight.header.rate
    for at in sorted({at for at, _ in flight.events}):
        if at - flight.samples > most:
            raise FlightError(
                f"{flight.name}: the time jumps from {flight.samples / flight.header.rate:.0f} s to"
                f" {at / flight.header.rate:.0f} s; the log is damaged."
            )
        flight.samples = at


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError):
        return reason_of(error, Path())
    text = str(error).replace("`", "").splitlines()
    return text[0][:200].rstrip(".") if text and text[0] else type(error).__name__
