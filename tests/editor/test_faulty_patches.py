"""A faulty patch opens: its faults are shown, everything else plays, and saving changes nothing."""

from __future__ import annotations

import pytest

from nodegraph.editor.canvas.scene import Scene
from nodegraph.editor.events import PanelEvent
from nodegraph.patch import Patch, SetParam

from .user import SimulatedUser

FAULTY = """{
  "format": "nodegraph",
  "version": 1,
  "nodes": [
    {"id": "osc", "type": "sine"},
    {"id": "bad", "type": "sine", "params": {"frequency": "loud"}},
    {"id": "gone", "type": "sinee"},
    {"id": "amp", "type": "vca"},
    {"id": "out", "type": "audio_out"}
  ],
  "wires": [
    {"from": "osc.out", "to": "out.audio"},
    {"from": "osc.uot", "to": "amp.audio"},
    {"from": "bad.out", "to": "amp.audio"},
    {"from": "osc.out", "to": "amp.adio"},
    {"from": "gone.out", "to": "out.audio"}
  ]
}
"""


@pytest.fixture
def user(tmp_path):
    (tmp_path / "faulty.json").write_text(FAULTY)
    user = SimulatedUser(tmp_path / "home", Patch.load(tmp_path / "faulty.json"))
    user.wait(0.1)
    return user


def test_everything_without_a_fault_plays(user):
    graph = user.sound.played[-1]
    assert set(graph.placeholders) == {"bad", "gone"}
    assert [str(wire) for wire in graph.wires] == ["osc.out → out.audio"]


def test_all_faults_are_shown(user):
    problems = user.desk.typed.problems
    assert len(problems) == 3 and {word for word in ("'loud'", "'uot'", "'adio'") if word in " ".join(problems)}
    broken = {key for key, visual in user.view.wires.items() if visual.broken}
    assert broken == {("osc.uot", "amp.audio"), ("osc.out", "amp.adio")}
    silent = {key for key, visual in user.view.wires.items() if visual.silent}
    assert silent == {("gone.out", "out.audio"), ("bad.out", "amp.audio")}
    assert {id for id, visual in user.view.nodes.items() if visual.badge} == {"osc", "bad", "gone", "amp"}


def test_wire_of_a_missing_port_is_drawn_from_the_title(user):
    scene = Scene()
    for visual in user.view.nodes.values():
        scene.show_node(visual)
    for visual in user.view.wires.values():
        scene.show_wire(visual)
    for key in user.view.wires:
        assert scene.wire_points(key), key
    start = scene.wire_points(("osc.uot", "amp.audio"))[0]
    _, _, right, bottom = scene.nodes["osc"].shape.title
    assert start == pytest.approx((user.view.nodes["osc"].at[0] + right, user.view.nodes["osc"].at[1] + bottom / 2))


def test_saving_keeps_the_faulty_parts(user, tmp_path):
    user.patch.set("osc.frequency", 330.0)
    user.press("ctrl+s")
    saved = (tmp_path / "faulty.json").read_text()
    assert saved == FAULTY.replace('"type": "sine"}', '"type": "sine", "params": {"frequency": 330.0}}')


def test_edits_play_as_long_as_they_add_no_fault(user):
    user.patch.set("osc.frequency", 330.0)
    assert user.sound.changes
    played = len(user.sound.played)
    user.patch.add("saw", "more")
    assert len(user.sound.played) == played + 1
    user.patch.set("more.frequency", 220.0)
    user.patch.disconnect("osc.out", "amp.adio")
    assert len(user.sound.played) == played + 2 and len(user.desk.typed.problems) == 2


def test_edit_that_adds_a_fault_is_not_played_until_it_is_undone(user):
    played = len(user.sound.played)
    user.patch.do(SetParam("osc", "amplitude", "loud"))
    assert len(user.sound.played) == played and len(user.desk.typed.problems) == 4
    user.patch.undo()
    assert len(user.sound.played) == played + 1 and len(user.desk.typed.problems) == 3


def test_all_problems_are_listed_and_lead_to_their_block(user):
    user.wait(0.5)
    problems = user.desk.typed.problems
    assert len(problems) > 2
    assert f"{len(problems) - 1} more in View › Problems." in dict(user.view.status.parts)["problem"]
    user.presenter.run("problems")
    _, rows = user.item("problems", "table").value
    assert [row[0] for row in rows] == list(problems)
    user.send(PanelEvent("problems", "table", (next(i for i, text in enumerate(problems) if "'bad'" in text), 0)))
    assert user.view.selected[0] == {"bad"}
