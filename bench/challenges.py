"""``python -m bench.challenges``: verdicts on challenges by ear, compared with a truth from sounds alone.

Simulated students answer generated challenges. Each of their knobs is exact, within the tolerance, a little outside,
anywhere, or as at the start, and knobs with equal ranges may change places. The truth uses other sounds (stereo, single
renders) and another distance (multi-resolution STFT) than the verdict, and no graph. A knob is right in truth if its
value alone moves the sound of the target by no more than the same knob does when it is planted one tolerance off, on
the same side, or by no more than a gain that is just noticeable. Distances saturate (two trills of different speed are
as far apart as any), so this must hold on the whole way from the target to the value. Of all exchanges of values
between knobs of equal ranges that leave the sound of the target as it is, the most favourable counts.
"""

from __future__ import annotations

import argparse
from collections import Counter
from itertools import permutations, product

import numpy as np

from nodegraph.challenges import GRADES, Challenge, ChallengeListener, make_challenge
from nodegraph.measures.multi_resolution import multi_resolution_stft

RATE = 22050.0  # Hz
NOTICEABLE = 0.4  # dB; least difference in level of noise that is heard (Miller, J. Acoust. Soc. Am., 1947)
ANSWERS = 4  # simulated students of a challenge
KINDS = ("exact", "within", "outside", "anywhere", "start")
WAY = (0.5, 1.2, 1.5, 2.0, 3.0)  # tolerances at which the way from the target to a value is heard
INSIDE, OUTSIDE = (0.0, 0.9), (1.1, 3.0)  # tolerances


def simulated_answer(challenge: Challenge, rng: np.random.Generator) -> np.ndarray:
    """Return the values (knobs,) of a simulated student."""
    values = challenge.target.copy()
    for index, knob in enumerate(challenge.knobs):
        low, high = knob.parameter.low, knob.parameter.high
        kind = rng.choice(KINDS)
        if kind in ("within", "outside"):
            size = rng.uniform(*(INSIDE if kind == "within" else OUTSIDE)) * rng.choice((-1.0, 1.0))
            values[index] = knob.tolerance.moved(challenge.target[index], size)
        elif kind == "anywhere":
            values[index] = rng.uniform(low, high)
        elif kind == "start":
            values[index] = challenge.start[index]
        values[index] = np.clip(values[index], low, high)
    return values


def exchanges(challenge: Challenge) -> np.ndarray:
    """Return all orders (N, knobs) of knobs in which those of equal ranges change places, the identity first."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for index, knob in enumerate(challenge.knobs):
        parameter = knob.parameter
        groups.setdefault((parameter.low, parameter.high, parameter.taper, knob.unit), []).append(index)
    orders = []
    for places in product(*(permutations(group) for group in groups.values())):
        order = np.arange(len(challenge.knobs))
        for group, place in zip(groups.values(), places, strict=True):
            order[group] = place
        orders.append(order)
    return np.array(orders)


class Truth:
    """Which knobs of an answer are right, by sounds alone."""

    def __init__(self, listener: ChallengeListener) -> None:
        self.listener, self.challenge = listener, listener.challenge
        self._sounds: dict[bytes, np.ndarray] = {}
        target = self.sound(self.challenge.target)
        self.noticeable = multi_resolution_stft(target * 10.0 ** (NOTICEABLE / 20.0), target)
        self.orders = [order for order in exchanges(self.challenge) if self._is_same(self.challenge.target[order])]
        self.targets = [self.challenge.target[order] for order in self.orders]

    def of(self, values: np.ndarray) -> np.ndarray:
        """Return which knobs are right: bool (knobs,)."""
        if self._is_same(values):
            return np.ones(len(values), bool)
        return max((self._near(values, target) for target in self.targets), key=np.sum)

    def _is_same(self, values: np.ndarray) -> bool:
        return self.distance(values, self.challenge.target) <= self.noticeable

    def _near(self, values: np.ndarray, target: np.ndarray) -> np.ndarray:
        found = np.zeros(len(values), bool)
        for index, knob in enumerate(self.challenge.knobs):
            parameter, side = knob.parameter, 1.0 if values[index] > target[index] else -1.0
            planted = float(np.clip(knob.tolerance.moved(target[index], side), parameter.low, parameter.high))
            limit = max(self.distance(self._with(target, index, planted), target), self.noticeable)
            way = (knob.tolerance.moved(target[index], side * step) for step in WAY)
            passed = [value for value in way if side * value < side * values[index]]
            found[index] = all(
                self.distance(self._with(target, index, value), target) <= limit for value in (*passed, values[index])
            )
        return found

    def _with(self, target: np.ndarray, index: int, value: float) -> np.ndarray:
        moved = target.copy()
        moved[index] = value
        return moved

    def distance(self, values: np.ndarray, target: np.ndarray) -> float:
        """Return the distance of the sounds of two settings."""
        return multi_resolution_stft(self.sound(values), self.sound(target))

    def sound(self, values: np.ndarray) -> np.ndarray:
        """Return the sound of a setting: float64 (samples,)."""
        key = values.tobytes()
        if key not in self._sounds:
            self._sounds[key] = self.listener.sound(values, RATE).mean(axis=1, dtype=np.float64)
        return self._sounds[key]


def compared(count: int, answers: int = ANSWERS, seed: int = 0) -> list[tuple[int, str, bool, bool, str]]:
    """Return for each knob of each answer: grade, name, verdict, truth, reason."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        challenge = make_challenge(1 + number % len(GRADES), seed + number)
        with ChallengeListener(challenge) as listener:
            truth = Truth(listener)
            for _ in range(answers):
                orders = truth.orders if rng.random() < 0.5 else exchanges(challenge)
                values = simulated_answer(challenge, rng)[rng.choice(orders)]
                verdicts, right = listener.judge(values).verdicts, truth.of(values)
                rows += [
                    (challenge.grade, f"{challenge.path.stem}.{one.knob.name}", one.right, bool(true), one.reason)
                    for one, true in zip(verdicts, right, strict=True)
                ]
    return rows


def agreement(rows: list[tuple[int, str, bool, bool, str]]) -> float:
    """Return the part of knobs whose verdict agrees with the truth."""
    return float(np.mean([verdict == truth for _, _, verdict, truth, _ in rows]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50, help="challenges, ten of each grade for 50")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--verbose", action="store_true", help="print each disagreement")
    options = parser.parse_args()
    rows = compared(options.count, seed=options.seed)
    print("| grade | knobs | right | agreement |\n|---|---|---|---|")
    for grade in (*GRADES, "all"):
        part = [row for row in rows if grade in ("all", row[0])]
        if part:
            right = sum(row[3] for row in part)
            print(f"| {grade} | {len(part)} | {right} | {100.0 * agreement(part):.1f} % |")
    print("reasons:", dict(Counter(reason for *_, reason in rows)))
    if options.verbose:
        for row in rows:
            if row[2] != row[3]:
                print(row)


if __name__ == "__main__":
    main()
