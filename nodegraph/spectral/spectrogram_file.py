"""Spectrograms in files: NumPy arrays and images, read as magnitudes, with a sentence for what cannot be."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

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
    """A spectrogram that cannot be used; one line says why."""


@dataclass(frozen=True)
class SpectrogramHints:
    """What is known about a spectrogram beforehand; None is read from the file, or follows from the rest.

    ``scale`` says what the numbers are: |X|, dB, its natural logarithm, or |X|². ``range`` is that of an
    image, from black to white in dB.
    """

    size: int | None = None
    hop: int | None = None
    rate: float | None = None
    scale: str | None = None
    window: str | None = None
    range: float | None = None


@dataclass(frozen=True)
class Spectrogram:
    """Magnitudes |X|, float32 (size / 2 + 1, frames), unscaled as from ``stft``, and how they were made."""

    magnitudes: np.ndarray
    size: int
    hop: int
    rate: float | None
    window: str


def read_spectrogram(path: Path, hints: SpectrogramHints | None = None) -> Spectrogram:
    """The spectrogram in a .npy, .npz or image file. Raises SpectrogramError."""
    if not path.is_file():
        raise SpectrogramError(f"{path}: {'is a folder' if path.is_dir() else 'there is no such file'}.")
    if path.suffix.lower() in IMAGES:
        values, found = _read_image(path)
    else:
        values, found = _read_array(path)
    known = _merge_hints(path, hints or SpectrogramHints(), found)
    if path.suffix.lower() in IMAGES:
        values, known = _levels(values, known)
    values, size = _bins_first(path, values, known.size)
    hop = known.hop or max(1, size // 4)
    if hop > size:
        raise SpectrogramError(
            f"{path}: a hop of {hop} samples is longer than the window of {size}. Take at most {size}."
        )
    magnitudes = _as_magnitudes(path, values, known.scale or "linear")
    return Spectrogram(magnitudes, size, hop, known.rate, known.window or "hann")


# -- reading -----------------------------------------------------------------------------------------------


def _read_array(path: Path) -> tuple[np.ndarray, dict[str, Any]]:
    """An array and what a .npz says about it. Nothing in the file is executed."""
    try:
        with path.open("rb") as file:
            magic = file.read(6)
        if magic == b"\x93NUMPY":
            array = np.load(path, mmap_mode="r", allow_pickle=False)
            return _checked(path, array), {}
        if magic[:2] != b"PK":
            raise SpectrogramError(f"{path}: not a .npy, .npz or image file.")
        _check_archive(path)
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, KeyError) as error:
        raise SpectrogramError(f"{path}: cannot be read as a NumPy array ({str(error).splitlines()[0]}).") from None
    planes = {name: array for name, array in arrays.items() if array.ndim >= 2}
    if len(planes) != 1:
        has = f"it has {', '.join(arrays)}" if arrays else "it is empty"
        raise SpectrogramError(f"{path}: must hold one spectrogram (an array of two dimensions); {has}.")
    ((chosen, array),) = planes.items()
    scalars = {name: values.item() for name, values in arrays.items() if name != chosen and values.size == 1}
    return _checked(path, array), scalars


def _check_archive(path: Path) -> None:
    """Refuse an archive that would unpack to more than fits."""
    with zipfile.ZipFile(path) as archive:
        if sum(part.file_size for part in archive.infolist()) > 8 * MAX_BYTES:
            raise SpectrogramError(f"{path}: is too large: it would unpack to more than 1 GB. Cut it up.")


def _checked(path: Path, array: np.ndarray) -> np.ndarray:
    if array.dtype.kind not in "fiubc":
        raise SpectrogramError(f"{path}: holds {array.dtype} values; a spectrogram needs numbers.")
    if array.size == 0:
        raise SpectrogramError(f"{path}: the spectrogram is empty.")
    if array.size > MAX_BYTES:
        raise SpectrogramError(f"{path}: is too large: {array.size} numbers, at most {MAX_BYTES}. Cut it up.")
    array = array.reshape([n for n in array.shape if n > 1] or [1]) if array.ndim > 2 else array
    if array.ndim != 2:
        raise SpectrogramError(f"{path}: has {array.ndim} dimensions; a spectrogram has two, bins and frames.")
    return np.abs(array) if array.dtype.kind == "c" else np.asarray(array)


def _read_image(path: Path) -> tuple[np.ndarray, dict[str, Any]]:
    """Levels 0…1, lowest frequency first, and the text that the image carries."""
    try:
        from PIL import Image
    except ImportError:
        raise SpectrogramError(f"{path}: images need Pillow. Install it: pip install pillow") from None
    try:
        with Image.open(path) as image:
            if image.width * image.height > MAX_BYTES:
                raise SpectrogramError(f"{path}: is too large: {image.width} × {image.height} pixels.")
            texts = {str(key).lower(): value for key, value in image.info.items() if isinstance(value, str)}
            deep = image.mode in ("I", "F", "I;16", "I;16B", "I;16L")
            levels = np.asarray(image if deep else image.convert("L"), np.float64)
            top = 1.0 if image.mode == "F" else 65535.0 if deep else 255.0
    except SpectrogramError:
        raise
    except Exception as error:  # whatever a broken image does to its decoder
        raise SpectrogramError(f"{path}: not an image that can be read ({type(error).__name__}).") from None
    if levels.size == 0:
        raise SpectrogramError(f"{path}: the image is empty.")
    return np.clip(levels[::-1] / top, 0.0, 1.0), texts


def _merge_hints(path: Path, hints: SpectrogramHints, found: Mapping[str, Any]) -> SpectrogramHints:
    """What was asked for, and for the rest what the file says."""
    for field, names in _NAMES.items():
        value = next((found[name] for name in names if name in found), None)
        if value is None or getattr(hints, field) is not None:
            continue
        try:
            known: Any = str(value) if field in ("scale", "window") else float(value)
            if field in ("size", "hop"):
                known = int(known)
        except (ValueError, OverflowError):
            raise SpectrogramError(f"{path}: its {field} is not a number: {str(value)[:40]!r}.") from None
        hints = replace(hints, **{field: known})
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
        raise SpectrogramError(f"{path}: the rate must lie in 1000–768000 Hz, got {known.rate:g}.")
    if known.scale is not None and known.scale not in SCALES:
        raise SpectrogramError(f"{path}: scale must be one of {', '.join(SCALES)}, got {known.scale[:40]!r}.")
    if known.window is not None and known.window not in WINDOWS:
        raise SpectrogramError(f"{path}: window must be one of {', '.join(WINDOWS)}, got {known.window[:40]!r}.")
    if known.range is not None and not 1.0 <= known.range <= 300.0:
        raise SpectrogramError(f"{path}: range must lie in 1–300 dB, got {known.range:g}.")


# -- meaning -----------------------------------------------------------------------------------------------


def _levels(levels: np.ndarray, known: SpectrogramHints) -> tuple[np.ndarray, SpectrogramHints]:
    """An image's levels as magnitudes: white is a full-scale sine, black silence. A given size stretches."""
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
    """Bins first, and the size of the transform."""
    rows, columns = values.shape
    if size is not None:
        if rows == size // 2 + 1:
            return values, size
        if columns == size // 2 + 1:
            return values.T, size
        raise SpectrogramError(
            f"{path}: has {rows} × {columns} numbers, but at size {size} there are {size // 2 + 1} bins."
        )
    fitting = [n for n in (rows, columns) if _size_of(n)]
    if not fitting:
        raise SpectrogramError(
            f"{path}: has {rows} × {columns} numbers; one side must be size / 2 + 1 bins, such as 257 "
            "(size a power of two). Mel bands cannot be inverted."
        )
    return (values, _size_of(rows)) if _size_of(rows) else (values.T, _size_of(columns))


def _size_of(bins: int) -> int:
    """The power of two that has so many bins, 0 if none."""
    size = 2 * (bins - 1)
    return size if SMALLEST_SIZE <= size <= MAX_SIZE and not size & (size - 1) else 0


def _as_magnitudes(path: Path, values: np.ndarray, scale: str) -> np.ndarray:
    if np.isnan(values).any():
        raise SpectrogramError(f"{path}: holds NaN. Magnitudes must be numbers.")
    values = values.astype(np.float64)
    if scale in ("linear", "power"):
        if (values < 0.0).any():
            raise SpectrogramError(
                f"{path}: holds negative values, and {scale} magnitudes have none. "
                "If they are in dB, say so: --scale db"
            )
        values = np.sqrt(values) if scale == "power" else values
    else:
        values = np.clip(values, -1e4, 1e4)
        values = np.exp(values) if scale == "log" else 10.0 ** (values / 20.0)
    if not (np.isfinite(values).all() and values.max() < 1e9):
        raise SpectrogramError(f"{path}: holds values that are far too large. Is --scale {scale} right?")
    return np.ascontiguousarray(values, np.float32)
