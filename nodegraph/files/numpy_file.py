"""NumPy files of unknown origin: nothing in them is executed, and no array is allocated before its size is known."""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any

import numpy as np

MAX_HEADER_BYTES = 10_000

_DAMAGED = (
    OSError, ValueError, TypeError, KeyError, EOFError, SyntaxError, OverflowError, RuntimeError, RecursionError,
    TokenError, zipfile.BadZipFile, zlib.error, NotImplementedError,
)  # fmt: skip
_HEADERS: Any = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


class NumpyFileError(Exception):
    """A NumPy file cannot be read; the message is the cause, without the name of the file."""


def read_array(path: Path, max_bytes: int) -> np.ndarray:
    """Return the array of a .npy file, mapped from the disk. Raises NumpyFileError."""
    try:
        with path.open("rb") as file:
            _read_header(file, max_bytes)
        array: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    except _DAMAGED as error:
        raise NumpyFileError(_reason(error)) from None
    return array


def read_archive(path: Path, max_bytes: int) -> dict[str, np.ndarray]:
    """Return the arrays of a .npz file, at most ``max_bytes`` of them. Raises NumpyFileError."""
    arrays: dict[str, np.ndarray] = {}
    left = max_bytes
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if not info.filename.endswith(".npy"):
                    continue
                with archive.open(info) as file:
                    array = _read_member(file, left)
                left -= array.nbytes
                arrays[info.filename.removesuffix(".npy")] = array
    except _DAMAGED as error:
        raise NumpyFileError(_reason(error)) from None
    return arrays


def _read_member(file: IO[bytes], max_bytes: int) -> np.ndarray:
    """Return an array from a stream. Its memory grows with the data that is there, not with the stated shape."""
    shape, is_fortran, dtype = _read_header(file, max_bytes)
    size = math.prod(shape) * dtype.itemsize
    data = io.BytesIO()
    while data.tell() < size and (part := file.read(min(1 << 20, size - data.tell()))):
        data.write(part)
    if data.tell() < size:
        raise ValueError("it is truncated")
    array = np.frombuffer(data.getbuffer(), dtype, math.prod(shape)) if size else np.zeros(math.prod(shape), dtype)
    return array.reshape(shape, order="F" if is_fortran else "C")


def _read_header(file: IO[bytes], max_bytes: int) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Return shape, whether the order is Fortran's, and type. Raises ValueError for Python objects and large arrays."""
    version = np.lib.format.read_magic(file)
    if version not in _HEADERS:
        raise ValueError(f"version {version[0]}.{version[1]} of the format is unknown")
    shape, is_fortran, dtype = _HEADERS[version](file, max_header_size=MAX_HEADER_BYTES)
    if dtype.hasobject:
        raise ValueError("it contains Python objects, which are not loaded")
    if any(n < 0 for n in shape):
        raise ValueError(f"the shape {shape} is negative")
    if math.prod(shape) * max(dtype.itemsize, 1) > max_bytes:
        raise ValueError(f"too large: its arrays take more than {max_bytes / 2**30:g} GB. Split it")
    return shape, is_fortran, dtype


def _reason(error: BaseException) -> str:
    if isinstance(error, TokenError | SyntaxError):  # numpy parses the header as Python
        return "its header is damaged"
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    lines = text.splitlines()
    return lines[0][:200].rstrip(".") if lines and lines[0] else type(error).__name__
