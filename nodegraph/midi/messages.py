"""MIDI messages as bytes: splitting byte streams, and checks.

After the MIDI 1.0 Detailed Specification (1996), sections 1 to 3. Users pass and receive ``mido.Message``; ports and
the engine exchange bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mido import Message

MAX_SYSEX_BYTES = 1 << 16

SYSEX, END_OF_SYSEX, FIRST_REALTIME = 0xF0, 0xF7, 0xF8
_SYSTEM_LENGTHS = {0xF1: 2, 0xF2: 3, 0xF3: 2, 0xF6: 1, 0xF8: 1, 0xFA: 1, 0xFB: 1, 0xFC: 1, 0xFE: 1, 0xFF: 1}
_CHANNEL_LENGTHS = {0x80: 3, 0x90: 3, 0xA0: 3, 0xB0: 3, 0xC0: 2, 0xD0: 2, 0xE0: 3}


def length_of(status: int) -> int:
    """Return the number of bytes of a message by its status byte: 0 for system exclusive, -1 if undefined."""
    if status == SYSEX:
        return 0
    return _CHANNEL_LENGTHS.get(status & 0xF0, -1) if status < SYSEX else _SYSTEM_LENGTHS.get(status, -1)


def is_complete(message: bytes) -> bool:
    """Return whether ``message`` is exactly one MIDI message, with data bytes below 128."""
    if not message:
        return False
    if message[0] == SYSEX:
        return message[-1] == END_OF_SYSEX and all(byte < 0x80 for byte in message[1:-1])
    return length_of(message[0]) == len(message) and all(byte < 0x80 for byte in message[1:])


def bytes_of(message: Message | bytes) -> bytes:
    """Return the bytes of a message given as a ``mido.Message`` or as bytes.

    Raises ValueError for anything that is not one complete MIDI message, such as a meta message of a MIDI file.
    """
    if isinstance(message, bytes | bytearray):
        data = bytes(message)
    elif hasattr(message, "bytes"):  # not isinstance: patches without MIDI do not import mido
        if message.is_meta:
            raise ValueError(f"'{message.type}' is a meta message of MIDI files and cannot be sent.")
        data = bytes(message.bytes())
    else:
        raise ValueError(f"a MIDI message is a mido.Message or bytes, not {type(message).__name__}.")
    if not is_complete(data):
        raise ValueError(f"'{data.hex(' ')}' is not a complete MIDI message.")
    return data


class MessageStream:
    """Splits a byte stream, received in chunks of any size, into complete messages.

    A status byte omitted by running status is inserted; a real-time message within another one is returned before it.
    Incomplete messages are dropped and counted in ``problems`` by their description.

    ``mido.Parser`` is not used: it drops messages in running status and those interrupted by a clock, and collects an
    endless system exclusive message without limit.
    """

    def __init__(self) -> None:
        self.problems: Counter[str] = Counter()
        self._status = 0  # status byte of the current message, or running status
        self._data = bytearray()
        self._sysex: bytearray | None = None

    def feed(self, data: Iterable[int]) -> list[bytes]:
        """Return the messages that are completed by these bytes."""
        messages: list[bytes] = []
        for byte in data:
            if byte >= FIRST_REALTIME:
                self._realtime(byte, messages)
            elif byte >= 0x80:
                self._status_byte(byte, messages)
            elif self._sysex is not None:
                if len(self._sysex) < MAX_SYSEX_BYTES:
                    self._sysex.append(byte)
            else:
                self._data_byte(byte, messages)
        return messages

    def finish(self) -> None:
        """End the stream; report an incomplete message."""
        self._interrupt("the end")
        self._status = 0

    def _realtime(self, byte: int, messages: list[bytes]) -> None:
        if length_of(byte) == 1:
            messages.append(bytes((byte,)))
        else:
            self._report(f"MIDI status byte {byte:02x} is undefined; it is ignored.")

    def _status_byte(self, byte: int, messages: list[bytes]) -> None:
        if byte == END_OF_SYSEX and self._sysex is not None:
            if len(self._sysex) < MAX_SYSEX_BYTES:
                messages.append(bytes((*self._sysex, byte)))
            else:
                self._report("a system exclusive message is longer than 64 KiB; it is ignored.")
            self._sysex = None
            return
        self._interrupt(f"{byte:02x}")
        self._status = 0
        if byte == SYSEX:
            self._sysex = bytearray((byte,))
        elif length_of(byte) == 1:
            messages.append(bytes((byte,)))
        elif length_of(byte) > 1:
            self._status = byte
        else:
            self._report(f"MIDI status byte {byte:02x} is undefined; it is ignored.")

    def _data_byte(self, byte: int, messages: list[bytes]) -> None:
        if not self._status:
            self._report("MIDI data bytes without a status byte; they are ignored.")
            return
        self._data.append(byte)
        if len(self._data) + 1 == length_of(self._status):
            messages.append(bytes((self._status, *self._data)))
            self._data.clear()
            if self._status > SYSEX:
                self._status = 0  # system messages have no running status

    def _interrupt(self, by: str) -> None:
        if self._sysex is not None:
            self._report(f"a system exclusive message was interrupted by {by}; it is ignored.")
        elif self._data:
            begun = bytes((self._status, *self._data)).hex(" ")
            self._report(f"the MIDI message {begun} was interrupted by {by}; it is ignored.")
        self._sysex = None
        self._data.clear()

    def _report(self, problem: str) -> None:
        self.problems[problem] += 1
