"""A corpus of a four-voice synthesizer: random patches, rendered by the engine, split by patch.

It stands in for the MicroKORG recordings of Colonel, Curro & Keene, Improving neural net autoencoders for music
synthesis (AES, 2017): 50,000 frames for training, 10,000 for validation and 10,000 for test, 2048 samples every 512
at 22,050 Hz. No patch is in two parts. What is rendered stays in a folder as pairs of files, the patch (.json) and
its sound (.wav, in all some 370 MB): they can be opened and heard, and rendering goes on where it was interrupted.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nodegraph.files.atomic import write_atomic
from nodegraph.files.sound_file import SoundFileError
from nodegraph.files.sound_output import write_sound
from nodegraph.models.autoencoder import Features
from nodegraph.patch import Document, encode_patch

from .errors import LearnError
from .frames import SILENCE, FrameSets, magnitudes_of
from .polysynth import SeededRandom, random_patch
from .split import PARTS

COUNTS = (50_000, 10_000, 10_000)  # frames of each part
MIN_LEVEL = 10 ** (SILENCE / 20)


@dataclass(frozen=True)
class SynthCorpus:
    """Which corpus: a ``seed``, how many frames in each part, and how many of them from each patch.

    They are drawn from ``seconds`` of the patch, rests left out. Patches are numbered; every third belongs to
    training, the next to validation, the next to test, so that a
    small corpus is the beginning of a large one and never tests what the large one trains.
    """

    seed: int = 0
    counts: tuple[int, int, int] = COUNTS
    per_patch: int = 20
    seconds: float = 1.2
    rate: float = 22050.0
    size: int = 2048
    hop: int = 512

    def __post_init__(self) -> None:
        if min(self.counts) < 1:
            raise LearnError(f"a corpus needs frames in each of its parts, got {self.counts}.")
        if self.per_patch < 1 or self.seed < 0 or self.samples < self.size:
            raise LearnError("a corpus needs a frame or more of each patch, seconds for one window, and a seed from 0.")

    @property
    def samples(self) -> int:
        """Samples rendered of each patch."""
        return round(self.seconds * self.rate)

    @property
    def name(self) -> str:
        """Of its folder: corpora that differ only in their frames share the sounds."""
        return f"synth-{self.seed}-{self.rate:g}Hz-{self.seconds:g}s"


def default_folder() -> Path:
    """Where corpora are kept: ``NODEGRAPH_CORPUS``, else the user's cache folder."""
    from platformdirs import user_cache_dir

    return Path(os.environ.get("NODEGRAPH_CORPUS") or Path(user_cache_dir("nodegraph")) / "corpus")


def synth_frames(
    corpus: SynthCorpus,
    features: Features | None = None,
    folder: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> FrameSets:
    """The magnitudes of a corpus, what is missing in ``folder`` rendered first.

    ``progress(done, total)`` counts frames. Raises LearnError where the folder cannot be written.
    """
    features = features or Features(rate=corpus.rate, size=corpus.size, hop=corpus.hop)
    place = (folder or default_folder()) / corpus.name
    total, before, seconds = sum(corpus.counts), 0, 0.0
    parts: dict[str, np.ndarray] = {}
    names: dict[str, list[str]] = {}
    for index, (part, count) in enumerate(zip(PARTS, corpus.counts)):
        frames = np.empty((count, features.bins), np.float32)
        have, number, names[part] = 0, index, []
        while have < count:
            if progress:
                progress(before + have, total)
            sound = _sound(corpus, number, place / part)
            found = _random_subset(corpus, number, _drop_silent_frames(sound, features))[: count - have]
            frames[have : have + len(found)] = found
            have += len(found)
            if len(found):
                names[part].append(str(place / part / f"{number:06d}.wav"))
                seconds += len(sound) / corpus.rate
            number += len(PARTS)
        parts[part], before = frames, before + count
    return FrameSets(parts["train"], parts["valid"], parts["test"], features=features, seconds=seconds, sources=names)


def render_patch(corpus: SynthCorpus, document: Document) -> np.ndarray:
    """The sound of one patch of a corpus: float32 (samples,)."""
    from nodegraph.engine.offline import Offline

    engine = Offline(document, corpus.rate)
    try:
        return engine.run_samples(corpus.samples)[:, 0]
    finally:
        engine.close()


def _drop_silent_frames(sound: np.ndarray, features: Features) -> np.ndarray:
    """The frames above -60 dB: rests between notes teach nothing, and scaled to a maximum of 1 they are noise."""
    magnitudes = magnitudes_of(sound, features)
    from nodegraph.spectral.windows import window

    full_scale = window(features.window, features.size).sum() / 2
    return magnitudes[magnitudes.max(axis=1) > MIN_LEVEL * full_scale]


def _random_subset(corpus: SynthCorpus, number: int, frames: np.ndarray) -> np.ndarray:
    """As many as each patch gives, at random: neighbours overlap and say nearly the same."""
    order = np.argsort(SeededRandom(corpus.seed, number, 1).numbers(len(frames)), kind="stable")
    return frames[np.sort(order[: corpus.per_patch])]


def _sound(corpus: SynthCorpus, number: int, folder: Path) -> np.ndarray:
    """From the folder if it is there and of this very patch, else rendered and kept."""
    import soundfile

    document = random_patch(corpus.seed, number)
    text = encode_patch(document)
    patch, wav = (folder / f"{number:06d}.{ending}" for ending in ("json", "wav"))
    try:
        if patch.read_bytes() == text:
            sound, _ = soundfile.read(wav, dtype="float32")
            if sound.shape == (corpus.samples,):
                return sound
    except (OSError, RuntimeError):  # not there yet, or cut short
        pass
    sound = render_patch(corpus, document)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        patch.unlink(missing_ok=True)  # it is written last: beside it the sound is whole
        write_sound(wav, sound, corpus.rate)
        write_atomic(patch, text)
    except (OSError, SoundFileError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise LearnError(f"{folder}: the corpus cannot be kept there ({reason.rstrip('.')}).") from None
    return sound
