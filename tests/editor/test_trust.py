"""Programs of the open patch: silent, reported, and trusted after a question."""

from __future__ import annotations

import pytest

from nodegraph.editor.events import NodeAt
from nodegraph.files import trust as trusted
from nodegraph.patch import Patch
from tests.editor.user import SimulatedUser

REASON = "torchscript 'torchscript1' is silent: model.pt is a program that is not trusted. See File > Trust programs…"


@pytest.fixture
def user(tmp_path, monkeypatch):
    """A user who opens a patch with a program."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv(trusted.GIVEN, raising=False)
    (tmp_path / "model.pt").write_bytes(b"a program")
    author = SimulatedUser(tmp_path / "author")
    author.add("torchscript")
    author.patch.path = tmp_path / "patch.json"
    author.enter("torchscript1.file", "model.pt")
    author.patch.save(tmp_path / "patch.json")
    return SimulatedUser(tmp_path / "home", Patch.load(tmp_path / "patch.json"))


def is_silent(user):
    return ("torchscript1",) in user.desk.typed.placeholder_reasons


def test_untrusted_program_is_reported_and_silent(user):
    assert user.message == REASON and is_silent(user)


@pytest.mark.parametrize("answer", ["Trust", "Cancel"])
def test_program_runs_after_it_is_trusted(user, tmp_path, answer):
    user.pick_item(user.right_click(NodeAt("torchscript1"))["Trust programs…"])
    assert str(tmp_path / "model.pt") in str(user.item("question", "text").value)
    user.press_button("question", answer)
    assert is_silent(user) is (answer == "Cancel")
    assert len(trusted.trusted_files()) == (answer == "Trust")
    if answer == "Trust":
        assert "Trust programs…" not in user.right_click(NodeAt("torchscript1"))
        assert SimulatedUser(tmp_path / "again", Patch.load(tmp_path / "patch.json")).message != REASON


def test_settings_that_cannot_be_written_are_reported(user, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", "/dev/null")
    user.pick_item(user.right_click(NodeAt("torchscript1"))["Trust programs…"])
    user.press_button("question", "Trust")
    assert "/dev/null/nodegraph is not writable" in user.message and is_silent(user)
