"""No block asks the disk about a file before the patch may use it, not even whether it exists."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest
import soundfile

import nodegraph
from nodegraph.api import Patch
from nodegraph.blocks.registry import node_types
from nodegraph.patch import PatchError

BLOCKS = sorted(
    type for type, cls in node_types().items() if any(option.kind == "file" for option in cls.spec.options.values())
)
ENDINGS = ("wav", "npy", "mid", "safetensors", "pt", "json", "missing")
touched: list[str] = []
watched: list[str] = []


def audit(event, arguments):
    """Note what is opened below a watched folder."""
    if (
        watched
        and event in ("open", "os.listdir", "os.scandir")
        and isinstance(arguments[0], str | bytes | os.PathLike)
    ):
        note(event, arguments[0])


def note(event, path):
    if any(os.path.abspath(os.fsdecode(path)).startswith(folder) for folder in watched):
        touched.append(f"{event} {os.fsdecode(path)}")


sys.addaudithook(audit)


@pytest.fixture
def secret(tmp_path, monkeypatch):
    """Return a watched folder with a file of each kind; a patch in the current folder must not touch it."""
    folder, work = tmp_path / "secret", tmp_path / "work"
    folder.mkdir()
    work.mkdir()
    soundfile.write(folder / "x.wav", np.zeros((1000, 5)), 44100)
    np.save(folder / "x.npy", np.zeros((20, 1025), np.float32))
    for ending in ("mid", "safetensors", "pt", "json"):
        (folder / f"x.{ending}").write_bytes(b"{}")
    monkeypatch.chdir(work)
    # functions that ask the disk without an audit event, and libsndfile, which opens files below Python
    for module, name in ((os, "stat"), (os, "lstat"), (os, "access"), (os, "readlink"), (soundfile, "info")):
        monkeypatch.setattr(module, name, noting(getattr(module, name), name))
    monkeypatch.setattr(soundfile.SoundFile, "__init__", noting_method(soundfile.SoundFile.__init__))
    watched.append(str(folder))
    touched.clear()
    yield folder
    watched.clear()


def noting(function, name):
    def ask(path, *arguments, **named):
        if isinstance(path, str | bytes | os.PathLike):
            note(name, path)
        return function(path, *arguments, **named)

    return ask


def noting_method(function):
    def ask(self, path, *arguments, **named):
        note("SoundFile", path)
        return function(self, path, *arguments, **named)

    return ask


def ignoring(function, *arguments):
    """Call a function whose refusal is of no interest here."""
    try:
        function(*arguments)
    except PatchError:
        pass


@pytest.mark.parametrize("type", BLOCKS)
def test_no_block_touches_a_file_outside_the_folder(type, secret):
    spec = node_types()[type].spec
    for ending in ENDINGS:
        patch = Patch(path="patch.json")
        patch.add("sine", "osc")
        patch.add("audio_out", "out")
        for reference in (f"{secret}/x.{ending}", f"../secret/x.{ending}", f"inner/../../secret/x.{ending}"):
            for name in (name for name, option in spec.options.items() if option.kind == "file"):
                node = patch.add(type, **{name: reference})
                patch.set(f"{node}.{name}", reference + "2")
                patch.set(f"{node}.{name}", reference)
                for port in (*spec.outputs, *spec.frame_outputs):
                    ignoring(patch.connect, f"{node}.{port}", "out.audio")
                for port in spec.inputs:
                    ignoring(patch.connect, "osc.out", f"{node}.{port}")
        graph = patch.graph()
        outside = [text for id, text in graph.placeholders.items() if id not in ("osc", "out")]
        assert outside and all("outside the folder" in text for text in outside)
        patch.save()
        nodegraph.load("patch.json").graph()
    assert touched == []


def test_watch_notices_a_block_that_may_use_the_file(secret):
    patch = Patch(path="patch.json")
    patch.add("file_player", "player", file="../secret/x.wav")
    nodegraph.graph.build_graph(patch.document, 44100.0, patch.path, allow_outside=True)
    assert {line.partition(" ")[0] for line in touched} >= {"stat", "SoundFile"}


def test_a_missing_and_a_present_file_outside_have_the_same_message(secret):
    def problem(name):
        patch = Patch(path="patch.json")
        patch.add("file_player", "player", file=f"../secret/{name}.wav")
        return patch.graph().placeholders["player"].replace(name, "")

    assert problem("x") == problem("gone")
