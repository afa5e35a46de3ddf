"""``python -m bench.mixtures``: each part of the recipe ``texture`` by itself, and loops beside halves of recordings.

python -m bench.mixtures parts      # mixtures of three pairs, each without or with one part; a few minutes on one core
python -m bench.mixtures loops      # style distances of loops, and of the halves of their sounds
python -m bench.mixtures parts --seconds 3 --style-weight 3
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from nodegraph.files.sound_file import read_samples, resampled
from nodegraph.measures.comparison import compare
from nodegraph.measures.gram import gram_distance
from nodegraph.measures.mono import MonoSound
from nodegraph.measures.texture import texture_distances
from nodegraph.mixtures import MixRecipe, load_recipe, mix_sounds, texture_of_sound
from nodegraph.mixtures.recipe import with_options

from .peers.base import ROOT

AUDIO = ROOT / "patches" / "audio"
PAIRS = (("guit_em9", "loop_tabla"), ("loop_tabla", "guit_em9"), ("guit_harmonics", "ambi_piano"))
# what differs from the recipe: table → entries
PARTS: dict[str, dict[str, dict[str, Any]]] = {
    "the recipe": {},
    "without distributions": {"texture": {"levels": 0.0}},
    "without correlations": {"texture": {"correlation": 0.0}},
    "without modulations": {"texture": {"modulation": 0.0}},
    "without refinement": {"texture": {"refine": 0}},
    "start from noise": {"texture": {"start": "noise"}},
    "gains smoothed over bands": {"texture": {"smoothing": 24.0}},
    "RTISI from content phases": {"phase": {"method": "momentum_rtisi", "look_ahead": 3, "iterations": 16}},
    "RTISI-LA without phases": {"phase": {"method": "rtisi_la"}},
}


@dataclass(frozen=True)
class Size:
    """Seconds of both sounds, or of the loops, iterations of the search, and the factor of the weight of the style."""

    seconds: float
    iterations: int | None
    style_weight: float


def recipe_with(changes: dict[str, dict[str, Any]], size: Size) -> MixRecipe:
    """Return the recipe with other entries in its tables."""
    recipe = load_recipe("texture")
    for table, entries in changes.items():
        recipe = msgspec.structs.replace(recipe, **{table: msgspec.structs.replace(getattr(recipe, table), **entries)})
    return with_options(recipe, iterations=size.iterations, style_weight=size.style_weight)


def sound_of(name: str, rate: float, seconds: float | None = None) -> np.ndarray:
    """Return the mean of the channels of a recording at a sample rate."""
    samples, sound_rate = read_samples(AUDIO / f"{name}.flac")
    sound: np.ndarray = resampled(samples.mean(axis=1), sound_rate, rate)
    return sound if seconds is None else sound[: round(seconds * rate)]


def print_row(name: str, values: Iterable[object]) -> None:
    """Print a name and the cells of a row at once: each takes a minute."""
    print(f"{name:28s}", *(f"{value:>9}" for value in values), flush=True)


def print_parts(size: Size) -> None:
    """Print content and held-out style measures of mixtures, for each pair and part."""
    for pair in PAIRS:
        print_row(" → ".join(pair), ("pitch", "chroma", "onsets", "waveform", "texture", "Gram", "copying", "s"))
        for name, changes in PARTS.items():
            recipe = recipe_with(changes, size)
            rate = recipe.sound.rate
            content, style = (sound_of(sound, rate, size.seconds) for sound in pair)
            mixture = mix_sounds(content, style, recipe)
            found = compare(MonoSound(mixture.samples, rate), MonoSound(content, rate), MonoSound(style, rate))
            values = [found.content[measure] for measure in ("pitch", "chroma", "onsets")]
            values += [mixture.correlation]
            values += [found.style[measure] for measure in ("texture", "gram", "copying")]
            cells = ["–" if value is None else f"{value:.2f}" for value in values]
            print_row(name, [*cells, f"{mixture.seconds:.0f}"])


def print_loops(size: Size) -> None:
    """Print style distances of loops of whole recordings, and of the halves of these recordings."""
    print_row("", ("texture", "of halves", "Gram", "of halves", "copying", "s"))
    for path in sorted(AUDIO.glob("*.flac")):
        recipe = recipe_with({}, size)
        rate = recipe.sound.rate
        sound = sound_of(path.stem, rate)
        loop = texture_of_sound(sound, size.seconds, recipe)
        cells = []
        for distance in (texture_distance, gram_distance):
            first, second = np.array_split(sound, 2)
            cells += [distance(loop.samples, sound, rate), distance(first, second, rate)]
        print_row(path.stem, [*(f"{x:.3f}" for x in cells), f"{loop.copying:.2f}", f"{loop.seconds:.0f}"])


def texture_distance(first: np.ndarray, second: np.ndarray, rate: float) -> float:
    """Return the mean of the texture distances of two sounds."""
    return float(np.mean(list(texture_distances(first, second, rate).values())))


def main() -> None:
    """Print one of the two tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("table", choices=("parts", "loops"))
    parser.add_argument("--seconds", type=float, default=5.0, help="of both sounds, or of the loops (5)")
    parser.add_argument("--iterations", type=int, help="of the search; those of the recipe")
    parser.add_argument("--style-weight", type=float, default=1.0)
    given = parser.parse_args()
    size = Size(given.seconds, given.iterations, given.style_weight)
    {"parts": print_parts, "loops": print_loops}[given.table](size)


if __name__ == "__main__":
    main()
