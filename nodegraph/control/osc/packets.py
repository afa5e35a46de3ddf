"""Whether a datagram is a whole packet of OSC 1.0.

That is looked at before python-osc takes it apart, which trusts every size that it reads.
"""

from __future__ import annotations

BUNDLE = b"#bundle\0"
MAX_DEPTH = 8  # bundles in one another
SIZES = {"i": 4, "f": 4, "r": 4, "m": 4, "h": 8, "d": 8, "t": 8, "T": 0, "F": 0, "N": 0, "[": 0, "]": 0}


class PacketError(Exception):
    """No whole packet; the text says what is wrong with it."""


def check_packet(data: bytes, depth: int = 0) -> None:
    """Raise :class:`PacketError` unless ``data`` is a message, or a bundle of whole packets."""
    if len(data) % 4:
        raise PacketError(f"{len(data)} bytes are not a multiple of four")
    if data.startswith(b"/"):
        _check_message(data)
    elif data.startswith(BUNDLE) and len(data) >= 16:
        if depth >= MAX_DEPTH:
            raise PacketError(f"bundles are nested more than {MAX_DEPTH} deep")
        at = 16
        while at < len(data):
            size = int.from_bytes(data[at : at + 4], "big", signed=True)
            if not 0 < size <= len(data) - at - 4:
                raise PacketError(f"a bundle has a part of {size} bytes")
            check_packet(data[at + 4 : at + 4 + size], depth + 1)
            at += 4 + size
    else:
        raise PacketError("it begins with neither an address nor a bundle")


def _check_message(data: bytes) -> None:
    at = _skip_string(data, 0)
    if at == len(data):
        return
    end = _skip_string(data, at)
    tags = data[at:end].rstrip(b"\0").decode("ascii", "replace")
    if not tags.startswith(","):
        raise PacketError("its arguments have no types")
    at = end
    for tag in tags[1:]:
        if tag == "s":
            at = _skip_string(data, at)
        elif tag == "b":
            size = int.from_bytes(data[at : at + 4], "big", signed=True)
            if size < 0:
                raise PacketError(f"a blob has {size} bytes")
            at += 4 + size + -size % 4
        elif tag in SIZES:
            at += SIZES[tag]
        else:
            raise PacketError(f"an argument is of type {tag!r}, which is not known here")
        if at > len(data):
            raise PacketError("it is cut off")


def _skip_string(data: bytes, at: int) -> int:
    """Where a text that begins at ``at`` is over: it ends in a zero, and fills fours."""
    end = data.find(b"\0", at)
    if end < 0:
        raise PacketError("a text has no end")
    try:
        data[at:end].decode("utf-8")
    except UnicodeDecodeError:
        raise PacketError("a text is not UTF-8") from None
    return end + 4 - end % 4
