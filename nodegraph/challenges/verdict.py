"""The verdict on a student's values, knob by knob."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nodegraph.estimator.parameters import to_unit
from nodegraph.estimator.probe import are_audible
from nodegraph.estimator.rendering import BatchRenderer
from nodegraph.estimator.symmetry import symmetry_of
from nodegraph.graph import build_graph

from .challenge import RATE, Challenge, ChallengeKnob, swaps_audible

WITHIN, SWAPPED, INAUDIBLE, OFF = "within", "swapped", "inaudible", "off"
REASONS = {
    WITHIN: "within the tolerance",
    SWAPPED: "within the tolerance of an interchangeable knob",
    INAUDIBLE: "cannot be told apart by ear",
    OFF: "",
}


@dataclass(frozen=True)
class KnobVerdict:
    """The verdict on one knob: its value, the value of the target that it is compared with, and the reason.

    ``reason`` is "within" (the tolerance), "swapped" (within that of an interchangeable knob), "inaudible" (the value
    gives the same sound) or "off", which alone is wrong.
    """

    knob: ChallengeKnob
    value: float
    target: float
    reason: str

    @property
    def right(self) -> bool:
        """Whether the knob counts as right."""
        return self.reason != OFF

    @property
    def text(self) -> str:
        """The reason as text; of a wrong knob, which side it is on."""
        if self.right:
            return REASONS[self.reason]
        return "too high" if self.value > self.target else "too low"


@dataclass(frozen=True)
class ChallengeResult:
    """The verdicts on all knobs, in their order."""

    challenge: Challenge
    verdicts: tuple[KnobVerdict, ...]

    @property
    def solved(self) -> bool:
        """Whether all knobs are right."""
        return all(verdict.right for verdict in self.verdicts)

    @property
    def summary(self) -> str:
        """The number of right knobs, as a sentence."""
        return f"{sum(verdict.right for verdict in self.verdicts)} of {len(self.verdicts)} knobs right."


def judge(challenge: Challenge, values: np.ndarray, renderer: BatchRenderer) -> ChallengeResult:
    """Return the verdict on values (knobs,), with a renderer of the challenge.

    Of all permutations of interchangeable knobs the most favourable counts. A knob is right if it is within its
    tolerance, or if its value does not change the sound of the target; all are if the sound is that of the target.
    """
    target, order = _nearest(challenge, values)
    units = _tolerances(challenge, values, target)
    place = to_unit(challenge.parameters, np.stack([target, values]))
    same = bool((units > 1.0).any()) and not bool(are_audible(renderer, place[None])[0])
    heard = swaps_audible(renderer, target, values) if (units > 1.0).any() and not same else units > 1.0
    verdicts = []
    for index, knob in enumerate(challenge.knobs):
        if units[index] <= 1.0:
            reason = WITHIN if order[index] == index else SWAPPED
        else:
            reason = INAUDIBLE if same or not heard[index] else OFF
        verdicts.append(KnobVerdict(knob, float(values[index]), float(target[index]), reason))
    return ChallengeResult(challenge, tuple(verdicts))


def _nearest(challenge: Challenge, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the equivalent target with most knobs in their tolerance, and where each value of it comes from."""
    graph = build_graph(challenge.document, RATE, challenge.path)
    best, found = None, (challenge.target, np.arange(len(values)))
    for permutation in symmetry_of(graph, challenge.parameters).permutations():
        order = np.argsort(permutation)
        units = _tolerances(challenge, values, challenge.target[order])
        rank = int((units > 1.0).sum()), float(np.minimum(units, 1e6).sum())
        if best is None or rank < best:
            best, found = rank, (challenge.target[order], order)
    return found


def _tolerances(challenge: Challenge, values: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return how far each value is from the target, in tolerances of its knob."""
    rows = zip(challenge.knobs, values, target, strict=True)
    return np.array([knob.tolerance.units(float(value), float(aim)) for knob, value, aim in rows])
