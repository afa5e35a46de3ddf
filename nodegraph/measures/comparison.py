"""All measures of a recording against a reference and, optionally, a style; a line of description for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import texture
from .copying import copying
from .correlation import spectral_correlation
from .flatness import spectral_flatness
from .gram import gram_distance
from .level import level_difference
from .librosa_import import LibrosaMissingError
from .log_spectral import log_spectral_distance
from .mono import MonoSound, UnusableSoundError, at_common_rate
from .multi_resolution import multi_resolution_stft
from .onsets import onset_f1
from .pitch import pitch_overlap

MAX_SECONDS = 300.0  # the Fourier transforms of whole sounds need memory
UNEQUAL = 0.01  # part of the longer duration; larger differences are noted

Progress = Callable[[float, str], None]
"""Called with the completed part, 0–1, and the group that is computed next; it may raise to stop."""

Values = dict[str, float | None]
"""Values by the name of their measure; None if librosa is missing."""


@dataclass(frozen=True)
class Measure:
    """A number of a comparison: its name, its unit, its value for equal sounds, and its meaning in a line."""

    name: str
    equal: str
    meaning: str
    unit: str = ""


CONTENT = (
    Measure("pitch", "1", "shared pitches by frame (Jaccard index)"),
    Measure("chroma", "1", "the same for pitch classes"),
    Measure("onsets", "1", "shared onsets, within 50 ms (F1 score)"),
)
SPECTRUM = (
    Measure("level", "0", "RMS level minus that of the reference", "dB"),
    Measure("stft", "0", "multi-resolution STFT distance"),
    Measure("log_spectral", "0", "log-spectral distance", "dB"),
    Measure("correlation", "1", "of spectrograms, at any gain"),
    Measure("flatness", "", "0 tones, 0.56 white noise, 1 click"),
    Measure("reference_flatness", "", "flatness of the reference"),
)
STYLE = (
    Measure("texture", "0", "mean of the next 8; noise v. tone: 1"),
    Measure("texture_mean", "0", "levels of bands: spectral balance"),
    Measure("texture_variation", "0", "variances of bands: fluctuation"),
    Measure("texture_skewness", "0", "skewness of bands: rare peaks or gaps"),
    Measure("texture_kurtosis", "0", "kurtosis of bands: sparse events"),
    Measure("texture_correlation", "0", "between bands: wide-band events"),
    Measure("texture_modulation", "0", "rhythm and roughness, 0.5–200 Hz"),
    Measure("texture_comodulation", "0", "rhythm that bands share"),
    Measure("texture_phase", "0", "shape of events: attacks, decays"),
    Measure("gram", "0", "random features; noise v. tone: 1"),
    Measure("copying", "1", "largest cross-correlation of waveforms"),
    Measure("copying_lag", "", "time of the start of the style", "s"),
)
GROUPS = {"content": CONTENT, "spectrum": SPECTRUM, "style": STYLE}


@dataclass(frozen=True)
class Comparison:
    """The values of each group, without a style none for ``style``, and notes for the user."""

    content: Values
    spectrum: Values
    style: Values
    notes: tuple[str, ...] = ()


def compare(
    sound: MonoSound,
    reference: MonoSound,
    style: MonoSound | None = None,
    progress: Progress = lambda part, label: None,
) -> Comparison:
    """Compare a sound with a reference, such as the content of a mixture, and with a style.

    Each pair is compared at the lower of its sample rates, at most 48 kHz. Content and spectrum are compared from the
    first sample on, the shorter sound continued with silence; level and flatness over each sound's own duration; style
    in any alignment. Raises UnusableSoundError for sounds longer than 300 s, and for a style, or a sound to be compared
    with it, of less than 1 s.
    """
    _check_durations(sound, reference, style)
    notes = _notes(sound, reference)
    pair = at_common_rate(sound, reference)
    progress(0.0, "content")
    content: Values = dict.fromkeys((measure.name for measure in CONTENT), None)
    try:
        content = _content(*pair)
    except LibrosaMissingError as error:
        notes.append(str(error))
    progress(0.3, "spectrum")
    spectrum = _spectrum(*pair[:2])
    progress(0.6, "style")
    return Comparison(content, spectrum, {} if style is None else _style(*at_common_rate(sound, style)), tuple(notes))


def _content(sound: np.ndarray, reference: np.ndarray, rate: float) -> Values:
    pitch, chroma = pitch_overlap(sound, reference, rate)
    return {"pitch": pitch, "chroma": chroma, "onsets": onset_f1(sound, reference, rate)}


def _spectrum(sound: np.ndarray, reference: np.ndarray) -> Values:
    return {
        "level": level_difference(sound, reference),
        "stft": multi_resolution_stft(sound, reference),
        "log_spectral": log_spectral_distance(sound, reference),
        "correlation": spectral_correlation(sound, reference),
        "flatness": spectral_flatness(sound),
        "reference_flatness": spectral_flatness(reference),
    }


def _style(sound: np.ndarray, style: np.ndarray, rate: float) -> Values:
    distances = texture.texture_distances(sound, style, rate)
    similarity, lag = copying(sound, style)
    return {
        "texture": sum(distances.values()) / len(distances),
        **{f"texture_{group}": distance for group, distance in distances.items()},
        "gram": gram_distance(sound, style, rate),
        "copying": similarity,
        "copying_lag": lag / rate,
    }


def _check_durations(sound: MonoSound, reference: MonoSound, style: MonoSound | None) -> None:
    for one in (sound, reference, style):
        if one is not None and one.seconds > MAX_SECONDS:
            raise UnusableSoundError(
                f"{one.name}: must last at most {MAX_SECONDS:g} s, got {one.seconds:.4g} s. Use a section of it."
            )
    for one in (sound, style):
        if style is not None and one is not None and one.seconds < texture.MIN_SECONDS:
            raise UnusableSoundError(
                f"{one.name}: must last at least {texture.MIN_SECONDS:g} s to compare styles, got {one.seconds:.3g} s. "
                "Use a longer sound."
            )


def _notes(sound: MonoSound, reference: MonoSound) -> list[str]:
    shorter, longer = sorted((sound, reference), key=lambda one: one.seconds)
    if longer.seconds - shorter.seconds <= UNEQUAL * longer.seconds:
        return []
    return [
        f"{shorter.name} lasts {shorter.seconds:.3g} s, {longer.name} {longer.seconds:.3g} s; "
        f"{shorter.name} is continued with silence"
    ]
