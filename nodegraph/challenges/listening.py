"""The sounds of a challenge and its verdicts, with engines that are made once."""

from __future__ import annotations

import numpy as np

from nodegraph.engine.offline import Offline
from nodegraph.estimator.rendering import with_setting
from nodegraph.graph import build_graph
from nodegraph.graph.side_effects import without_side_effects
from nodegraph.patch import Document

from .challenge import RATE, SECONDS, Challenge
from .verdict import ChallengeResult, judge


class ChallengeListener:
    """Renders the target and a student's values, and judges them. It must be closed, or used in ``with``."""

    def __init__(self, challenge: Challenge) -> None:
        self.challenge = challenge
        self._renderer = challenge.renderer()
        self._graph = build_graph(challenge.document, RATE, challenge.path)

    def document(self, values: np.ndarray) -> Document:
        """Return the patch with values of its knobs (knobs,)."""
        return with_setting(self._graph, self.challenge.parameters, values)

    def sound(self, values: np.ndarray, rate: float = 44100.0) -> np.ndarray:
        """Return two seconds of the patch at values (knobs,): float32 (samples, channels) at ``rate`` Hz."""
        graph = build_graph(self.document(values), rate, self.challenge.path)
        engine = Offline(without_side_effects(graph))
        try:
            return engine.run(SECONDS)
        finally:
            engine.close()

    def judge(self, values: np.ndarray) -> ChallengeResult:
        """Return the verdict on values (knobs,)."""
        return judge(self.challenge, values, self._renderer)

    def close(self) -> None:
        """Release the engines."""
        self._renderer.close()

    def __enter__(self) -> ChallengeListener:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
