"""Drawings in nodes take turns: each is updated, whatever time the others take."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from nodegraph.editor.sound import readings
from nodegraph.editor.sound.readings import PERIOD, ReadoutUpdater
from nodegraph.editor.view import Drawing

NODES = tuple(f"n{k}" for k in range(6))


class View:
    probe_wires: dict = {}
    hover_wire = None
    displays = dict.fromkeys(NODES, "curves")

    def __init__(self):
        self.drawn = []

    def read_display(self, node, drawing):
        self.drawn.append(node)


@pytest.fixture
def clock(monkeypatch):
    """A clock that advances when a node is drawn."""
    now = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(readings, "time", SimpleNamespace(perf_counter=lambda: now.seconds))
    return now


@pytest.mark.parametrize(("seconds", "frames"), [(0.0, 2), (1.0, 6)])
def test_every_node_is_drawn_once_before_any_is_drawn_again(clock, seconds, frames):
    def draw(node):
        clock.seconds += seconds
        return Drawing("curves", np.zeros((2, 2)))

    view, sound = View(), SimpleNamespace(engine=SimpleNamespace(rate=44100.0), watch=lambda refs: None)
    updater = ReadoutUpdater(view, sound, str, {"curves": draw})
    for frame in range(frames):
        assert len(set(view.drawn)) == len(view.drawn)
        updater.tick(1.0 + frame * PERIOD)
    assert sorted(view.drawn) == sorted(NODES)
