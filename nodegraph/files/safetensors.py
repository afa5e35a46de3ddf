"""Read and write safetensors files. The library ``safetensors`` checks the format; the limits here protect memory.

The file is read into memory before it is parsed: a memory-mapped file that another program truncates ends the process.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from safetensors import SafetensorError, deserialize

from .atomic import write_atomic
from .checksums import check_sha256, listed_checksum

MAX_FILE_BYTES = 256 << 20
MAX_HEADER_BYTES = 1 << 20
MAX_TENSORS = 1000
MAX_DIMENSIONS = 8
_TYPES = {"F32": "<f4", "F64": "<f8", "F16": "<f2", "BF16": "<u2"}
_MAPPED_TYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "U8": "u1", "I64": "<i8"}


class TensorFileError(ValueError):
    """A file without readable tensors; the message continues a sentence that begins with the file name."""


class _Header(msgspec.Struct):
    metadata: dict[str, str] | None = msgspec.field(name="__metadata__", default=None)


class _Entry(msgspec.Struct):
    dtype: str = ""
    shape: tuple[int, ...] = ()
    data_offsets: tuple[int, int] = (0, 0)


def read_tensors(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Return the tensors of a file, converted to float32, and its metadata.

    Raises ChecksumError for another file than its folder's list of checksums names, TensorFileError for an invalid
    file, one above the limits, or NaN or infinite values; OSError if it cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise TensorFileError(f"is larger than {MAX_FILE_BYTES >> 20} MB")
    if listed := listed_checksum(path):
        check_sha256(listed, hashlib.sha256(data).hexdigest())
    length = int.from_bytes(data[:8], "little")
    if len(data) >= 8 and length > MAX_HEADER_BYTES:
        raise TensorFileError("is not a safetensors file: its header would be too long")
    try:
        entries = deserialize(data)
        header = msgspec.json.decode(data[8 : 8 + length], type=_Header)
    except (SafetensorError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).removeprefix("Error while deserializing: ").split())[:200]
        raise TensorFileError(f"is truncated or not a valid safetensors file ({reason})") from None
    if len(entries) > MAX_TENSORS:
        raise TensorFileError(f"contains {len(entries)} tensors; the limit is {MAX_TENSORS}")
    return {name: _as_float32(name, entry) for name, entry in entries}, header.metadata or {}


def write_tensors(path: Path, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> None:
    """Write arrays as float32, with metadata. Raises OSError; the old file is then unchanged."""
    from safetensors.numpy import save

    arrays = {name: np.asarray(values, "<f4", order="C") for name, values in tensors.items()}
    write_atomic(path, save(arrays, dict(metadata)))


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray], metadata: str) -> None:
    """Write arrays in their own types, with one text of metadata; equal arguments give equal bytes. Raises OSError."""
    from safetensors.numpy import save

    # the library writes several metadata in random order
    write_atomic(
        path, save({name: np.ascontiguousarray(values) for name, values in arrays.items()}, {"text": metadata})
    )


def map_arrays(path: Path) -> tuple[dict[str, np.ndarray], str]:
    """Return read-only memory maps of the arrays of :func:`write_arrays`, and the text.

    The content is not checked, so this costs the same for any size. Raises TensorFileError for a truncated or invalid
    file, OSError if it cannot be read. Do not truncate a mapped file.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = file.read(min(length, MAX_HEADER_BYTES))
        size = file.seek(0, 2)
    try:
        entries = msgspec.json.decode(header, type=dict[str, _Entry])
        text = msgspec.json.decode(header, type=_Header).metadata or {}
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise TensorFileError(f"is truncated or not a valid safetensors file ({str(error)[:200]})") from None
    entries.pop("__metadata__", None)
    if size != 8 + length + max((entry.data_offsets[1] for entry in entries.values()), default=0):
        raise TensorFileError("is truncated")
    arrays: dict[str, np.ndarray] = {}
    for name, entry in entries.items():
        if entry.dtype not in _MAPPED_TYPES:
            raise TensorFileError(f"contains unsupported {entry.dtype[:20]} values in tensor {name[:60]!r}")
        first, last = entry.data_offsets
        if (
            min(entry.shape, default=0) < 0
            or last - first != math.prod(entry.shape) * np.dtype(_MAPPED_TYPES[entry.dtype]).itemsize
        ):
            raise TensorFileError(f"contains tensor {name[:60]!r} of an impossible shape")
        arrays[name] = np.memmap(path, _MAPPED_TYPES[entry.dtype], "r", 8 + length + first, entry.shape)
    return arrays, text.get("text", "")


def _as_float32(name: str, entry: Mapping[str, Any]) -> np.ndarray:
    dtype, shape = entry["dtype"], entry["shape"]
    if dtype not in _TYPES:
        raise TensorFileError(f"contains {dtype} values in tensor {name[:60]!r}; store them as F32")
    if len(shape) > MAX_DIMENSIONS:
        raise TensorFileError(f"contains tensor {name[:60]!r} of more than {MAX_DIMENSIONS} dimensions")
    raw = np.frombuffer(entry["data"], _TYPES[dtype])
    if dtype == "BF16":  # the upper half of a float32; NumPy has no such type
        values = (raw.astype("<u4") << 16).view("<f4")
    else:
        with np.errstate(over="ignore"):
            values = raw.astype(np.float32)
    if not np.isfinite(values).all():
        raise TensorFileError(f"contains NaN or infinite values in tensor {name[:60]!r}")
    try:
        return values.reshape(shape)
    except ValueError:  # dimensions beyond what NumPy can index, in a tensor without elements
        raise TensorFileError(f"contains tensor {name[:60]!r} of an impossible shape") from None
