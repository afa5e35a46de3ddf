"""Wires run around blocks and comments, in straight lines, if their curve is blocked."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from nodegraph.editor.canvas.routing import Obstacles, Router
from nodegraph.editor.canvas.scene import Scene
from nodegraph.editor.view import NodeRow, NodeVisual, NoteVisual, PinVisual, WireVisual

KEY = ("a.out", "b.in")


def node(id, at):
    rows = (NodeRow("out", "out", "out", PinVisual("signal")), NodeRow("in", "in", "in", PinVisual("signal")))
    return NodeVisual(id, id, "filters", at, 180.0, rows)


def scene_of(*nodes, notes=()):
    scene = Scene()
    for id, at in nodes:
        scene.show_node(node(id, at))
    for i, at in enumerate(notes):
        scene.show_note(NoteVisual(f"note{i}", "one two three four five", at))
    scene.show_wire(WireVisual(KEY, "signal"))
    scene.settle()
    return scene


def crosses(points, box):
    return any(box[0] + 1 < x < box[2] - 1 and box[1] + 1 < y < box[3] - 1 for x, y in points)


def test_wire_with_nothing_in_between_keeps_its_curve():
    route = scene_of(("a", (0.0, 0.0)), ("b", (400.0, 100.0))).route(KEY)
    assert route.direct and route.free


def test_wire_runs_around_a_block_and_back_when_the_block_leaves():
    scene = scene_of(("a", (0.0, 0.0)), ("b", (800.0, 0.0)), ("between", (400.0, 0.0)))
    assert scene.route(KEY).free and not crosses(scene.wire_points(KEY), scene.nodes["between"].box)
    scene.place_node("between", (400.0, 500.0))
    assert scene.settle() == {KEY}
    assert scene.route(KEY).direct


def test_wire_runs_around_a_comment_that_is_added():
    scene = scene_of(("a", (0.0, 0.0)), ("b", (800.0, 0.0)))
    scene.show_note(NoteVisual("note", "one two three four five", (350.0, 35.0)))
    assert scene.settle() == {KEY}
    assert not crosses(scene.wire_points(KEY), scene.note_box("note"))


def test_wire_of_a_block_to_itself_does_not_pass_behind_it():
    scene = Scene()
    scene.show_node(node("a", (0.0, 0.0)))
    scene.show_wire(WireVisual(("a.out", "a.in"), "signal", feedback=True))
    scene.settle()
    assert not crosses(scene.wire_points(("a.out", "a.in")), scene.nodes["a"].box)


def test_enclosed_pin_is_reached_over_blocks_but_not_over_texts():
    text = (200.0, -30.0, 300.0, 90.0)
    walls = [(380.0, -60.0, 600.0, 120.0), text]
    route = Router(Obstacles(walls), Obstacles([text])).route((0.0, 30.0), (450.0, 30.0))
    assert not route.free
    assert not crosses(route.points, text)


def test_wire_finds_its_way_through_a_maze():
    walls = [
        (60.0, -300.0, 80.0, 200.0), (60.0, 200.0, 400.0, 220.0), (60.0, -320.0, 400.0, -300.0),  # open to the right
        (-40.0, -400.0, -20.0, 400.0), (-40.0, 400.0, 520.0, 420.0), (500.0, -200.0, 520.0, 400.0),  # open at the top
        (180.0, -180.0, 200.0, 180.0), (380.0, -180.0, 400.0, 180.0), (180.0, -200.0, 400.0, -180.0),  # open below
    ]  # fmt: skip
    route = Router(Obstacles(walls)).route((0.0, 0.0), (300.0, 0.0))
    assert route.free and len(route.corners) > 6
    assert not any(crosses(route.points, wall) for wall in walls)


boxes = st.builds(
    lambda x, y, w, h: (float(x), float(y), float(x + w), float(y + h)),
    st.integers(0, 900), st.integers(-400, 400), st.integers(30, 200), st.integers(30, 200),
)  # fmt: skip


@given(st.lists(boxes, max_size=8), st.integers(-300, 300), st.integers(-300, 1200), st.integers(-300, 300))
def test_free_routes_meet_no_obstacle_and_join_the_pins(obstacles, down, x, y):
    start, end = (0.0, float(down)), (float(x), float(y))
    route = Router(Obstacles(obstacles)).route(start, end)
    assert (route.points[0], route.points[-1]) == (start, end)
    assume(route.free)
    assert not any(crosses(route.points, box) for box in obstacles)


def test_parallel_wires_from_different_pins_keep_a_distance():
    router = Router(Obstacles([(100.0, -100.0, 300.0, 100.0)]))
    first, second = (router.route((0.0, y), (400.0, y)) for y in (0.0, 20.0))
    rows = [{round(y, 1) for _, y in route.corners[2:4]} for route in (first, second)]
    assert rows[0].isdisjoint(rows[1])
