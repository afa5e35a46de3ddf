"""An offline engine that can start again at sample 0 with other knob values, without a new plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from nodegraph.graph import Graph
from nodegraph.plan.keys import PortKey, StateKey
from nodegraph.plan.memory import view
from nodegraph.plan.nodes import seed_of
from nodegraph.quantum import QUANTUM

from .offline import Offline

CHUNK = 16  # quanta rendered before they are transposed: their samples stay in the cache


class RewindableEngine(Offline):
    """Renders a typed graph again and again from its initial state; each render may have other knob values.

    Nodes with helpers (files, recorders) hold state outside the plan: such a graph cannot be rewound, see
    :func:`can_rewind`. Inputs of the patch are silent. ``same_seed`` gives all lanes of a random node the seed of its
    first lane, so that all lanes get the same random numbers. ``seed_ids`` are ids whose seeds other nodes get.
    """

    def __init__(
        self,
        graph: Graph,
        channels: int | None = None,
        same_seed: bool = False,
        seed_ids: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(graph, channels=channels)
        assert self.plan is not None
        self._set_seeds(same_seed, seed_ids or {})
        self._memories = (self.memory, self.plan.memory)
        self._initial = [memory.content() for memory in self._memories]

    def _set_seeds(self, same_seed: bool, ids: Mapping[str, str]) -> None:
        assert self.plan is not None
        document_seed = self.plan.graph.document.seed
        for node in self.plan.graph.typed_nodes:
            for name, state in node.spec.states.items():
                region = self.plan.state.regions.get(StateKey(node.id, node.type, name)) if state.seeded else None
                if region is not None:
                    seeds = view(region.address, region.size // 8, np.int64)
                    id = ids.get(node.id, node.id)
                    seeds[:] = [seed_of(document_seed, id, name, 0 if same_seed else k) for k in range(len(seeds))]

    def rewind(self) -> None:
        """Return to sample 0, with the knob values of the graph."""
        assert self.plan is not None
        for memory, content in zip(self._memories, self._initial, strict=True):
            memory.restore(content)
        for line in self.plan.state.lines.values():
            line.fill(0.0)
        self._leftover = self._leftover[:0]

    def set_initial(self, node: str, port: str, values: Sequence[float] | np.ndarray, lane: int | None = None) -> None:
        """Set the initial values of a knob of the graph, one for each lane; one value sets all lanes, or one ``lane``.

        Call it after :meth:`rewind`, before the first sample. The values are not checked. The knob of a wired input
        has no effect.
        """
        assert self.plan is not None
        knob = self.plan.state.knobs.get(PortKey(node, port))
        if knob is None:
            return
        for array in range(2):  # the current value and the target
            numbers = view(knob.address + array * knob.step, knob.size // 8, np.float64)
            numbers[slice(None) if lane is None else slice(lane, lane + 1)] = values

    def run_channels(self, samples: int, out: np.ndarray | None = None) -> np.ndarray:
        """Return the first samples after :meth:`rewind`: float32 (channels, samples), in ``out`` if it is given."""
        out = np.empty((self.outputs, samples), np.float32) if out is None else out
        chunk = np.empty((CHUNK * QUANTUM, self.outputs), np.float32)
        silence = np.zeros((CHUNK * QUANTUM, max(self.inputs, 1)), np.float32)
        arguments = np.array([self.address, silence.ctypes.data, chunk.ctypes.data], np.int64)
        for start in range(0, samples, len(chunk)):
            wanted = min(samples - start, len(chunk))
            self._process(arguments.ctypes.data, 0, -(-wanted // QUANTUM))
            out[:, start : start + wanted] = chunk[:wanted].T
        return out


def can_rewind(graph: Graph) -> bool:
    """Return whether all state of a graph is in its plan."""
    return not any(node.spec.helpers for node in graph.typed_nodes)
