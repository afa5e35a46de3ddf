"""Validation of OSC packets (1.0, and the impulse of 1.1), and the messages in them.

Messages are validated before python-osc decodes them, because python-osc trusts every size that it reads.
"""

from __future__ import annotations

from collections.abc import Iterator

BUNDLE = b"#bundle\0"
MAX_DEPTH = 8  # levels of nested bundles
SIZES = {"i": 4, "f": 4, "r": 4, "m": 4, "h": 8, "d": 8, "t": 8, "T": 0, "F": 0, "N": 0, "[": 0, "]": 0}
IMPULSE = ",I"  # the type tags of a message that triggers its parameter
IMMEDIATELY = 1  # a time tag
_UNIX_EPOCH = 2_208_988_800  # seconds from 1900, where time tags begin, to 1970


class PacketError(Exception):
    """An invalid packet or message; the text describes the error."""


def messages_of(data: bytes, at: float = 0.0, depth: int = 0) -> list[tuple[float, bytes]]:
    """Return the messages of a packet, each with its time in seconds since 1970, or 0 to apply it immediately.

    The messages are not validated. Raises PacketError if the packet is neither a message nor a bundle of packets.
    """
    if len(data) % 4:
        raise PacketError(f"the size must be a multiple of four, got {len(data)}")
    if data.startswith(b"/"):
        return [(at, data)]
    if not data.startswith(BUNDLE) or len(data) < 16:
        raise PacketError("neither a message nor a bundle")
    if depth >= MAX_DEPTH:
        raise PacketError(f"more than {MAX_DEPTH} levels of nested bundles")
    found = []
    for element in _elements(data):
        found += messages_of(element, _time_of(data[8:16]), depth + 1)
    return found


def _elements(bundle: bytes) -> Iterator[bytes]:
    at = 16
    while at < len(bundle):
        size = int.from_bytes(bundle[at : at + 4], "big", signed=True)
        if not 0 < size <= len(bundle) - at - 4:
            raise PacketError(f"invalid size of a bundle element, {size} bytes")
        yield bundle[at + 4 : at + 4 + size]
        at += 4 + size


def _time_of(tag: bytes) -> float:
    value = int.from_bytes(tag, "big")
    return 0.0 if value == IMMEDIATELY else value / 2**32 - _UNIX_EPOCH


def type_tags(message: bytes) -> str:
    """Return the type tags of a valid message, "," included, or "" if it has none.

    Raises PacketError for an invalid message or one with an unsupported type.
    """
    at = _skip_string(message, 0)
    if at == len(message):
        return ""
    end = _skip_string(message, at)
    tags = message[at:end].rstrip(b"\0").decode("ascii", "replace")
    if not tags.startswith(","):
        raise PacketError("missing type tags")
    if tags == IMPULSE:
        return tags
    at = end
    for tag in tags[1:]:
        if tag == "s":
            at = _skip_string(message, at)
        elif tag == "b":
            size = int.from_bytes(message[at : at + 4], "big", signed=True)
            if size < 0:
                raise PacketError(f"invalid size of a blob, {size} bytes")
            at += 4 + size + -size % 4
        elif tag in SIZES:
            at += SIZES[tag]
        else:
            raise PacketError(f"unsupported argument type {tag!r}")
        if at > len(message):
            raise PacketError("truncated")
    return tags


def _skip_string(data: bytes, at: int) -> int:
    """Return the end of the string at ``at``: it is terminated by a zero and padded to four bytes."""
    end = data.find(b"\0", at)
    if end < 0:
        raise PacketError("unterminated string")
    try:
        data[at:end].decode("utf-8")
    except UnicodeDecodeError:
        raise PacketError("a string is not UTF-8") from None
    return end + 4 - end % 4
