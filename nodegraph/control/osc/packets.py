"""Validation of OSC 1.0 packets.

Datagrams are validated before python-osc decodes them, because python-osc trusts every size that it reads.
"""

from __future__ import annotations

BUNDLE = b"#bundle\0"
MAX_DEPTH = 8  # levels of nested bundles
SIZES = {"i": 4, "f": 4, "r": 4, "m": 4, "h": 8, "d": 8, "t": 8, "T": 0, "F": 0, "N": 0, "[": 0, "]": 0}


class PacketError(Exception):
    """An invalid packet; the text describes the error."""


def check_packet(data: bytes, depth: int = 0) -> None:
    """Raise :class:`PacketError` unless ``data`` is a message, or a bundle of valid packets."""
    if len(data) % 4:
        raise PacketError(f"the size must be a multiple of four, got {len(data)}")
    if data.startswith(b"/"):
        _check_message(data)
    elif data.startswith(BUNDLE) and len(data) >= 16:
        if depth >= MAX_DEPTH:
            raise PacketError(f"more than {MAX_DEPTH} levels of nested bundles")
        at = 16
        while at < len(data):
            size = int.from_bytes(data[at : at + 4], "big", signed=True)
            if not 0 < size <= len(data) - at - 4:
                raise PacketError(f"invalid size of a bundle element, {size} bytes")
            check_packet(data[at + 4 : at + 4 + size], depth + 1)
            at += 4 + size
    else:
        raise PacketError("neither a message nor a bundle")


def _check_message(data: bytes) -> None:
    at = _skip_string(data, 0)
    if at == len(data):
        return
    end = _skip_string(data, at)
    tags = data[at:end].rstrip(b"\0").decode("ascii", "replace")
    if not tags.startswith(","):
        raise PacketError("missing type tags")
    at = end
    for tag in tags[1:]:
        if tag == "s":
            at = _skip_string(data, at)
        elif tag == "b":
            size = int.from_bytes(data[at : at + 4], "big", signed=True)
            if size < 0:
                raise PacketError(f"invalid size of a blob, {size} bytes")
            at += 4 + size + -size % 4
        elif tag in SIZES:
            at += SIZES[tag]
        else:
            raise PacketError(f"unsupported argument type {tag!r}")
        if at > len(data):
            raise PacketError("truncated")


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
