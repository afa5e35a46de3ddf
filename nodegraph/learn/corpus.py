"""A corpus of a four-voice synthesizer: random patches, rendered by the engine, split by patch.

It replaces the MicroKORG recordings of Colonel, Curro & Keene, Improving neural net autoencoders for music
synthesis (AES, 2017): 50,000 frames for training, 10,000 for validation and 10,000 for test, 2048 samples every 512
at 22,050 Hz. No patch is in two parts. Rendered patches are stored in a folder as pairs of files, the patch (.json)
and its sound (.wav, about 370 MB in all). They can be opened, and an interrupted rendering resumes from them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nodegraph.files.atomic import write_atomic
from nodegraph.files.folders import cache_folder
from nodegraph.files.sound_file import SoundFileError
from nodegraph.files.sound_output import write_sound
from nodegraph.models.autoencoder import Features
from nodegraph.patch import Document, encode_patch

from .errors import LearnError
from .frames import SILENCE, FrameSets, magnitudes_of
from .polysynth import SeededRandom, random_patch
from .split import PARTS

COUNTS = (50_000, 10_000, 10_000)  # frames of each part
PART_OF_SEVEN = (0, 0, 0, 1, 0, 0, 2)  # the part of each patch if their number is given
MIN_LEVEL = 10 ** (SILENCE / 20)


@dataclass(frozen=True)
class SynthCorpus:
    """The settings of a corpus: ``seed``, maximum frames in each part, and frames from each patch.

    Frames are drawn from ``seconds`` of the patch, without rests. Patches are numbered: 0, 3, 6 … are for training,
    1, 4, 7 … for validation, 2, 5, 8 … for test, as many as the frames need. A small corpus is therefore the beginning
    of a large one, and never tests a patch that the large one trains on. With a number of ``patches``, there are no
    others, and five of seven are for training.
    """

    seed: int = 0
    counts: tuple[int, int, int] = COUNTS
    per_patch: int = 20
    seconds: float = 1.2
    rate: float = 22050.0
    size: int = 2048
    hop: int = 512
    patches: int | None = None

    def __post_init__(self) -> None:
        if self.patches is not None and self.patches < len(PART_OF_SEVEN):
            raise LearnError(f"corpus: needs at least {len(PART_OF_SEVEN)} patches, got {self.patches}.")
        if min(self.counts) < 1:
            raise LearnError(f"corpus: every part needs at least 1 frame, got {self.counts}.")
        if self.per_patch < 1 or self.seed < 0 or self.samples < self.size:
            raise LearnError("corpus: needs 1 frame or more per patch, seconds for one window, and a seed from 0.")

    @property
    def samples(self) -> int:
        """Samples rendered from each patch."""
        return round(self.seconds * self.rate)

    @property
    def name(self) -> str:
        """Name of the corpus folder; corpora that differ only in their frames share it."""
        few = f"-{self.patches}-patches" if self.patches else ""
        return f"synth-{self.seed}-{self.rate:g}Hz-{self.seconds:g}s{few}"

    def numbers(self, part: int) -> Iterator[int]:
        """Return the numbers of the patches of a part, 0 to 2."""
        if self.patches is None:
            return itertools.count(part, len(PARTS))
        return (n for n in range(self.patches) if PART_OF_SEVEN[n % len(PART_OF_SEVEN)] == part)


KORG = SynthCorpus(per_patch=547, seconds=12.8, patches=128)  # as many patches as the MicroKORG has programs


def default_folder() -> Path:
    """Return the folder of corpora: ``NODEGRAPH_CORPUS``, else the user's cache folder."""
    return cache_folder("corpus")


def synth_frames(
    corpus: SynthCorpus,
    features: Features | None = None,
    folder: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> FrameSets:
    """Return the magnitudes of a corpus; sounds missing in ``folder`` are rendered first.

    ``progress(done, total)`` counts frames. Raises LearnError if the folder is not writable.
    """
    features = features or Features(rate=corpus.rate, size=corpus.size, hop=corpus.hop)
    place = (folder or default_folder()) / corpus.name
    total, before, seconds = sum(corpus.counts), 0, 0.0
    parts: dict[str, np.ndarray] = {}
    names: dict[str, list[str]] = {part: [] for part in PARTS}
    lengths: dict[str, list[int]] = {part: [] for part in PARTS}
    for index, (part, count) in enumerate(zip(PARTS, corpus.counts)):
        frames = np.empty((count, features.bins), np.float32)
        have = 0
        for number in corpus.numbers(index):
            if have >= count:
                break
            if progress:
                progress(before + have, total)
            sound = _sound(corpus, number, place / part)
            found = _random_subset(corpus, number, _drop_silent_frames(sound, features))[: count - have]
            frames[have : have + len(found)] = found
            have += len(found)
            if len(found):
                names[part].append(str(place / part / f"{number:06d}.wav"))
                lengths[part].append(len(found))
                seconds += len(sound) / corpus.rate
        if not have:
            raise LearnError(f"corpus: no frame of {part} is above -60 dB. Use more patches.")
        parts[part], before = frames[:have], before + count
    return FrameSets(
        parts["train"], parts["valid"], parts["test"],
        features=features, seconds=seconds, sources=names, lengths=lengths,
    )  # fmt: skip


def render_patch(corpus: SynthCorpus, document: Document) -> np.ndarray:
    """Render one patch of a corpus: float32 (samples,)."""
    from nodegraph.engine.offline import Offline

    engine = Offline(document, corpus.rate)
    try:
        return engine.run_samples(corpus.samples)[:, 0]
    finally:
        engine.close()


def _drop_silent_frames(sound: np.ndarray, features: Features) -> np.ndarray:
    """Return the frames above -60 dB; scaled to a maximum of 1, rests between notes would be noise."""
    magnitudes = magnitudes_of(sound, features)
    from nodegraph.spectral.windows import window

    full_scale = window(features.window, features.size).sum() / 2
    return magnitudes[magnitudes.max(axis=1) > MIN_LEVEL * full_scale]


def _random_subset(corpus: SynthCorpus, number: int, frames: np.ndarray) -> np.ndarray:
    """Draw ``per_patch`` frames at random, since neighbouring frames overlap and are nearly equal."""
    order = np.argsort(SeededRandom(corpus.seed, number, 1).numbers(len(frames)), kind="stable")
    return frames[np.sort(order[: corpus.per_patch])]


def _sound(corpus: SynthCorpus, number: int, folder: Path) -> np.ndarray:
    """Read the sound of a patch from the folder; if it is missing or outdated, render and store it."""
    import soundfile

    document = random_patch(corpus.seed, number)
    text = encode_patch(document)
    patch, wav = (folder / f"{number:06d}.{ending}" for ending in ("json", "wav"))
    try:
        if patch.read_bytes() == text:
            sound, _ = soundfile.read(wav, dtype="float32")
            if sound.shape == (corpus.samples,):
                return sound
    except (OSError, RuntimeError):  # missing or truncated
        pass
    sound = render_patch(corpus, document)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        patch.unlink(missing_ok=True)  # written last, so that a patch file implies a complete sound
        write_sound(wav, sound, corpus.rate)
        write_atomic(patch, text)
    except (OSError, SoundFileError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise LearnError(f"{folder}: not writable ({reason.rstrip('.')}). Choose another folder.") from None
    return sound
