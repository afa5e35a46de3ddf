"""Safetensors files: named arrays and a map of strings, read without trusting a byte of them.

The format: eight bytes give the length of a JSON header, which gives every tensor's type, shape and place in
the bytes that follow; under ``__metadata__`` it holds the map of strings.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .atomic import write_whole

LARGEST_FILE = 256 << 20  # bytes
LARGEST_HEADER = 1 << 20  # bytes
MOST_TENSORS = 1000
_METADATA = "__metadata__"
_TYPES = {"F32": "<f4", "F64": "<f8", "F16": "<f2", "BF16": "<u2"}


class TensorFileError(ValueError):
    """A file that holds no tensors we can read; the text goes on after the file's name."""


def read_tensors(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The tensors of a file, all as float32, and its map of strings. Raises TensorFileError, OSError."""
    with path.open("rb") as file:
        data = file.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        raise TensorFileError(f"is larger than {LARGEST_FILE >> 20} MB")
    if len(data) < 8:
        raise TensorFileError("is cut short: it has no header")
    (length,) = struct.unpack("<Q", data[:8])
    if length > LARGEST_HEADER:
        raise TensorFileError("is no safetensors file: its header would be too long")
    if length > len(data) - 8:
        raise TensorFileError("is cut short: its header does not end")
    header = _header(data[8 : 8 + length])
    strings = header.pop(_METADATA, {})
    if not isinstance(strings, dict) or not all(isinstance(text, str) for text in strings.values()):
        raise TensorFileError(f"is broken: {_METADATA} must map names to strings")
    if len(header) > MOST_TENSORS:
        raise TensorFileError(f"holds {len(header)} tensors; at most {MOST_TENSORS} are read")
    body = memoryview(data)[8 + length :]
    entries = {name: _entry(name, entry, len(body)) for name, entry in header.items()}
    _check_apart(entries)
    return {name: _tensor(name, *entry, body) for name, entry in entries.items()}, strings


def write_tensors(path: Path, tensors: Mapping[str, np.ndarray], strings: Mapping[str, str]) -> None:
    """Write arrays as float32, whole or not at all. Raises OSError."""
    header: dict[str, Any] = {_METADATA: dict(strings)}
    parts, at = [], 0
    for name, values in tensors.items():
        part = np.ascontiguousarray(values, "<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [at, at + len(part)]}
        parts.append(part)
        at += len(part)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # so that the numbers lie on multiples of eight bytes
    write_whole(path, b"".join([struct.pack("<Q", len(text)), text, *parts]))


def _header(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError):
        raise TensorFileError("is no safetensors file: its header is not JSON") from None
    if not isinstance(header, dict):
        raise TensorFileError("is no safetensors file: its header is not a JSON object")
    return header


def _entry(name: str, entry: Any, room: int) -> tuple[str, list[int], int, int]:
    """Type, shape, begin and end of a tensor, once they make sense."""
    try:
        dtype, shape, (begin, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
        whole = all(type(n) is int and 0 <= n <= LARGEST_FILE for n in (*shape, begin, end)) and len(shape) <= 8
    except (KeyError, TypeError, ValueError):
        raise TensorFileError(f"is broken: tensor {name[:60]!r} lacks its type, shape or place") from None
    if not isinstance(dtype, str) or dtype not in _TYPES:
        raise TensorFileError(f"holds {str(dtype)[:20]} numbers in tensor {name[:60]!r}; store them as F32")
    if not whole or math.prod(shape) * np.dtype(_TYPES[dtype]).itemsize != end - begin:
        raise TensorFileError(f"is broken: shape and place of tensor {name[:60]!r} do not fit")
    if end > room:
        raise TensorFileError(f"is cut short: tensor {name[:60]!r} is not all there")
    return dtype, shape, begin, end


def _check_apart(entries: Mapping[str, tuple[str, list[int], int, int]]) -> None:
    """Tensors that share bytes would let a small file fill the memory."""
    at = 0
    for name, (_, _, begin, end) in sorted(entries.items(), key=lambda item: item[1][2:]):
        if begin < at:
            raise TensorFileError(f"is broken: tensor {name[:60]!r} lies over another one")
        at = end


def _tensor(name: str, dtype: str, shape: list[int], begin: int, end: int, body: memoryview) -> np.ndarray:
    raw = np.frombuffer(body[begin:end], _TYPES[dtype])
    if dtype == "BF16":  # the upper half of a float32
        values = (raw.astype("<u4") << 16).view("<f4")
    else:
        with np.errstate(over="ignore"):
            values = raw.astype(np.float32)
    if not np.isfinite(values).all():
        raise TensorFileError(f"holds NaN or infinite numbers in tensor {name[:60]!r}")
    return values.reshape(shape)
