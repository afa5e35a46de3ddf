"""Oversampling of a node: its factor, and the delay of the filters around it."""

from __future__ import annotations

from .model import GraphNode

TAPS = 64  # of each phase of the filters, whose delay is half as many samples


def decimator_delay(node: GraphNode, rate: float) -> int:
    """Return the samples at the high rate that complete the latency of the block itself to whole samples."""
    return -_latency(node, rate) % node.oversampling


def oversampled_latency(node: GraphNode, rate: float) -> int:
    """Return the latency of a node in samples, with that of the filters around it."""
    filters = TAPS if node.oversampling > 1 else 0
    return filters + -(-_latency(node, rate) // node.oversampling)


def filter_length(node: GraphNode, quantum: int) -> int:
    """Return the samples that the filters of a node and its fast ports hold in a lane, in quanta of ``quantum``."""
    inputs, outputs = len(node.spec.inputs), len(node.spec.outputs)
    history = TAPS + 1 + quantum
    return history * (inputs + node.oversampling * outputs) + quantum * node.oversampling * (inputs + outputs)


def _latency(node: GraphNode, rate: float) -> int:
    """Return the latency of the block itself, in samples at the rate at which it runs."""
    assert node.cls is not None
    return int(node.cls.latency(node.settings, rate * node.oversampling)) if node.cls.latency else 0
