"""Memory that native code shares: aligned, zeroed, mapped before it is used, at fixed addresses."""

from __future__ import annotations

import ctypes
import struct
from array import array
from collections.abc import Iterable

import numpy as np

ALIGNMENT = 64


class Memory:
    """An allocator of aligned memory that lives as long as this object. The audio thread never calls it."""

    def __init__(self) -> None:
        self._blocks: list[np.ndarray] = []
        self._next = self._end = 0  # addresses in the latest block

    def reserve(self, size: int, lead: int = 0, alignment: int = ALIGNMENT) -> int:
        """Return the address of ``size`` zeroed bytes; address + ``lead`` is a multiple of ``alignment``."""
        needed = size + lead + 2 * alignment
        if self._next + needed > self._end:
            room = np.zeros(max(needed, 1 << 16), np.uint8)
            room.fill(0)  # touch every page now, not in the audio thread
            self._blocks.append(room)
            self._next = room.ctypes.data
            self._end = self._next + len(room)
        address = -(-(self._next + lead) // alignment) * alignment - lead
        if address < self._next:
            address += alignment
        self._next = address + size
        return address

    def content(self) -> list[np.ndarray]:
        """Return a copy of all reserved memory, for :meth:`restore`."""
        return [block.copy() for block in self._blocks]

    def restore(self, content: list[np.ndarray]) -> None:
        """Write back a copy that :meth:`content` returned; memory reserved after it is unchanged."""
        for block, copy in zip(self._blocks, content, strict=False):
            block[:] = copy

    def words(self, values: list[int]) -> int:
        """Return the address of 8-byte words with these values."""
        address = self.reserve(8 * max(len(values), 1), alignment=8)
        if values:
            write_words(address, values)
        return address


def view(address: int, count: int, dtype: type) -> np.ndarray:
    """Return a numpy array of ``count`` items over memory at an address. The caller must keep the memory alive."""
    if count == 0:
        return np.zeros(0, dtype)
    size = count * np.dtype(dtype).itemsize
    values: np.ndarray = np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(address)).view(dtype)
    return values


def write_bytes(address: int, data: bytes) -> None:
    """Write bytes at an address. For a few bytes this is several times faster than a numpy view."""
    ctypes.memmove(address, data, len(data))


def write_words(address: int, values: Iterable[int]) -> None:
    """Write 8-byte words at an address."""
    write_bytes(address, array("q", values).tobytes())


def write_doubles(address: int, values: Iterable[float]) -> None:
    """Write doubles at an address."""
    write_bytes(address, array("d", values).tobytes())


_DOUBLE, _WORD = struct.Struct("<d"), struct.Struct("<q")


def bits(value: float) -> int:
    """Return the 8-byte word of a double."""
    found: int = _WORD.unpack(_DOUBLE.pack(value))[0]
    return found
