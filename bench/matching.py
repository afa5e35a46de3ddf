"""``python -m bench.matching``: train estimators of patches, and match sounds that they were not trained on.

For each patch: the mean distance relative to that of the best of 200 random settings, with the model and without it,
and what the confidence is worth. Models are stored in ``bench/results/estimators`` and trained once.

    python -m bench.matching                          # all patches, about two hours on two cores
    python -m bench.matching pluck bells --sounds 10
    python -m bench.matching --recordings FOLDER      # recordings by the synthesizer of the included model
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from nodegraph.estimator.confidence import SURE
from nodegraph.estimator.distance import Target
from nodegraph.estimator.examples import examples
from nodegraph.estimator.matching import Match, Matcher, Proposer
from nodegraph.estimator.parameters import to_unit
from nodegraph.estimator.proposals import proposer_of
from nodegraph.estimator.scoring import Budget
from nodegraph.estimator.target_sound import read_target
from nodegraph.patch import Document, read_patch

from .large_patches import LARGE_PATCHES
from .peers.base import ROOT

PATCHES = ROOT / "patches"
MODELS = ROOT / "bench" / "results" / "estimators"
SYNTHESIZER = "fm_single_note"  # the patch of the included model
SMALL = ("subtractive_voice", "pluck", "feedback_fm", "bells", "lessons/04_envelopes/solutions/reference")
SEED = 1 << 40  # of the sounds that are matched; no training uses it
NEAR = 1.0 / 15.0  # of the range: what counts as within one class
DRAWS = 2048  # random settings that a recording is compared with
SOUNDS = (".wav", ".flac", ".ogg", ".aif", ".aiff")


@dataclass(frozen=True)
class Settings:
    """Sounds of a patch to match, seconds of search for each, and minutes of training.

    The first ``compared`` sounds are also matched without the model, and with a table of ``table`` settings instead.
    """

    sounds: int
    compared: int
    seconds: float
    minutes: float
    table: int


def patch_named(name: str) -> tuple[Document, Path | None]:
    """Return a patch from ``patches/`` or of ``LARGE_PATCHES``, and its file if it has one."""
    if name in LARGE_PATCHES:
        return LARGE_PATCHES[name](), None
    path = PATCHES / f"{name}.json"
    return read_patch(path), path


def model_of(name: str, minutes: float) -> Path:
    """Return the model of a patch, trained for some minutes if there is none yet."""
    if name == SYNTHESIZER:
        return PATCHES / "models" / "fm-single-note.safetensors"
    path = MODELS / f"{Path(name).stem}.safetensors"
    if not path.is_file():
        from nodegraph.estimator import train_estimator

        path.parent.mkdir(parents=True, exist_ok=True)
        document, file = patch_named(name)
        train_estimator(file or document, path, minutes=minutes, compare=False)
    return path


def measure(name: str, settings: Settings) -> list[str]:
    """Return the row of a patch in the table."""
    document, file = patch_named(name)
    started = time.monotonic()
    model = model_of(name, settings.minutes)
    trained = time.monotonic() - started
    with Matcher(document, None, file) as matcher:
        parameters = matcher.parameters
        has_steps = all(parameter.steps for parameter in parameters)
        sounds, values = examples(matcher.renderer, parameters, SEED, range(settings.sounds), only_classes=has_steps)
        proposer = proposer_of(model, document, parameters)
        found = _matches(matcher, sounds, settings, proposer)
        alone = _matches(matcher, sounds[: settings.compared], settings, None)
    with Matcher(document, None, file, table_rows=settings.table) as matcher:
        tabled = _matches(matcher, sounds[: settings.compared], settings, None)
    error = np.stack(
        [np.abs(np.diff(to_unit(parameters, np.stack([m.values, v])), axis=0)[0]) for m, v in zip(found, values)]
    )
    sure = np.stack([m.confidence >= SURE for m in found])
    right = error <= NEAR + 1e-9
    distance = _distance(found)
    return [
        name,
        str(len(parameters)),
        f"{trained / 60.0:.0f}",
        f"{np.mean([m.seconds for m in found]):.1f}",
        f"{np.mean([m.evaluations for m in found]):.0f}",
        f"{distance:.2f}",
        f"{distance / np.mean([m.random_distance for m in found]):.3f}",
        *(_times_nearer(found[: settings.compared], others) for others in (alone, tabled)),
        f"{100.0 * np.mean([m.pearson_stft for m in found]):.1f}",
        f"{100.0 * np.mean([m.pearson_spectrum for m in found]):.1f}",
        f"{100.0 * sure.mean():.0f}",
        f"{100.0 * right[sure].mean():.0f}" if sure.any() else "–",
    ]


def _matches(matcher: Matcher, sounds: np.ndarray, settings: Settings, proposer: Proposer | None) -> list[Match]:
    matcher.prepare()
    has_steps = all(parameter.steps for parameter in matcher.parameters)
    budget = Budget(settings.seconds)
    return [matcher.match(sound, budget, proposer=proposer, only_classes=has_steps) for sound in sounds]


def _times_nearer(found: list[Match], others: list[Match]) -> str:
    """Return how many times nearer matches are than others of the same sounds."""
    return f"{_distance(others) / _distance(found):.2f}" if found and _distance(found) > 0.0 else "–"


def _distance(found: list[Match]) -> float:
    return float(np.mean([match.distance for match in found]))


def recordings_table(files: list[Path], name: str, seconds: float) -> Table:
    """Return a table of recordings that a patch matches: the distance beside the best of 2,048 random settings."""
    table = Table(title=f"recordings by {name}, {seconds:g} s each")
    for column in ("recording", "best of 2,048, dB", "matched, dB", "nearer by, %"):
        table.add_column(column, justify="left" if column == "recording" else "right")
    document, file = patch_named(name)
    gains = []
    with Matcher(document, None, file) as matcher:
        matcher.prepare()
        proposer = proposer_of(model_of(name, 15.0), document, matcher.parameters)
        draws, _ = examples(matcher.renderer, matcher.parameters, SEED + 1, range(DRAWS))
        for path in files:
            target = matcher.at_reachable_level(read_target(path, matcher.seconds, matcher.rate))
            best = float(Target.of(target.samples, matcher.rate).distances(draws).min())
            found = matcher.match(target.samples, Budget(seconds), proposer=proposer)
            gains.append(1.0 - found.distance / best)
            table.add_row(path.name, f"{best:.2f}", f"{found.distance:.2f}", f"{100.0 * gains[-1]:.0f}")
    table.add_row("mean", "", "", f"{100.0 * np.mean(gains):.0f}")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.matching")
    parser.add_argument("patches", nargs="*", default=[SYNTHESIZER, *SMALL, *LARGE_PATCHES])
    parser.add_argument("--sounds", type=int, default=50, help="sounds of each patch")
    parser.add_argument("--compared", type=int, default=10, help="of them also matched without the model")
    parser.add_argument("--seconds", type=float, default=10.0, help="of search for each sound")
    parser.add_argument("--minutes", type=float, default=15.0, help="of training for each patch")
    parser.add_argument("--table", type=int, default=16384, help="rows of the table that is compared")
    parser.add_argument("--recordings", type=Path, help="match the recordings in this folder instead")
    given = parser.parse_args()
    console = Console(width=170)
    if given.recordings:
        files = sorted(path for path in given.recordings.rglob("*") if path.suffix.lower() in SOUNDS)
        console.print(recordings_table(files, given.patches[0], given.seconds))
        return
    table = Table(title=f"{given.sounds} sounds of each patch that no model was trained on")
    for column in ("patch", "controls", "training, min", "search, s", "settings", "distance, dB", "of best of 200"):
        table.add_column(column, justify="left" if column == "patch" else "right", no_wrap=column == "patch")
    for column in ("search alone, ×", "table + search, ×", "ρ STFT", "ρ FT", "sure, %", "of them right, %"):
        table.add_column(column, justify="right")
    settings = Settings(given.sounds, given.compared, given.seconds, given.minutes, given.table)
    for name in given.patches:
        table.add_row(*measure(name, settings))
        console.print(table)


if __name__ == "__main__":
    main()
