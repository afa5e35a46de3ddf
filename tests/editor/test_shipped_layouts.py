"""Shipped patches as they open: nothing covers or cuts off a block or comment, and wires run around them."""

from itertools import combinations
from pathlib import Path

import pytest

from nodegraph.editor.canvas.camera import READABLE, visible
from nodegraph.editor.canvas.geometry import note_size, size
from nodegraph.editor.canvas.minimap import Minimap
from nodegraph.editor.canvas.scene import Scene
from nodegraph.editor.dpg.status import HIGH
from nodegraph.editor.dpg.view import MENU_HIGH
from nodegraph.editor.events import Resized
from nodegraph.patch import Patch
from tests.editor.user import SimulatedUser

PATCHES = Path(__file__).parents[2] / "patches"
FILES = sorted(path.relative_to(PATCHES).as_posix() for path in PATCHES.rglob("*.json"))
SIZES = (1280, 720), (1640, 1000), (2560, 1440)


@pytest.fixture(scope="module", params=FILES)
def opened(request, tmp_path_factory):
    user = SimulatedUser(tmp_path_factory.mktemp("home"), Patch.load(PATCHES / request.param))
    yield request.param, user
    user.presenter.close()


def overlap(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def boxes_of(user):
    """Return the boxes of blocks and of comments, without areas."""
    blocks = {id: (*node.at, *size(node)) for id, node in user.view.nodes.items()}
    notes = {id: (*note.at, *note_size(note)) for id, note in user.view.notes.items() if note.size is None}
    return {id: (x, y, x + wide, y + high) for id, (x, y, wide, high) in (blocks | notes).items()}


def scene_of(user):
    scene = Scene()
    for show, visuals in ((scene.show_node, "nodes"), (scene.show_note, "notes"), (scene.show_wire, "wires")):
        for visual in getattr(user.view, visuals).values():
            show(visual)
    scene.settle()
    return scene


def test_blocks_and_comments_do_not_overlap(opened):
    boxes = boxes_of(opened[1])
    assert [pair for pair in combinations(boxes, 2) if overlap(boxes[pair[0]], boxes[pair[1]])] == []


def test_every_wire_has_a_free_way_around_blocks_and_texts(opened):
    scene, behind = scene_of(opened[1]), []
    for key in scene.wires:
        texts = [scene.text_box(id) for id in scene.notes]
        blocks = [shown.box for shown in scene.nodes.values()]
        points = scene.wire_points(key)
        behind += [
            (key, box) for box in (*texts, *blocks)
            if any(box[0] + 1 < x < box[2] - 1 and box[1] + 1 < y < box[3] - 1 for x, y in points)
        ]  # fmt: skip
    assert behind == []
    assert [key for key in scene.wires if not scene.route(key).free] == []


def test_opened_patch_is_readable_and_nothing_is_cut_off_or_below_the_minimap(opened):
    _, user = opened
    for width, height in SIZES:
        user.send(Resized(width, height - MENU_HIGH - HIGH))
        assert user.desk.camera.zoom >= READABLE
        scene, minimap = scene_of(user), Minimap()
        scene.camera, scene.size = user.desk.camera, user.desk.canvas
        minimap.size = scene.size
        assert scene.seen == pytest.approx(visible(user.desk))
        hidden = []
        if minimap.update(scene):
            left, top, right, bottom = minimap.box
            hidden.append((*scene.to_canvas((left, top)), *scene.to_canvas((right, bottom))))
        left, top, right, bottom = scene.seen
        for id, box in boxes_of(user).items():
            whole = (
                box[0] >= left - 0.01 and box[1] >= top - 0.01 and box[2] <= right + 0.01 and box[3] <= bottom + 0.01
            )
            assert whole or not overlap(box, scene.seen), f"{id} is cut off at {width}x{height}"
            assert not any(overlap(box, other) for other in hidden), f"{id} is below the minimap at {width}x{height}"
