"""Spectrogram files: NumPy arrays and images, read as magnitudes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from nodegraph.files.numpy_file import NumpyFileError, read_archive, read_array
from nodegraph.installation import install_command

SCALES = ("linear", "db", "log", "power")
MAX_BYTES = 1 << 27  # numbers in a spectrogram: three quarters of an hour at 2048 / 512
SMALLEST_SIZE, MAX_SIZE = 8, 65536
IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".gif", ".webp")
_NAMES = {
    "rate": ("rate", "sr", "sample_rate", "samplerate"),
    "size": ("size", "n_fft", "nfft", "fft_size"),
    "hop": ("hop", "hop_length", "hop_size"),
    "scale": ("scale",),
    "window": ("window",),
    "range": ("range", "range_db"),
}


class SpectrogramError(Exception):
    """A spectrogram file is invalid or missing; the message is one line."""


@dataclass(frozen=True)
class SpectrogramHints:
    """Properties of a spectrogram from the caller; None is read from the file, or derived from the others.

    ``scale`` is the meaning of the numbers: |X|, dB, its natural logarithm, or |X|². ``range`` is the
    range of an image from black to white in dB.
    """

    size: int | None = None
    hop: int | None = None
    rate: float | None = None
    scale: str | None = None
    window: str | None = None
    range: float | None = None


@dataclass(frozen=True)
class Spectrogram:
    """Magnitudes |X|, float32 (size / 2 + 1, frames), unscaled as from ``stft``, and their analysis parameters."""

    magnitudes: np.ndarray
    size: int
    hop: int
    rate: float | None
    window: str


def read_spectrogram(path: Path, hints: SpectrogramHints | None = None) -> Spectrogram:
    """Read a .npy, .npz or image file. Raises SpectrogramError if it is missing or invalid."""
    try:
        is_file = path.is_file()
    except OSError as error:
        raise SpectrogramError(f"{path}: {error.strerror}. Check the name.") from None
    if not is_file:
        raise SpectrogramError(f"{path}: {'is a folder' if path.is_dir() else 'file not found'}.")
    if path.suffix.lower() in IMAGES:
        values, found = _read_image(path)
    else:
        values, found = _read_array(path)
    hints = _merge_hints(path, hints or SpectrogramHints(), found)
    if path.suffix.lower() in IMAGES:
        values, hints = _levels(values, hints)
    values, size = _bins_first(path, values, hints.size)
    hop = hints.hop or max(1, size // 4)
    if hop > size:
        raise SpectrogramError(f"{path}: hop must be at most the size, {size} samples, got {hop}. Set a smaller hop.")
    magnitudes = _as_magnitudes(path, values, hints.scale or "linear")
    return Spectrogram(magnitudes, size, hop, hints.rate, hints.window or "hann")


# -- reading -----------------------------------------------------------------------------------------------


def _read_array(path: Path) -> tuple[np.ndarray, dict[str, Any]]:
    """Read an array, and the scalars of a .npz file. Nothing in the file is executed."""
    try:
        with path.open("rb") as file:
            magic = file.read(6)
        if magic == b"\x93NUMPY":
            return _checked(path, read_array(path, 8 * MAX_BYTES)), {}
        if magic[:2] != b"PK":
            raise SpectrogramError(f"{path}: not a .npy, .npz or image file.")
        arrays = read_archive(path, 8 * MAX_BYTES)
    except (OSError, NumpyFileError) as error:
        raise SpectrogramError(f"{path}: cannot be read as a NumPy array ({error}).") from None
    planes = {name: array for name, array in arrays.items() if array.ndim >= 2}
    if len(planes) != 1:
        contents = ", ".join(arrays) if arrays else "an empty archive"
        raise SpectrogramError(f"{path}: must contain one array of two dimensions, got {contents}.")
    ((chosen, array),) = planes.items()
    scalars = {name: values.item() for name, values in arrays.items() if name != chosen and values.size == 1}
    return _checked(path, array), scalars


def _checked(path: Path, array: np.ndarray) -> np.ndarray:
    if array.dtype.kind not in "fiubc":
        raise SpectrogramError(f"{path}: values must be numbers, got {array.dtype}.")
    if array.size == 0:
        raise SpectrogramError(f"{path}: the spectrogram is empty.")
    if array.size > MAX_BYTES:
        raise SpectrogramError(f"{path}: too large: {array.size} numbers, at most {MAX_BYTES}. Split it.")
    array = array.reshape([n for n in array.shape if n > 1] or [1]) if array.ndim > 2 else array
    if array.ndim != 2:
        raise SpectrogramError(f"{path}: must have two dimensions, bins and frames, got {array.ndim}.")
    return np.abs(array) if array.dtype.kind == "c" else np.asarray(array)


def _read_image(path: Path) -> tuple[np.ndarray, dict[str, Any]]:
    """Read the levels (0–1, lowest frequency first) and the text fields of an image."""
    try:
        from PIL import Image
    except ImportError:
        raise SpectrogramError(f"{path}: images need Pillow. Install it: {install_command('pillow')}") from None
    try:
        with Image.open(path) as image:
            if image.width * image.height > MAX_BYTES:
                raise SpectrogramError(
                    f"{path}: too large: {image.width} × {image.height} pixels, at most {MAX_BYTES}."
                )
            texts = {str(key).lower(): value for key, value in image.info.items() if isinstance(value, str)}
            deep = image.mode in ("I", "F", "I;16", "I;16B", "I;16L")
            levels = np.asarray(image if deep else image.convert("L"), np.float64)
            top = 1.0 if image.mode == "F" else 65535.0 if deep else 255.0
    except SpectrogramError:
        raise
    except Exception as error:  # a decoder can raise anything on a broken image
        raise SpectrogramError(f"{path}: invalid image ({type(error).__name__}).") from None
    if levels.size == 0:
        raise SpectrogramError(f"{path}: the image is empty.")
    return np.clip(levels[::-1] / top, 0.0, 1.0), texts


def _merge_hints(path: Path, hints: SpectrogramHints, found: Mapping[str, Any]) -> SpectrogramHints:
    """Return the hints, completed from the metadata of the file."""
    for field, names in _NAMES.items():
        value = next((found[name] for name in names if name in found), None)
        if value is None or getattr(hints, field) is not None:
            continue
        try:
            typed: Any = str(value) if field in ("scale", "window") else float(value)
            if field in ("size", "hop"):
                typed = int(typed)
        except (ValueError, OverflowError):
            raise SpectrogramError(f"{path}: {field} must be a number, got {str(value)[:40]!r}.") from None
        hints = replace(hints, **{field: typed})
    _check(path, hints)
    return hints


def _check(path: Path, known: SpectrogramHints) -> None:
    from .windows import WINDOWS

    size = known.size
    if size is not None and (not SMALLEST_SIZE <= size <= MAX_SIZE or size & (size - 1)):
        raise SpectrogramError(f"{path}: size must be a power of two from 8 to 65536, got {size}.")
    if known.hop is not None and known.hop < 1:
        raise SpectrogramError(f"{path}: hop must be at least 1 sample, got {known.hop}.")
    if known.rate is not None and not 1000.0 <= known.rate <= 768_000.0:
        raise SpectrogramError(f"{path}: rate must lie in 1000–768000 Hz, got {known.rate:g}.")
    if known.scale is not None and known.scale not in SCALES:
        raise SpectrogramError(f"{path}: scale must be one of {', '.join(SCALES)}, got {known.scale[:40]!r}.")
    if known.window is not None and known.window not in WINDOWS:
        raise SpectrogramError(f"{path}: window must be one of {', '.join(WINDOWS)}, got {known.window[:40]!r}.")
    if known.range is not None and not 1.0 <= known.range <= 300.0:
        raise SpectrogramError(f"{path}: range must lie in 1–300 dB, got {known.range:g}.")


# -- conversion -----------------------------------------------------------------------------------------------


def _levels(levels: np.ndarray, known: SpectrogramHints) -> tuple[np.ndarray, SpectrogramHints]:
    """Convert image levels to magnitudes, stretched to ``size``: white is a full-scale sine, black is silence."""
    if known.size is not None and levels.shape[0] != known.size // 2 + 1:
        rows = np.linspace(0.0, levels.shape[0] - 1.0, known.size // 2 + 1)
        low = np.minimum(rows.astype(int), max(levels.shape[0] - 2, 0))
        part = (rows - low)[:, None]
        levels = levels[low] * (1.0 - part) + levels[np.minimum(low + 1, levels.shape[0] - 1)] * part
    full = (known.size or 2 * (levels.shape[0] - 1)) / 4.0
    scale = known.scale or "db"
    if scale in ("db", "log"):
        gains = 10.0 ** ((levels - 1.0) * (known.range or 80.0) / 20.0)
        gains = np.where(levels > 0.0, gains, 0.0)
    else:
        gains = np.sqrt(levels) if scale == "power" else levels
    return gains * full, replace(known, scale="linear")


def _bins_first(path: Path, values: np.ndarray, size: int | None) -> tuple[np.ndarray, int]:
    """Return the array as (bins, frames), and the size of the transform."""
    rows, columns = values.shape
    if size is not None:
        if rows == size // 2 + 1:
            return values, size
        if columns == size // 2 + 1:
            return values.T, size
        raise SpectrogramError(
            f"{path}: one dimension must be {size // 2 + 1} bins at size {size}, got {rows} × {columns}."
        )
    fitting = [n for n in (rows, columns) if _size_of(n)]
    if not fitting:
        raise SpectrogramError(
            f"{path}: one dimension must be size / 2 + 1 bins, such as 257 (size a power of two), "
            f"got {rows} × {columns}. Mel bands cannot be inverted."
        )
    return (values, _size_of(rows)) if _size_of(rows) else (values.T, _size_of(columns))


def _size_of(bins: int) -> int:
    """Return the size with this number of bins if it is a supported power of two, else 0."""
    size = 2 * (bins - 1)
    return size if SMALLEST_SIZE <= size <= MAX_SIZE and not size & (size - 1) else 0


def _as_magnitudes(path: Path, values: np.ndarray, scale: str) -> np.ndarray:
    if np.isnan(values).any():
        raise SpectrogramError(f"{path}: contains NaN. Magnitudes must be numbers.")
    values = values.astype(np.float64)
    if scale in ("linear", "power"):
        if (values < 0.0).any():
            raise SpectrogramError(
                f"{path}: {scale} magnitudes must not be negative. If they are in dB, use --scale db"
            )
        values = np.sqrt(values) if scale == "power" else values
    else:
        values = np.clip(values, -1e4, 1e4)
        values = np.exp(values) if scale == "log" else 10.0 ** (values / 20.0)
    if not (np.isfinite(values).all() and values.max() < 1e9):
        raise SpectrogramError(f"{path}: values are too large. Check --scale {scale}.")
    return np.ascontiguousarray(values, np.float32)
