"""One mixture of a pair as a sound file that is kept, with its measures, in a folder of results."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from nodegraph.files.sound_file import read_sound
from nodegraph.files.sound_output import write_sound
from nodegraph.learn.checkpoint import path_of
from nodegraph.learn.errors import LearnError

from ..mixture import MixObserver, Mixture, mix
from ..optimise import Step
from ..recipe import MixRecipe
from ..weight_file import read_weights
from .pair_sounds import pair_sound
from .pairs import PAIRS, Pair
from .stored import Result, stored, unwritable

Progress = Callable[[float, str], None]
Measure = Callable[[np.ndarray, np.ndarray, np.ndarray, float], Result]
"""Called with the mixture, the content and the style (samples,), and their rate in Hz."""


@dataclass
class Run:
    """A run over pairs: where results are stored, a file of weights for VGG-19, and callbacks.

    ``progress(share, label)`` reports the share that is done, 0–1; ``stop`` returns whether to stop.
    """

    folder: Path
    pairs: tuple[Pair, ...] = PAIRS
    seed: int = 0
    weights: Path | None = None
    device: str | None = None
    progress: Progress = lambda share, label: None
    stop: Callable[[], bool] = lambda: False
    done: float = field(default=0.0, init=False)  # share that is done
    weights_digest: str = field(default="", init=False)

    def __post_init__(self) -> None:
        """Check the weights and the folder. Raises MixtureError."""
        if self.weights is not None:
            self.weights_digest = read_weights(self.weights)[1]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(self.folder, error) from None

    def check_stop(self) -> None:
        """Raise KeyboardInterrupt if a stop was requested."""
        if self.stop():
            raise KeyboardInterrupt

    def report(self, share: float, label: str) -> None:
        """Report a share of the run that is done beyond the finished results."""
        self.progress(min(self.done + share, 1.0), label)

    def advance(self, share: float) -> None:
        """Add a share of the run that is done."""
        self.done = min(self.done + share, 1.0)


def cut(name: str, rate: float, seconds: float) -> np.ndarray:
    """Return the first seconds of a sound of a pair at a rate: float32 (samples,)."""
    return pair_sound(name, rate)[: round(seconds * rate)]


def rendition(run: Run, pair: Pair, recipe: MixRecipe, label: str, share: float, measure: Measure) -> Result:
    """Return the measures of a mixture, its ``file``, ``weights``, losses and ``elapsed`` seconds; stored if made.

    ``share`` is that of the run. A stopped mixture leaves a checkpoint, from which the same call continues. Raises
    KeyboardInterrupt if the run was stopped.
    """
    rate, seconds = recipe.sound.rate, recipe.sound.seconds
    content, style = (cut(name, rate, seconds) for name in (pair.content, pair.style))

    def make(path: Path) -> Result:
        run.check_stop()
        output = path.with_name(path.name + ".wav")
        files = (
            _sound_file(run.folder, pair.content, content, rate),
            _sound_file(run.folder, pair.style, style, rate),
        )
        found = _mixed(run, *files, output, recipe, label, share)
        measures = measure(found.samples, content, style, rate)
        return {
            "file": output.name,
            "weights": found.weights,
            "losses": [found.start_loss, found.loss],
            "elapsed": found.seconds,
            **measures,
        }

    weights = run.weights_digest if recipe.image is not None else ""
    identity = [recipe.plain(), run.seed, weights, [_digest(sound) for sound in (content, style)]]
    found = stored(run.folder, slug(label), identity, make)
    run.advance(share)
    return found


def rendered(run: Run, result: Result, rate: float) -> np.ndarray:
    """Return the sound of a rendition (samples,) at ``rate`` Hz. Raises SoundFileError."""
    return read_sound(run.folder / result["file"], rate)[:, 0]


def slug(label: str) -> str:
    """Return a label as part of the name of a file."""
    return "-".join("".join(c if c.isalnum() or c in "._" else " " for c in label).split())


def _mixed(run: Run, content: Path, style: Path, output: Path, recipe: MixRecipe, label: str, share: float) -> Mixture:
    """Return a mixture; continue from its checkpoint if there is a usable one."""

    def report(step: Step) -> None:
        run.report(share * step.done / step.total, f"{label}, iteration {step.done} of {step.total}")

    observer = MixObserver(progress=report, stop=run.stop)

    def made(resume: bool) -> Mixture:
        return mix(
            content,
            style,
            output,
            recipe,
            seed=run.seed,
            weights=run.weights if recipe.image is not None else None,
            device=run.device,
            resume=resume,
            observer=observer,
        )

    found = None
    if path_of(output).exists():
        with suppress(LearnError):  # damaged, or of another version
            found = made(True)
    found = found or made(False)
    if found.stopped:
        output.unlink(missing_ok=True)
        raise KeyboardInterrupt
    return found


def _sound_file(folder: Path, name: str, sound: np.ndarray, rate: float) -> Path:
    """Return the file of a content or style; written if it is missing."""
    path = folder / f"{slug(name)}-{_digest(sound)[:12]}.wav"
    if not path.exists():
        write_sound(path, sound, rate)
    return path


def _digest(sound: np.ndarray) -> str:
    return hashlib.sha256(sound.tobytes()).hexdigest()
