"""What can be heard of a patch's parameters: which are interchangeable, which are inaudible, and under which switch.

Interchangeable parameters follow from the graph, exactly. Audibility is measured: each parameter moves through its
range at random settings of the others, a part of which lie at the ends of their ranges, where switches are.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from nodegraph.graph import build_graph

from .distance import ENVELOPE_WEIGHT, features, mean_size
from .parameters import Parameter, from_unit, to_unit
from .rendering import BatchRenderer
from .symmetry import Symmetry, connected, symmetry_of

SETTINGS = 160  # random settings at which each parameter moves
MAX_SECONDS = 30.0
TESTS = 0.3  # part of this time that is left for the test of switches
PLACES = (0.0, 0.37, 0.71, 1.0)  # positions that a parameter takes: uneven, because its effect may be periodic
END = 0.15  # probability that a parameter lies at the lower end of its range; that of the upper end is the same
RANGE = 60.0  # dB below the loudest band at which a band counts as silent
AUDIBLE = 0.05  # dB; a parameter with a smaller effect is inaudible
CHANCE = 0.02  # probability below which a switch is not a coincidence; it is then tested at other settings
TRIALS = 20  # settings for this test
AT_END = 0.04  # width of an interval of positions that counts as one end of a range
LANES_BATCH, BATCH = 32, 4  # settings analysed together, for a patch that renders as lanes and for others


@dataclass(frozen=True)
class Switch:
    """Parameter ``parameter`` is inaudible while the position of parameter ``by`` lies in ``low``–``high``.

    One of the two is 0 or 1. Parameters are given by their index.
    """

    parameter: int
    by: int
    low: float
    high: float


@dataclass(frozen=True)
class Probe:
    """The result of probing a patch.

    ``audible_part`` is the part of random settings at which each parameter is audible, float64 (P,); ``wired`` tells
    which parameters have a path of wires to an output, bool (P,). ``settings`` is the number of random settings.
    """

    parameters: tuple[Parameter, ...]
    symmetry: Symmetry
    wired: np.ndarray
    audible_part: np.ndarray
    switches: tuple[Switch, ...]
    settings: int

    @property
    def inaudible(self) -> tuple[int, ...]:
        """The parameters that were inaudible at all settings."""
        return tuple(int(index) for index in np.flatnonzero(self.audible_part == 0.0))

    def audible(self, values: np.ndarray) -> np.ndarray:
        """Return which parameters are audible at settings (N, P) in the units of the ports: bool (N, P)."""
        positions = to_unit(self.parameters, np.atleast_2d(values))
        mask = np.repeat((self.audible_part > 0.0)[None], len(positions), axis=0)
        for switch in self.switches:
            by = positions[:, switch.by]
            mask[(by >= switch.low) & (by <= switch.high), switch.parameter] = False
        return mask

    def describe(self) -> list[str]:
        """Return one line for each group of interchangeable parameters and each cause of inaudibility, with names."""
        names = [parameter.name for parameter in self.parameters]
        lines = self.symmetry.describe(names)
        unwired = [index for index in self.inaudible if not self.wired[index]]
        silent = [index for index in self.inaudible if self.wired[index]]
        if unwired:
            lines.append(f"not wired to an output: {', '.join(names[i] for i in unwired)}")
        if silent:
            lines.append(f"inaudible: {', '.join(names[i] for i in silent)}")
        grouped: dict[str, list[str]] = {}
        for switch in self.switches:
            grouped.setdefault(self._condition(switch), []).append(names[switch.parameter])
        return lines + [f"inaudible while {condition}: {', '.join(found)}" for condition, found in grouped.items()]

    def _condition(self, switch: Switch) -> str:
        parameter = self.parameters[switch.by]
        if switch.high - switch.low <= AT_END:
            end, value = ("minimum", parameter.low) if switch.low == 0.0 else ("maximum", parameter.high)
            return f"{parameter.name} is at its {end}, {value:g}"
        edge = switch.high if switch.low == 0.0 else switch.low
        value = float(from_unit([parameter], np.array([[edge]]))[0, 0])
        return f"{parameter.name} is {'below' if switch.low == 0.0 else 'above'} {value:.3g}"


def probe(
    renderer: BatchRenderer, seed: int = 0, settings: int = SETTINGS, seconds: float | None = MAX_SECONDS
) -> Probe:
    """Probe the parameters of a renderer's patch.

    The result depends on ``seed`` and ``settings`` only, unless ``seconds`` pass before all settings are rendered:
    the others, and switches that were not tested, are then left out.
    """
    parameters = renderer.parameters
    graph = build_graph(renderer.document, renderer.rate, renderer.path)
    wired = np.array(connected(graph, parameters), bool)
    rng = np.random.default_rng(seed)
    end = np.inf if seconds is None else time.monotonic() + seconds
    batch = LANES_BATCH if renderer.as_lanes else BATCH
    positions = _positions(rng, settings, len(parameters))
    audible = np.zeros((settings, len(parameters)), bool)
    done = 0
    for start in range(0, settings, batch):
        chunk = positions[start : start + batch]
        for index in np.flatnonzero(wired):
            audible[start : start + len(chunk), index] = _is_audible(renderer, chunk, int(index))
        done += len(chunk)
        if seconds is not None and time.monotonic() > end - TESTS * seconds:
            break
    positions, audible = positions[:done], audible[:done]
    switches = []
    for index in np.flatnonzero(audible.any(axis=0)):
        for switch in _suspects(positions, audible[:, index], int(index)):
            if time.monotonic() > end:
                break
            end_only = replace(switch, high=0.0) if switch.low == 0.0 else replace(switch, low=1.0)
            confirmed = (tried for tried in (switch, end_only) if _is_switch(renderer, tried, rng))
            switches += list(islice(confirmed, 1))
    return Probe(parameters, symmetry_of(graph, parameters), wired, audible.mean(axis=0), tuple(switches), done)


def audible_at(renderer: BatchRenderer, position: np.ndarray) -> np.ndarray:
    """Return which parameters are audible when they move through their ranges from one setting (P,): bool (P,)."""
    rows = np.arange(len(position))
    moved = np.tile(position, (len(position), len(PLACES), 1))
    moved[rows, :, rows] = PLACES
    return are_audible(renderer, moved)


def are_audible(renderer: BatchRenderer, moves: np.ndarray) -> np.ndarray:
    """Return which of several moves change the sound: bool (N,). A move is several positions (N, places, P)."""
    sounds = renderer.render(from_unit(renderer.parameters, moves.reshape(-1, moves.shape[2])))
    spectra, envelopes = features(sounds, renderer.rate)
    effects = np.zeros(len(moves))
    for found, weight in ((spectra, 1.0), (envelopes, ENVELOPE_WEIGHT)):
        found = found.reshape(len(moves), moves.shape[1], -1)
        np.maximum(found, found.max(axis=(1, 2), keepdims=True) - np.float32(RANGE), out=found)
        rest = (found[:, 1:] - found[:, :1]).reshape(-1, found.shape[2])
        effects += weight * mean_size(rest).reshape(len(moves), -1).max(axis=1)
    audible: np.ndarray = effects > AUDIBLE
    return audible


def _positions(rng: np.random.Generator, count: int, parameters: int) -> np.ndarray:
    """Draw positions (count, parameters), a part of them exactly 0 or 1."""
    chance = rng.random((count, parameters))
    positions = rng.random((count, parameters))
    positions[chance < END] = 0.0
    positions[chance > 1.0 - END] = 1.0
    return positions


def _is_audible(renderer: BatchRenderer, positions: np.ndarray, index: int) -> np.ndarray:
    """Return for each setting (N, P) whether moving a parameter through its range is audible: bool (N,)."""
    moved = np.repeat(positions[:, None], len(PLACES), axis=1)
    moved[:, :, index] = PLACES
    return are_audible(renderer, moved)


def _suspects(positions: np.ndarray, audible: np.ndarray, index: int) -> list[Switch]:
    """Return the intervals at an end of other parameters in which a parameter was never audible, unlikely by chance."""
    part = audible.mean()
    found = []
    for by in range(positions.shape[1]):
        if by == index:
            continue
        place = positions[:, by]
        lowest, highest = place[audible].min(), place[audible].max()
        for low, high, inside in ((0.0, lowest, place < lowest), (highest, 1.0, place > highest)):
            if inside.any() and (1.0 - part) ** inside.sum() < CHANCE:
                edge = place[inside].max() if low == 0.0 else place[inside].min()
                found.append(
                    Switch(index, by, low, float(edge)) if low == 0.0 else Switch(index, by, float(edge), high)
                )
    return found


def _is_switch(renderer: BatchRenderer, switch: Switch, rng: np.random.Generator) -> bool:
    """Return whether other random settings confirm a switch: the parameter is audible only outside the interval."""
    inside = _positions(rng, TRIALS, len(renderer.parameters))
    outside = inside.copy()
    inside[:, switch.by] = rng.uniform(switch.low, switch.high, TRIALS)
    outside[:, switch.by] = 1.0 if switch.low == 0.0 else 0.0
    heard = _is_audible(renderer, np.concatenate([inside, outside]), switch.parameter)
    return not heard[:TRIALS].any() and bool(heard[TRIALS:].any())
