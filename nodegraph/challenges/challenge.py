"""Challenges: grades, knobs, and the drawing of a challenge from a seed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nodegraph.blocks.registry import node_types
from nodegraph.control.parameters import control_parameter
from nodegraph.control.taper import value_at
from nodegraph.estimator.parameters import Parameter, ParameterError, parameters_of, to_unit
from nodegraph.estimator.probe import are_audible
from nodegraph.estimator.rendering import BatchRenderer, current_setting
from nodegraph.files.demos import demo_folder
from nodegraph.graph import build_graph
from nodegraph.models.parameters import clipped
from nodegraph.patch import Document, migrate_nodes, read_patch
from nodegraph.patch.actions import parse_port_ref

from .tolerance import Tolerance, Tolerances, tolerance_of

FOLDER = "challenges"
SECONDS = 2.0  # that are heard and compared
RATE = 16384.0  # Hz, of the sounds that are compared
CHOICES, DRAWS = 12, 8  # of knobs, and of targets for each, of which the first is taken in which enough knobs are heard
TRIES = 40  # of the value of a knob that is far enough from the start
BEYOND = 1.5  # tolerances; a target is at least so far from the start


class ChallengeError(Exception):
    """A challenge that cannot be made or judged; the message is one line for the user."""


@dataclass(frozen=True)
class Grade:
    """The difficulty of a challenge: how many knobs move, how far, and how near they must be set.

    The target is ``nearest``–``farthest`` from the start, in parts of the range of a knob. ``audible`` knobs at least
    are heard where the target is; others may be decoys, which count as right at any value.
    """

    knobs: int
    nearest: float
    farthest: float
    audible: int
    tolerances: Tolerances


GRADES = {
    1: Grade(1, 0.40, 0.90, 1, Tolerances(pitch=100.0, corner=7.0, level=6.0, ratio=1.6, part=0.25)),
    2: Grade(2, 0.30, 0.80, 2, Tolerances(pitch=60.0, corner=5.0, level=4.0, ratio=1.5, part=0.20)),
    3: Grade(3, 0.20, 0.70, 3, Tolerances(pitch=40.0, corner=4.0, level=3.0, ratio=1.4, part=0.16)),
    4: Grade(4, 0.10, 0.60, 3, Tolerances(pitch=25.0, corner=3.0, level=2.0, ratio=1.3, part=0.12)),
    5: Grade(6, 0.05, 0.50, 4, Tolerances(pitch=15.0, corner=2.0, level=1.5, ratio=1.2, part=0.10)),
}


@dataclass(frozen=True)
class ChallengeKnob:
    """A knob to be set: the parameter of a control, the unit of its input, its text, and its tolerance."""

    parameter: Parameter
    unit: str
    doc: str
    tolerance: Tolerance

    @property
    def name(self) -> str:
        """The name of the control."""
        return self.parameter.name


@dataclass(frozen=True)
class Challenge:
    """A patch to start from, and the values of its knobs in the hidden patch, ``target`` (knobs,).

    ``start`` (knobs,) are those of ``document``; ``path`` is the file of the patch, for the sounds that it uses.
    """

    grade: int
    seed: int
    document: Document
    path: Path
    knobs: tuple[ChallengeKnob, ...]
    start: np.ndarray
    target: np.ndarray

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters of the knobs."""
        return tuple(knob.parameter for knob in self.knobs)

    @property
    def title(self) -> str:
        """The title of the patch, or the name of its file."""
        return self.document.title or self.path.stem

    def renderer(self) -> BatchRenderer:
        """Return a renderer of settings of the knobs, to be closed."""
        return BatchRenderer(self.document, self.parameters, SECONDS, RATE, self.path)

    def values(self, answers: dict[str, float]) -> np.ndarray:
        """Return the values of all knobs (knobs,), those without an answer as they are at the start.

        Raises ChallengeError for an unknown knob or a value out of range.
        """
        values = self.start.copy()
        names = [knob.name for knob in self.knobs]
        for name, value in answers.items():
            if name not in names:
                raise ChallengeError(f"unknown knob '{name}'. Use one of {', '.join(names)}.")
            index = names.index(name)
            parameter = self.parameters[index]
            if not parameter.low <= value <= parameter.high:
                rule = f"must lie in {parameter.low:g}–{parameter.high:g}"
                raise ChallengeError(f"knob '{name}': {rule}, got {value:g}. Choose another value.")
            values[index] = value
        return values


def patch_values(challenge: Challenge, document: Document, path: Path | None) -> np.ndarray:
    """Return the values (knobs,) that a document has for the knobs of a challenge, limited to their ranges.

    Raises ChallengeError if a knob was removed, wired, or has several values; PatchError or GraphError.
    """
    graph = build_graph(document, RATE, path)
    values = []
    for knob in challenge.knobs:
        found = current_setting(graph, [knob.parameter])
        node, port = parse_port_ref(knob.parameter.target)
        if found is None or any(graph.into(*place) for place in graph.knobs_of(node, port)):
            raise ChallengeError(f"knob '{knob.name}': {knob.parameter.target} is not a single value. Undo the edit.")
        values.append(float(found[0]))
    return clipped(challenge.parameters, np.array(values))


def challenge_patches() -> list[Path]:
    """Return the included patches for challenges, by name."""
    return sorted((demo_folder() / FOLDER).glob("*.json"))


def make_challenge(grade: int, seed: int, patch: Path | None = None) -> Challenge:
    """Return the challenge of a grade (1–5) and a seed: equal ones give equal challenges.

    ``patch`` is a patch with controls, by default one of the included ones, drawn by the seed. A smaller patch has as
    many knobs as it has controls. Raises ChallengeError if its controls do not fit or none is heard, PatchError or
    GraphError.
    """
    rules = GRADES[grade]
    rng = np.random.default_rng([grade, seed])
    path = patch or challenge_patches()[rng.integers(len(challenge_patches()))]
    node_types()  # blocks declare migrations when they are imported
    document = migrate_nodes(read_patch(path))
    try:
        parameters = parameters_of(document, None, path)
        start = current_setting(build_graph(document, RATE, path), parameters)
    except ParameterError as error:
        raise ChallengeError(f"{path.name}: {error}") from None
    if start is None:
        raise ChallengeError(f"{path.name}: a control sets several values or a wired input. Remove it.")
    for parameter, value in zip(parameters, start, strict=True):
        if not parameter.low <= value <= parameter.high:
            raise ChallengeError(f"{path.name}: control '{parameter.name}' starts outside its range. Set its value.")
    knobs = tuple(_knob(document, parameter, rules, path) for parameter in parameters)
    best, most = None, 0
    for _ in range(CHOICES):
        chosen = np.sort(rng.choice(len(knobs), min(rules.knobs, len(knobs)), replace=False))
        kept = tuple(knobs[index] for index in chosen)
        challenge = Challenge(grade, seed, document, path, kept, start[chosen], start[chosen])
        target, heard = _target(challenge, rng)
        if heard > most:
            best, most = replace(challenge, target=target), heard
        if most >= min(rules.audible, len(kept)):
            break
    if best is None:
        raise ChallengeError(
            f"{path.name}: no control is heard to move. Check that the patch makes a sound by itself, and the ranges "
            "of its controls."
        )
    return best


def _knob(document: Document, parameter: Parameter, rules: Grade, path: Path) -> ChallengeKnob:
    control = document.controls[parameter.name]
    declared = control_parameter(document, control, path)
    return ChallengeKnob(parameter, declared.declared.unit, control.doc, tolerance_of(declared, rules.tolerances))


def _target(challenge: Challenge, rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """Return a target and the number of knobs that are heard to have moved: enough for the grade, or the most."""
    rules, best, most = GRADES[challenge.grade], challenge.start, 0
    with challenge.renderer() as renderer:
        for _ in range(DRAWS):
            rows = zip(challenge.knobs, challenge.start, strict=True)
            target = np.array([_drawn(knob, value, rules, rng) for knob, value in rows])
            heard = int(swaps_audible(renderer, target, challenge.start).sum())
            if heard > most:
                best, most = target, heard
            if most >= min(rules.audible, len(challenge.knobs)):
                break
    return best, most


def _drawn(knob: ChallengeKnob, start: float, rules: Grade, rng: np.random.Generator) -> float:
    """Draw a value as far from the start as a grade demands; the farthest of several if none of them is."""
    parameter = knob.parameter
    place = float(to_unit([parameter], np.array([[start]]))[0, 0])
    drawn = []
    for _ in range(TRIES):
        if parameter.steps:
            value = float(rng.choice(parameter.steps))
        else:
            moved = place + rng.uniform(rules.nearest, rules.farthest) * rng.choice((-1.0, 1.0))
            if not 0.0 <= moved <= 1.0:
                continue
            value = value_at(moved, parameter.low, parameter.high, parameter.taper)
        if knob.tolerance.units(value, start) >= BEYOND:
            return value
        drawn.append(value)
    return max([parameter.low, parameter.high, *drawn], key=lambda value: knob.tolerance.units(value, start))


def swaps_audible(renderer: BatchRenderer, target: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return for each knob whether its value in ``other``, with all others as in ``target``, changes the sound."""
    count = len(target)
    moves = np.repeat(target[None, None], 2 * count, axis=0).reshape(count, 2, count)
    moves[np.arange(count), 1, np.arange(count)] = other
    return are_audible(renderer, to_unit(renderer.parameters, moves.reshape(-1, count)).reshape(moves.shape))
