"""MIDI messages out of a stream of bytes. After MIDI 1.0 Detailed Specification (1996), sections 1 to 3."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

LONGEST_EXCLUSIVE = 1 << 16  # bytes of a system exclusive message that are kept

EXCLUSIVE, END_OF_EXCLUSIVE, FIRST_REALTIME = 0xF0, 0xF7, 0xF8
_SYSTEM_LENGTHS = {0xF1: 2, 0xF2: 3, 0xF3: 2, 0xF6: 1, 0xF8: 1, 0xFA: 1, 0xFB: 1, 0xFC: 1, 0xFE: 1, 0xFF: 1}
_CHANNEL_LENGTHS = {0x80: 3, 0x90: 3, 0xA0: 3, 0xB0: 3, 0xC0: 2, 0xD0: 2, 0xE0: 3}


def length_of(status: int) -> int:
    """Bytes of the message that begins with a status byte; 0 for system exclusive, -1 if there is none such."""
    if status == EXCLUSIVE:
        return 0
    return _CHANNEL_LENGTHS.get(status & 0xF0, -1) if status < EXCLUSIVE else _SYSTEM_LENGTHS.get(status, -1)


class MessageStream:
    """Cuts bytes into whole messages, however they come in pieces.

    Status bytes that are left out because they are those of the message before (running status) are put in;
    messages of the clock in the midst of others come first. What is not whole is left out and counted in
    ``problems``, by the sentence that says so.
    """

    def __init__(self) -> None:
        self.problems: Counter[str] = Counter()
        self._status = 0  # of the message that is being read, or running
        self._data = bytearray()
        self._exclusive: bytearray | None = None

    def feed(self, data: Iterable[int]) -> list[bytes]:
        """The messages that are whole with these bytes."""
        messages: list[bytes] = []
        for byte in data:
            if byte >= FIRST_REALTIME:
                self._realtime(byte, messages)
            elif byte >= 0x80:
                self._begin(byte, messages)
            elif self._exclusive is not None:
                if len(self._exclusive) < LONGEST_EXCLUSIVE:
                    self._exclusive.append(byte)
            else:
                self._go_on(byte, messages)
        return messages

    def end(self) -> None:
        """No more bytes come: what was begun is not whole."""
        self._cut_off("the end")
        self._status = 0

    def _realtime(self, byte: int, messages: list[bytes]) -> None:
        if length_of(byte) == 1:
            messages.append(bytes((byte,)))
        else:
            self._say(f"there is no MIDI message {byte:02x}; it is left out.")

    def _begin(self, byte: int, messages: list[bytes]) -> None:
        if byte == END_OF_EXCLUSIVE and self._exclusive is not None:
            if len(self._exclusive) < LONGEST_EXCLUSIVE:
                messages.append(bytes((*self._exclusive, byte)))
            else:
                self._say("a system exclusive message is longer than 64 KiB; it is left out.")
            self._exclusive = None
            return
        self._cut_off(f"{byte:02x}")
        self._status = 0
        if byte == EXCLUSIVE:
            self._exclusive = bytearray((byte,))
        elif length_of(byte) == 1:
            messages.append(bytes((byte,)))
        elif length_of(byte) > 1:
            self._status = byte
        else:
            self._say(f"there is no MIDI message {byte:02x}; it is left out.")

    def _go_on(self, byte: int, messages: list[bytes]) -> None:
        if not self._status:
            self._say("MIDI data came without the status byte that says what they are; they are left out.")
            return
        self._data.append(byte)
        if len(self._data) + 1 == length_of(self._status):
            messages.append(bytes((self._status, *self._data)))
            self._data.clear()
            if self._status > EXCLUSIVE:
                self._status = 0  # messages of the system do not run on

    def _cut_off(self, by: str) -> None:
        if self._exclusive is not None:
            self._say(f"a system exclusive message was cut off by {by}; it is left out.")
        elif self._data:
            begun = bytes((self._status, *self._data)).hex(" ")
            self._say(f"the MIDI message {begun} was cut off by {by}; it is left out.")
        self._exclusive = None
        self._data.clear()

    def _say(self, sentence: str) -> None:
        self.problems[sentence] += 1
