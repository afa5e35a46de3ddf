"""Stored results."""

import pytest

from nodegraph.mixtures.errors import MixtureError
from nodegraph.mixtures.paper.stored import delete_results, stored


def test_result_is_computed_once_for_an_identity(tmp_path):
    calls = []

    def compute(path):
        calls.append(path)
        return {"value": len(calls)}

    assert [stored(tmp_path, "a", identity, compute)["value"] for identity in ([1], [1], [2], [1])] == [1, 1, 2, 1]
    assert all(path.parent == tmp_path and path.name.startswith("a-") for path in calls)
    delete_results(tmp_path)
    assert stored(tmp_path, "a", [1], compute)["value"] == 3


def test_damaged_result_is_computed_again(tmp_path):
    stored(tmp_path, "a", 1, lambda path: {"value": 1})
    (file,) = tmp_path.iterdir()
    file.write_text(file.read_text()[:5])
    assert stored(tmp_path, "a", 1, lambda path: {"value": 2}) == {"value": 2}


def test_full_disk_is_one_line_and_leaves_nothing(tmp_path, monkeypatch):
    def full(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nodegraph.mixtures.paper.stored.write_atomic", full)
    with pytest.raises(MixtureError, match=r"not writable .No space left on device.*--folder"):
        stored(tmp_path, "a", 1, lambda path: {})
    assert list(tmp_path.iterdir()) == []
