"""Memory that native code shares: aligned, zeroed, already mapped, and at a fixed address."""

from __future__ import annotations

import ctypes

import numpy as np

ALIGNMENT = 64


class Memory:
    """Aligned arrays that live as long as this object. Nothing here is touched by the audio thread's side."""

    def __init__(self) -> None:
        self._blocks: list[np.ndarray] = []
        self._room: np.ndarray = np.empty(0, np.uint8)
        self._used = 0

    def reserve(self, size: int, lead: int = 0, alignment: int = ALIGNMENT) -> int:
        """Address of ``size`` zeroed bytes, so that address + ``lead`` is aligned (to a cache line)."""
        needed = size + lead + 2 * alignment
        if self._used + needed > len(self._room):
            self._room = np.zeros(max(needed, 1 << 16), np.uint8)
            self._room.fill(0)  # touch every page now, not in the audio thread
            self._blocks.append(self._room)
            self._used = 0
        start = self._room.ctypes.data + self._used
        address = -(-(start + lead) // alignment) * alignment - lead
        if address < start:
            address += alignment
        self._used += address + size - start
        return address

    def words(self, values: list[int]) -> int:
        """Address of a row of 8-byte words with these values."""
        address = self.reserve(8 * max(len(values), 1), alignment=8)
        view(address, len(values), np.int64)[:] = values
        return address


def view(address: int, count: int, dtype: type) -> np.ndarray:
    """A numpy array over memory at an address. The caller keeps that memory alive."""
    if count == 0:
        return np.zeros(0, dtype)
    size = count * np.dtype(dtype).itemsize
    values: np.ndarray = np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(address)).view(dtype)
    return values


def bits(value: float) -> int:
    """A double as the word that holds it."""
    return int(np.float64(value).view(np.int64))
