"""Blocks and comments of shipped patches do not cover each other."""

from itertools import combinations
from pathlib import Path

import pytest

from nodegraph.editor.canvas.geometry import note_size, size
from nodegraph.patch import Patch
from tests.editor.user import SimulatedUser

PATCHES = Path(__file__).parents[2] / "patches"
FILES = sorted(path.relative_to(PATCHES).as_posix() for path in PATCHES.rglob("*.json"))


def overlap(a, b):
    (left, top, wide, high), (other_left, other_top, other_wide, other_high) = a, b
    across = left < other_left + other_wide and other_left < left + wide
    return across and top < other_top + other_high and other_top < top + high


@pytest.mark.parametrize("name", FILES)
def test_blocks_and_comments_do_not_overlap(name, tmp_path):
    user = SimulatedUser(tmp_path, Patch.load(PATCHES / name))
    boxes = {id: (*node.at, *size(node)) for id, node in user.view.nodes.items()}
    boxes |= {id: (*note.at, *note_size(note)) for id, note in user.view.notes.items() if note.size is None}
    assert [pair for pair in combinations(boxes, 2) if overlap(boxes[pair[0]], boxes[pair[1]])] == []
    user.presenter.close()
