"""Typing a document: inference, problems and placeholders."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import soundfile

from nodegraph.api import Patch, render
from nodegraph.graph import GraphError, build_graph, wire_problem
from nodegraph.patch import Document, NodeRecord, PatchError, Wire
from tests.rendering import patch_of


def graph_of(*wires, **nodes):
    return build_graph(patch_of(*wires, **nodes).document)


def problems_of(*wires, **nodes):
    with pytest.raises(GraphError) as caught:
        build_graph(patch_of(*wires, checked=False, **nodes).document)
    return caught.value.problems


# -- memory --------------------------------------------------------------------------------------------------


def test_patch_may_use_a_limited_memory(monkeypatch):
    patch = patch_of("d.out out.audio", d=("delay", {"audio": [0.0] * 1000, "max_time": 60.0}), out="audio_out")
    with pytest.raises(GraphError) as caught:
        build_graph(patch.document)
    (problem,) = caught.value.problems
    assert problem == (
        "the patch needs 10.6 GB of memory, most of it for delay 'd' with 1000 lanes at 44100 Hz; 2 GB are allowed. "
        "Use shorter delays, smaller transforms or fewer lanes, or set NODEGRAPH_MEMORY to more gigabytes."
    )
    monkeypatch.setenv("NODEGRAPH_MEMORY", "10.7")
    build_graph(patch.document)
    monkeypatch.setenv("NODEGRAPH_MEMORY", "much")
    with pytest.raises(PatchError, match="NODEGRAPH_MEMORY must be a number of gigabytes, got 'much'"):
        build_graph(patch.document)


# -- lanes ---------------------------------------------------------------------------------------------------


def test_lanes_of_a_node_are_those_of_its_widest_input():
    graph = graph_of(
        "low.out osc.frequency",
        "osc.out filter.audio",
        "filter.low both.audio",
        "both.out out.audio",
        low="constant",
        osc=("sine", {"amplitude": [0.1, 0.2, 0.3]}),
        filter="state_variable",
        both="sum_lanes",
        out="audio_out",
    )
    lanes = {node.id: node.lanes for node in graph.typed_nodes}
    assert lanes == {"low": 1, "osc": 3, "filter": 3, "both": 3, "out": 1}
    assert graph.node("filter").output_lanes == dict.fromkeys(["low", "band", "high", "notch", "peak"], 3)
    assert graph.node("both").output_lanes == {"out": 1}


def test_lanes_are_inferred_around_a_loop():
    graph = graph_of(
        "wide.out sum.a", "sum.out gain.a", "gain.out ~ sum.b", wide=("values", {"values": [1, 2, 3, 4]}),
        sum="add", gain=("multiply", {"b": 0.5}),
    )  # fmt: skip
    assert graph.node("sum").lanes == graph.node("gain").lanes == 4
    assert graph.loops == [["sum", "gain"]]


def test_inputs_that_are_panned_together_must_have_equal_lanes():
    found = problems_of("p.out out.audio", p=("pan", {"audio": [1.0] * 8, "gain": [1.0, 1.0]}), out="audio_out")
    assert found == [
        "pan 'p' has inputs of unequal width: 8 at 'audio' and 2 at 'gain'. Lanes must be equal or 1: "
        "put sum_lanes or split before it."
    ]


def test_signals_into_a_block_of_frames_have_the_lanes_of_its_frames():
    """With other numbers of lanes the block would read beyond its frames."""
    found = problems_of(
        "osc.out stft.audio", "stft.spectrum polar.spectrum", "polar.magnitude hear.magnitude",
        "hear.trigger out.audio",
        osc=("saw", {"frequency": [100.0, 200.0]}), stft="stft", polar="polar",
        hear=("onset", {"threshold": [1.5] * 17}), out="audio_out",
    )  # fmt: skip
    assert found == [
        "onset 'hear' has inputs of unequal width: 17 at 'threshold' and 2 at 'magnitude'. Lanes must be equal or 1: "
        "put sum_lanes or split before it."
    ]


def test_knobs_of_a_stretched_file_cannot_have_more_lanes_than_the_file(tmp_path):
    soundfile.write(tmp_path / "stereo.wav", np.zeros((100, 2)), 44100)
    patch = patch_of(player=("stretch_player", {"file": "stereo.wav", "speed": [1.0, 0.5]}))
    assert build_graph(patch.document, patch_path=tmp_path / "patch.json").node("player").lanes == 2
    patch.set("player.speed", [1.0, 1.0, 1.0])
    with pytest.raises(GraphError, match="stretch_player 'player' has 3 lanes at 'speed', but 2 at its output"):
        build_graph(patch.document, patch_path=tmp_path / "patch.json")


@pytest.mark.parametrize("type", ["voice_in", "voice_out", "voice_lane", "signal_probe"])
@pytest.mark.parametrize("voices", [1, 2])
def test_hidden_blocks_in_a_file_are_placeholders(type, voices):
    nodes = {"x": NodeRecord(type, params={"first": 10**12, "count": 1024}), "out": NodeRecord("audio_out")}
    document = Document(nodes, (Wire("x", "out", "out", "audio"),))
    document = dataclasses.replace(document, settings=dataclasses.replace(document.settings, voices=voices))
    problems = [node.problem for node in build_graph(document).typed_nodes if node.cls is None]
    assert problems and all(f"unknown block '{type}'" in problem for problem in problems)


def test_one_lane_is_broadcast_to_all_lanes():
    patch = patch_of("osc.out out.audio", osc=("sine", {"frequency": [220.0, 330.0]}), out="audio_out")
    sound = render(patch, 0.5)
    assert sound.shape[1] == 2
    for lane, frequency in enumerate((220.0, 330.0)):
        wave = np.sin(2 * np.pi * frequency * np.arange(len(sound)) / 44100)
        assert np.abs(sound[:, lane] - wave).max() < 2e-6


# -- refusals ------------------------------------------------------------------------------------------------

TWO, THREE = ("values", {"values": [1, 2]}), ("values", {"values": [1, 2, 3]})

REFUSED = {
    "unequal inputs": (
        dict(nodes=dict(two=TWO, three=THREE, sum="add"), wires=["two.out sum.a", "three.out sum.b"]),
        ["add 'sum'", "2 at 'a'", "3 at 'b'", "sum_lanes"],
    ),
    "unequal wires into one input": (
        dict(nodes=dict(two=TWO, three=THREE, sum="add"), wires=["two.out sum.a", "three.out sum.a"]),
        ["add 'sum'", "'a'", "2 and 3 lanes", "sum_lanes"],
    ),
    "too many lanes": (
        dict(nodes=dict(many=("sine", {"frequency": [440.0] * 1025})), wires=[]),
        ["sine 'many'", "frequency", "1025", "1024"],
    ),
    "too many joined lanes": (
        dict(
            nodes=dict(wide=("values", {"values": [1.0] * 600}), join="join"),
            wires=["wide.out join.a", "wide.out join.b"],
        ),
        ["join 'join'", "1200", "1024"],
    ),
    "unknown output": (
        dict(nodes=dict(a="sine", b="add"), wires=["a.output b.a"]),
        ["sine 'a'", "'output'", "out"],
    ),
    "unknown input": (
        dict(nodes=dict(a="sine", b="add"), wires=["a.out b.c"]),
        ["add 'b'", "'c'", "a and b"],
    ),
    "no input": (
        dict(nodes=dict(a="sine", b="white_noise"), wires=["a.out b.gate"]),
        ["white_noise 'b'", "amplitude"],
    ),
    "signal into a setting": (
        dict(nodes=dict(a="sine", b="saw"), wires=["a.out b.quality"]),
        ["saw 'b'", "'quality'", "setting", "frequency"],
    ),
    "unknown parameter": (
        dict(nodes=dict(a=("sine", {"frequncy": 3.0})), wires=[]),
        ["sine 'a'", "'frequncy'", "'frequency'"],
    ),
    "out of range": (
        dict(nodes=dict(a=("sine", {"frequency": 96000.0})), wires=[]),
        ["sine 'a'", "frequency", "0.01–20000 Hz", "96000"],
    ),
    "not a number": (
        dict(nodes=dict(a=("sine", {"frequency": "high"})), wires=[]),
        ["sine 'a'", "frequency", "number", "'high'"],
    ),
    "an empty list": (dict(nodes=dict(a=("sine", {"frequency": []})), wires=[]), ["sine 'a'", "frequency", "[]"]),
    "wrong choice": (
        dict(nodes=dict(a=("saw", {"quality": "analogue"})), wires=[]),
        ["saw 'a'", "quality", "band_limited, naive", "'analogue'"],
    ),
    "wrong type of option": (
        dict(nodes=dict(a=("split", {"count": 2.5})), wires=[]),
        ["split 'a'", "count", "whole number", "2.5"],
    ),
    "option out of range": (
        dict(nodes=dict(a=("split", {"count": 0})), wires=[]),
        ["split 'a'", "count", "1–1024"],
    ),
    "list of other things": (
        dict(nodes=dict(a=("step_sequencer", {"steps": [60, [1, [2]]]})), wires=[]),
        ["step_sequencer 'a'", "steps", "list of numbers"],
    ),
    "unmarked loop": (
        dict(nodes=dict(a="add", b="multiply", c="add"), wires=["a.out b.a", "b.out a.a", "b.out c.a"]),
        ["a → b → a", "feedback wire"],
    ),
    "node wired to itself": (dict(nodes=dict(a="add"), wires=["a.out a.a"]), ["a → a", "feedback wire"]),
    "helper in a loop": (
        dict(nodes=dict(a="add", r="file_player"), wires=["a.out r.speed", "r.out ~ a.a"]),
        ["file_player 'r'", "loop a and r", "Remove it from the loop"],
    ),
    "unlimited lanes": (
        dict(nodes=dict(j="join"), wires=["j.out ~ j.a"]),
        ["without limit", "inside the loop"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_problem_is_one_sentence_with_the_node_and_a_suggestion(case):
    patch, words = REFUSED[case]
    problems = problems_of(*patch["wires"], **patch["nodes"])
    assert len(problems) == 1, problems
    assert all(word in problems[0] for word in words), problems[0]
    assert problems[0].endswith((".", "?")) and "\n" not in problems[0]


def test_all_problems_are_reported_together():
    found = problems_of(a=("sine", {"frequency": 1e9, "colour": 3}), b=("saw", {"quality": "good"}))
    assert len(found) == 3


def test_wire_to_a_missing_node_is_refused():
    document = Document(nodes={"a": NodeRecord("sine")}, wires=(Wire("a", "out", "ghost", "in"),))
    with pytest.raises(GraphError, match="unknown node 'ghost'"):
        build_graph(document)


def test_wire_problem_ignores_older_problems_of_the_patch():
    patch = patch_of("a.out b.a", a="sine", b="add", c=("saw", {"quality": "bad"}), checked=False)
    assert wire_problem(patch.document, Wire("a", "out", "b", "b")) is None
    assert "already" in wire_problem(patch.document, patch.document.wires[0])
    assert "unknown input 'x'" in wire_problem(patch.document, Wire("a", "out", "b", "x"))
    patch.set("c.quality", "naive")
    assert "b → b" in wire_problem(patch.document, Wire("b", "out", "b", "a"))
    assert wire_problem(patch.document, Wire("b", "out", "b", "a", feedback=True)) is None


# -- placeholders --------------------------------------------------------------------------------------------


def files(folder):
    soundfile.write(folder / "good.wav", np.ones((10, 2), np.float32), 44100)
    soundfile.write(folder / "empty.wav", np.zeros((0, 1), np.float32), 44100)
    (folder / "text.wav").write_text("not a sound")
    return folder / "patch.json"


PLACEHOLDERS = {
    "unknown type": ("sin", 1, {"frequency": 3}, ["unknown block 'sin'", "'sine'"]),
    "from another package": ("zzz_qqq", 1, {"x": [1]}, ["unknown block 'zzz_qqq'", "Install"]),
    "newer version": ("sine", 99, {"whatever": "{}"}, ["newer version", "99", "Update"]),
    "missing file": ("file_player", 1, {"file": "lost.wav"}, ["'lost.wav'", "missing"]),
    "name too long for a disk": ("file_player", 1, {"file": "ø" * 300}, ["'øøø", "missing"]),
    "folder instead of a file": ("file_player", 1, {"file": "."}, ["'.'", "missing"]),
    "file outside": ("file_player", 1, {"file": "../secret.wav"}, ["outside the folder", "relative path"]),
    "absolute file": ("file_player", 1, {"file": "/etc/hosts"}, ["outside the folder"]),
    "not a sound": ("file_player", 1, {"file": "text.wav"}, ["'text.wav'", "not a readable sound file"]),
    "no samples": ("file_player", 1, {"file": "empty.wav"}, ["'empty.wav'", "empty"]),
    "wrong formula": ("expression", 1, {"text": "a + import os"}, ["formula", "character"]),
}


@pytest.mark.parametrize("case", PLACEHOLDERS)
def test_unavailable_block_is_a_silent_placeholder_with_a_reason(case, tmp_path):
    type, version, params, words = PLACEHOLDERS[case]
    path = files(tmp_path)
    patch = patch_of("osc.out out.audio", osc="sine", out="audio_out")
    alone = render(patch, 0.01)
    document = patch.document
    odd = NodeRecord(type, version, params)
    known = case not in ("unknown type", "from another package", "newer version")
    unknown_input = () if known else (Wire("osc", "out", "odd", "anything"),)
    document = Document(
        nodes=document.nodes | {"odd": odd},
        wires=(*document.wires, Wire("odd", "out", "out", "audio"), *unknown_input),
    )
    graph = build_graph(document, 44100.0, path)
    assert set(graph.placeholders) == {"odd"}
    assert all(word in graph.placeholders["odd"] for word in words), graph.placeholders["odd"]
    assert graph.document.nodes["odd"] is odd
    whole = Patch(document, path)
    assert np.array_equal(render(whole, 0.01), alone)


def test_file_outside_the_folder_plays_only_if_allowed(tmp_path):
    (tmp_path / "in").mkdir()
    files(tmp_path)
    document = patch_of("p.out out.audio", p=("file_player", {"file": "../good.wav"}), out="audio_out").document
    path = tmp_path / "in" / "patch.json"
    assert build_graph(document, 44100.0, path).placeholders
    graph = build_graph(document, 44100.0, path, allow_outside=True)
    assert not graph.placeholders and graph.node("p").output_lanes["out"] == 2


# -- latency -------------------------------------------------------------------------------------------------


def test_path_latency_is_the_sum_along_the_longest_path(test_blocks):
    graph = graph_of(
        "src.out a.audio", "a.out b.audio", "b.out sum.a", "src.out sum.b", "sum.out ~ a.audio",
        src="sine", a=("late", {"samples": 100}), b=("late", {"samples": 30}), sum="add",
    )  # fmt: skip
    assert {node.id: node.path_latency for node in graph.typed_nodes} == {"src": 0, "a": 100, "b": 130, "sum": 130}
    assert graph.latency == 130
