"""Frames of magnitudes for training, validation and test, split by file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn

import numpy as np

from nodegraph.files.sound_file import SoundFileError
from nodegraph.graph import GraphError
from nodegraph.models.autoencoder import Features
from nodegraph.patch import PatchError
from nodegraph.spectral.windows import window

from .errors import LearnError
from .sources import AudioSource
from .split import PARTS, SHARES, by_source, segment_per_part

MIN_COUNT = 20  # frames in any part of the split
MAX_COUNT = 70_000
SILENCE = -60.0  # dB of a full-scale sine
_CHUNK_FRAMES = 4096  # frames per transform


@dataclass(frozen=True, eq=False)
class FrameSets:
    """Magnitudes |X|, float32 (frames, bins), of the three parts; ``features`` are the settings of the transform.

    ``sources`` maps each part to the names of its sources, and ``lengths`` to the number of frames of each of them, in
    the order of the frames. ``skipped`` has a line for each source without frames.
    """

    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray
    features: Features
    seconds: float = 0.0
    sources: dict[str, list[str]] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    lengths: dict[str, list[int]] = field(default_factory=dict)


class SegmentRequest(NamedTuple):
    """A segment of a source (``begin`` … ``end``, 0…1), its part of the split, and its maximum number of frames."""

    part: str
    begin: float
    end: float
    most: int


def collect(
    sources: Sequence[AudioSource],
    features: Features,
    max_frames: int = MAX_COUNT,
    seed: int = 0,
    silence: float = SILENCE,
    skipped: Sequence[str] = (),
    progress: Callable[[int, int], None] | None = None,
) -> FrameSets:
    """Draw at most ``max_frames`` frames at random, 5 : 1 : 1 for training, validation and test.

    All frames of a source go to one part. With fewer than three sources, or if a part would be empty, each source is
    split into three segments one window apart. Frames below ``silence`` dB are left out. A source that cannot be read,
    or is silent, is skipped and listed in ``skipped``. ``progress(done, total)`` counts sources. Raises LearnError if
    too few frames are left.
    """
    rng = np.random.default_rng(seed)
    lines, by_file = list(skipped), len(sources) >= len(PARTS)
    while True:
        found = _gather(sources, features, max_frames, silence, by_file, rng, progress)
        lines += found.failed.values()
        if found.has_enough:
            break
        # all sources of one part may have failed or be too short: split the remaining ones again
        left = [source for i, source in enumerate(sources) if i not in found.failed]
        if not left or not (by_file or found.failed):
            _raise_too_few(found, features, lines)
        by_file = by_file and bool(found.failed) and len(left) >= len(PARTS)
        sources = left
    lengths = {part: [len(some) for some in found.magnitudes[part]] for part in PARTS}
    frames = {part: _concatenate(found.magnitudes.pop(part), features.bins) for part in PARTS}
    return FrameSets(
        **frames, features=features, seconds=found.seconds, sources=found.names, skipped=lines, lengths=lengths
    )


def skipped_note(lines: Sequence[str]) -> str:
    """Return a sentence on the sources that were skipped, to end a message, or ""."""
    if len(lines) < 2:
        return f" One file was skipped: {lines[0]}" if lines else ""
    return f" {len(lines)} files were skipped; the first: {lines[0]}"


def magnitudes_of(sound: np.ndarray, features: Features, starts: np.ndarray | None = None) -> np.ndarray:
    """Return |X| of one channel (samples,), unscaled: float32 (frames, bins), for all windows inside the sound.

    ``starts`` are the first samples of the windows; by default there is one every ``hop`` samples. A sound shorter than
    a window is padded with zeros.
    """
    sound = np.asarray(sound, np.float32)
    if len(sound) < features.size:
        sound = np.pad(sound, (0, features.size - len(sound)))
    if starts is None:
        starts = np.arange(0, len(sound) - features.size + 1, features.hop)
    weights = window(features.window, features.size).astype(np.float32)
    views = np.lib.stride_tricks.sliding_window_view(sound, features.size)
    found = np.empty((len(starts), features.bins), np.float32)
    for at in range(0, len(starts), _CHUNK_FRAMES):
        chosen = views[starts[at : at + _CHUNK_FRAMES]] * weights
        found[at : at + _CHUNK_FRAMES] = np.abs(np.fft.rfft(chosen, axis=1))
    return found


# -- reading sources ---------------------------------------------------------------------------------------


@dataclass
class _Collected:
    """Magnitudes and source names by part, and a line for each source without frames."""

    magnitudes: dict[str, list[np.ndarray]] = field(default_factory=lambda: {part: [] for part in PARTS})
    names: dict[str, list[str]] = field(default_factory=lambda: {part: [] for part in PARTS})
    failed: dict[int, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def counts(self) -> dict[str, int]:
        return {part: sum(map(len, arrays)) for part, arrays in self.magnitudes.items()}

    @property
    def has_enough(self) -> bool:
        return min(self.counts.values()) >= MIN_COUNT


def _gather(
    sources: Sequence[AudioSource],
    features: Features,
    max_frames: int,
    silence: float,
    by_file: bool,
    rng: np.random.Generator,
    progress: Callable[[int, int], None] | None,
) -> _Collected:
    found = _Collected()
    plan = _plan(sources, features, max_frames, by_file, rng)
    for number, (source, requests) in enumerate(plan):
        if progress:
            progress(number, len(plan))
        try:
            sound = source.read(features.rate)
        except (SoundFileError, PatchError, GraphError) as error:
            found.failed[number] = str(error)
            continue
        had = 0
        for request in requests:
            magnitudes = _segment_frames(sound, request, features, silence, rng)
            if len(magnitudes):
                found.magnitudes[request.part].append(magnitudes)
                found.names[request.part].append(source.name)
                had += len(magnitudes)
        if had:
            found.seconds += len(sound) / features.rate
        else:
            found.failed[number] = _reason_without_frames(source.name, len(sound), features, silence)
    return found


def _reason_without_frames(name: str, samples: int, features: Features, silence: float) -> str:
    if samples < features.size:
        milliseconds = (1000.0 * count / features.rate for count in (samples, features.size))
        return "{}: {:.0f} ms are shorter than a window of {:.0f} ms. Leave it out.".format(name, *milliseconds)
    return f"{name}: no frame above {silence:g} dB. Leave it out, or make it louder."


# -- the plan ----------------------------------------------------------------------------------------------


def _plan(
    sources: Sequence[AudioSource], features: Features, max_frames: int, by_file: bool, rng: np.random.Generator
) -> list[tuple[AudioSource, list[SegmentRequest]]]:
    """Return the segments to read from each source; frames are shared out in proportion to length."""
    lengths = [max(source.seconds, features.size / features.rate) for source in sources]
    if by_file:
        segments = [[(part, 0.0, 1.0)] for part in by_source(lengths, rng)]
    else:
        segments = [[(part, *segment) for part, segment in segment_per_part()] for _ in sources]
    totals = dict.fromkeys(PARTS, 0.0)
    for length, source_segments in zip(lengths, segments):
        for part, begin, end in source_segments:
            totals[part] += length * (end - begin)
    room = {part: max_frames * share for part, share in zip(PARTS, SHARES)}
    plan = []
    for source, length, source_segments in zip(sources, lengths, segments):
        requests = [
            SegmentRequest(part, begin, end, round(room[part] * length * (end - begin) / totals[part]) + 1)
            for part, begin, end in source_segments
        ]
        plan.append((source, requests))
    return plan


def _segment_frames(
    sound: np.ndarray, request: SegmentRequest, features: Features, silence: float, rng: np.random.Generator
) -> np.ndarray:
    """Return up to ``request.most`` frames of a segment above the silence level, drawn at random."""
    first, last = round(request.begin * len(sound)), round(request.end * len(sound))
    first += features.size if request.begin > 0 else 0  # a gap, so that no sample is in two parts
    sound = sound[first:last]
    if request.begin > 0 and len(sound) < features.size:
        return np.zeros((0, features.bins), np.float32)
    count = max(1, 1 + (len(sound) - features.size) // features.hop)
    order = rng.permutation(count)
    floor = 10 ** (silence / 20) * window(features.window, features.size).sum() / 2
    selected: list[np.ndarray] = []
    have = 0
    while have < request.most and len(order):
        starts, order = np.sort(order[: request.most - have]) * features.hop, order[request.most - have :]
        magnitudes = magnitudes_of(sound, features, starts)
        selected.append(magnitudes[magnitudes.max(axis=1) > floor])
        have += len(selected[-1])
    return _concatenate(selected, features.bins)


def _concatenate(parts: list[np.ndarray], bins: int) -> np.ndarray:
    """Concatenate arrays of frames; each is freed once it is copied."""
    joined = np.empty((sum(map(len, parts)), bins), np.float32)
    at = 0
    for part in _pop_all(parts):
        joined[at : at + len(part)] = part
        at += len(part)
    return joined


def _pop_all(parts: list[np.ndarray]) -> Iterator[np.ndarray]:
    parts.reverse()
    while parts:
        yield parts.pop()


def _raise_too_few(found: _Collected, features: Features, lines: list[str]) -> NoReturn:
    total = sum(found.counts.values())
    if not total:
        why = lines[0] if len(lines) == 1 else f"{len(lines)} files were skipped; the first: {lines[0]}"
        raise LearnError(
            f"no sound to train on: {why}" if lines else "no sound to train on. Name sound files, folders or patches."
        )
    part, count = min(found.counts.items(), key=lambda item: item[1])
    seconds = 2.0 * MIN_COUNT / min(SHARES) * features.hop / features.rate
    raise LearnError(
        f"too few frames: {part} needs at least {MIN_COUNT}, got {count} (of {total} in total). "
        f"Provide at least {seconds:.0f} s of sound.{skipped_note(lines)}"
    )
