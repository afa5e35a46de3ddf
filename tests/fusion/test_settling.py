"""A playing patch that settles on fused kernels after each edit plays the samples of rows."""

from __future__ import annotations

from .settling import Settled, run_section


def test_every_edit_settles_and_no_sample_differs_from_rows(tmp_path):
    found = Settled()
    run_section(tmp_path / "edits.flight", 8, 3, 8, found)
    assert found.edits == found.fused == 8
    assert found.samples > 0 and found.differing == 0
