"""Formats and depths of sound files that are written.

The suffix of a path selects the format, a depth the samples in it: "16" and "24" bits, "float" (32 bits), or "auto",
the best that the format has.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .depths import AUTO, DEPTHS
from .sound_file import SoundFileError

SUBTYPES = {"16": "PCM_16", "24": "PCM_24", "float": "FLOAT"}  # of libsndfile
SAMPLE_BYTES = {"PCM_16": 2, "PCM_24": 3, "FLOAT": 4}
BEST = {"WAV": "float", "RF64": "float", "W64": "float", "CAF": "float", "AIFF": "float", "FLAC": "24"}
ENDINGS = {"WAVE": "WAV", "AIF": "AIFF", "OGA": "OGG"}
HIGHEST_OGG_RATE = 200_000  # Hz; libvorbis crashes above
LOUD = 1.006  # peak, 0.05 dB above full scale: less is not heard
MAX_WAV_BYTES = 4e9  # of a WAV or AIFF file; a larger WAV file needs the RF64 header
RF64_AUTO_DOWNGRADE = 0x1210  # a command of libsndfile, which soundfile has no function for


@dataclass(frozen=True)
class SoundFormat:
    """A file format and sample type of libsndfile, such as "FLAC" and "PCM_24"; None: that of the format."""

    kind: str
    subtype: str | None

    @property
    def is_float(self) -> bool:
        """Whether samples above full scale are kept."""
        return self.subtype == "FLOAT"

    @property
    def sample_bytes(self) -> int:
        """Bytes of a sample, 0 if it is compressed."""
        return 0 if self.kind == "FLAC" or self.subtype is None else SAMPLE_BYTES[self.subtype]


def format_of(path: Path, depth: str = AUTO, rate: float = 0.0) -> SoundFormat:
    """Return the format that a suffix selects, by default WAV, with samples of a depth in ``DEPTHS``.

    Raises SoundFileError if it is unsupported, has no such depth, or is unsupported at a rate in Hz.
    """
    import soundfile

    if depth not in DEPTHS:
        raise SoundFileError(f"{path}: unknown depth '{depth}'. Use one of {', '.join(DEPTHS)}.")
    ending = path.suffix.lstrip(".").upper()
    kind = ENDINGS.get(ending, ending) or "WAV"
    if kind not in soundfile.available_formats() or kind == "RAW":
        raise SoundFileError(f"{path}: the format '{path.suffix}' is unsupported. Use .wav, .flac or .ogg.")
    if kind == "OGG" and rate > HIGHEST_OGG_RATE:
        raise SoundFileError(f"{path}: an OGG file has at most {HIGHEST_OGG_RATE} Hz, got {rate:g}. Use .wav or .flac.")
    subtype = SUBTYPES.get(BEST.get(kind, "") if depth == AUTO else depth)
    if subtype is not None and not soundfile.check_format(kind, subtype):
        possible = [AUTO, *(name for name, subtype in SUBTYPES.items() if soundfile.check_format(kind, subtype))]
        refused = f"{'an' if kind[0] in 'AMO' else 'a'} {kind} file has no depth '{depth}'"
        raise SoundFileError(f"{path}: {refused}. Use depth {', '.join(possible)}, or .wav.")
    return SoundFormat(kind, subtype)


def clipping(format: SoundFormat, peak: float) -> str:
    """Return a remark if samples up to ``peak`` are clipped in a file of a format, or when it is played, or ""."""
    if not peak > LOUD:
        return ""
    level = f"{20.0 * math.log10(peak):+.1f} dBFS"
    if format.is_float:
        return f"peaks at {level}, which the file keeps and players clip; reduce the level"
    return f"clipped at {level}; reduce the level, or use a .wav file of depth float"


def stored_samples(block: np.ndarray, subtype: str) -> np.ndarray:
    """Return float samples as a file of a subtype stores them: clipped and rounded to the nearest integer.

    libsndfile would truncate, which adds an offset and distorts low levels. Integers have 16 or 32 bits, of which a
    file of 24 bits has the highest.
    """
    if subtype not in ("PCM_16", "PCM_24"):
        return block
    full = 1 << 8 * SAMPLE_BYTES[subtype] - 1
    numbers = np.rint(np.clip(np.nan_to_num(block) * full, -full, full - 1))
    return numbers.astype(np.int16) if subtype == "PCM_16" else numbers.astype(np.int32) << 8


def create_sound_file(
    target: Path | int, format: SoundFormat, rate: float, channels: int, seconds: float | None, closefd: bool = True
) -> Any:
    """Open a file or a file descriptor for writing by libsndfile; ``closefd``: close the descriptor with it.

    A WAV file of more than 4 GB has an RF64 header; without ``seconds`` it gets it when it becomes so long.
    Raises what soundfile raises.
    """
    import soundfile

    size = format.sample_bytes * channels * rate * (seconds or 0.0)
    is_wav = format.kind == "WAV"
    kind = "RF64" if is_wav and (seconds is None or size > MAX_WAV_BYTES) else format.kind
    file = soundfile.SoundFile(target, "w", round(rate), channels, format.subtype, format=kind, closefd=closefd)
    if is_wav and seconds is None:
        soundfile._snd.sf_command(file._file, RF64_AUTO_DOWNGRADE, soundfile._ffi.NULL, 1)
    return file
