"""Undo and redo: every step returns the same document, and early steps take little memory."""

import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.patch import Patch, PatchError, encode_patch, history, parse_patch

from .arbitrary import FOREIGN, actions


@given(st.lists(actions | st.sampled_from(["undo", "redo", "save"]), max_size=16))
def test_compact_steps_are_undone_like_complete_ones(steps):
    compact, complete = Patch(parse_patch(FOREIGN.encode())), Patch(parse_patch(FOREIGN.encode()))
    for step in [*steps, *["undo"] * len(steps), *["redo"] * len(steps)]:
        for patch, kept in ((compact, 1), (complete, 10_000)):
            with pytest.MonkeyPatch.context() as changed, suppress(PatchError):
                changed.setattr(history, "COMPLETE_STEPS", kept)
                if step == "save":
                    patch.mark_saved()
                else:
                    getattr(patch, step)() if isinstance(step, str) else patch.do(step)
        assert compact.document == complete.document
        assert encode_patch(compact.document) == encode_patch(complete.document)
        assert compact.saved == complete.saved


def test_early_steps_of_a_large_patch_take_little_memory():
    patch = Patch()
    for k in range(2000):
        patch.add("sine", id=f"n{k}")
    tracemalloc.start()
    try:
        for k in range(300, 400):
            patch.set(f"n{k}.frequency", float(k))
        before = tracemalloc.get_traced_memory()[0]
        for k in range(300):
            patch.set(f"n{k}.frequency", float(k))
        per_step = (tracemalloc.get_traced_memory()[0] - before) / 300
    finally:
        tracemalloc.stop()
    assert per_step < 3_000
    for _ in range(400):
        patch.undo()
    assert all(node.params == {} for node in patch.document.nodes.values())
