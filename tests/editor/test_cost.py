"""View updates of a large patch: only changes are sent."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from nodegraph.editor.events import NodesMoved, Slide
from nodegraph.editor.presenter import Presenter
from nodegraph.patch import Patch

from .fakes import FakeSound, FakeView

NODES = 200


@pytest.fixture(scope="module")
def large() -> Patch:
    patch = Patch()
    types = ("sine", "ladder", "lfo", "scope_tap")
    ids = [patch.add(types[i % 4]) for i in range(NODES)]
    for i in range(0, NODES, 4):
        sine, ladder, lfo, scope = ids[i : i + 4]
        patch.connect(f"{sine}.out", f"{ladder}.audio")
        patch.connect(f"{lfo}.out", f"{ladder}.cutoff")
        patch.connect(f"{ladder}.out", f"{scope}.audio")
    for i, id in enumerate(ids):
        patch.move(id, 240.0 * (i % 20), 300.0 * (i // 20))
    return patch


@pytest.fixture
def presenter(large, tmp_path):
    presenter = Presenter(FakeView(), FakeSound(), Patch(large.document), tmp_path)
    presenter.desk.canvas = (6000.0, 4000.0)
    return presenter


def calls(presenter, *events) -> Counter:
    before = len(presenter.desk.view.calls)
    for event in events:
        presenter.handle(event)
    return Counter(presenter.desk.view.calls[before:])


def test_slider_sends_only_its_value(presenter):
    calls(presenter, Slide("ladder1", "resonance", 0.1))
    assert calls(presenter, Slide("ladder1", "resonance", 0.2)) - Counter(["set_menus"]) == {"set_value": 1}
    assert calls(presenter, Slide("ladder1", "resonance", 0.3)) == {"set_value": 1}


def test_move_sends_only_the_position(presenter):
    calls(presenter, NodesMoved({"sine1": (1.0, 1.0)}))
    assert calls(presenter, NodesMoved({"sine1": (2.0, 2.0)})) == {"place_node": 1}


def test_idle_display_frames_send_nothing(presenter):
    for k in range(20):
        presenter.tick(0.1 * k)
    before = len(presenter.desk.view.calls)
    for k in range(60):
        presenter.tick(2.0 + k / 60)
    assert presenter.desk.view.calls[before:] == []


def test_live_values_are_refreshed_once_per_cycle(presenter):
    sound = presenter.desk.sound
    for wire in presenter.desk.document.wires:
        sound.values[wire.source_ref] = np.array([0.5])
    before = len(presenter.desk.view.calls)
    for k in range(8):
        presenter.tick(k / 60)
    sent = Counter(presenter.desk.view.calls[before:])
    assert sent["set_value"] == len(presenter.desk.document.wires)


def test_wiring_edit_sends_only_the_nodes_at_its_ends(presenter):
    presenter.desk.select((), [("lfo3.out", "ladder3.cutoff")])
    presenter.refresh()
    before = len(presenter.desk.view.calls)
    presenter.run("delete")
    presenter.refresh()
    sent = Counter(presenter.desk.view.calls[before:])
    assert sent["hide_wire"] == 1 and sent["show_node"] <= 2 and sent["show_wire"] == 0
