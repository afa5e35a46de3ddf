"""Named buses: sends and receives become wires when a patch is flattened."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nodegraph.graph import GraphError, build_graph
from nodegraph.graph.flatten import flatten
from nodegraph.patch import Document, NodeRecord, Wire
from tests.rendering import engine_of, patch_of, sound_of

SAMPLES = 512


def subpatch(*wires, voices=1, mix="sum", **nodes):
    """Return the record of a subpatch."""
    return NodeRecord("subpatch", 1, {"voices": voices, "mix": mix}, patch=patch_of(*wires, **nodes).document)


def with_nodes(patch, **records):
    """Return a document with more nodes."""
    document = patch.document
    return Document({**document.nodes, **records}, document.wires, seed=document.seed)


def render(document):
    from nodegraph.engine.offline import Offline

    engine = Offline(document, 44100.0)
    sound = engine.run_samples(SAMPLES)
    engine.close()
    return sound


def test_bus_is_a_wire_and_leaves_no_node():
    patch = patch_of(
        "osc.out send.value", "receive.out out.audio", osc="sine", send="send", receive="receive", out="audio_out"
    )
    flat = flatten(patch.document)
    assert set(flat.nodes) == {"osc", "out"} and flat.problems == []
    assert [(wire.source_ref, wire.target_ref) for wire in flat.wires] == [("osc.out", "out.audio")]
    assert flat.output_of("receive", "out") == ("osc", "out")


def test_bus_adds_its_sends_and_feeds_all_receives_across_subpatches():
    """Two sends, one of them two subpatches deep, and receives outside and in another subpatch."""
    quiet = ("sine", {"frequency": 330.0, "amplitude": 0.2})
    inner = subpatch("b.out send.value", b=quiet, send=("send", {"name": "x"}))
    patch = patch_of(
        "a.out send.value", "direct.out out.audio", a=("sine", {"amplitude": 0.3}), send=("send", {"name": "x"}),
        direct=("receive", {"name": "x"}), out="audio_out",
    )  # fmt: skip
    deep = NodeRecord("subpatch", 1, patch=Document({"inner": inner}))
    other = subpatch("receive.out double.a", "double.out o.audio", receive=("receive", {"name": "x"}),
                     double=("multiply", {"b": 2.0}), o="outlet")  # fmt: skip
    document = with_nodes(patch, deep=deep, other=other)
    document = Document(document.nodes, (*document.wires, Wire("other", "o", "out", "audio")))
    flat = flatten(document)
    types = sorted(node.record.type for node in flat.nodes.values())
    assert types == ["audio_out", "multiply", "sine", "sine"] and flat.problems == []
    tones = patch_of(
        "a.out out.audio", "b.out out.audio", "a.out d.a", "b.out d.a", "d.out out.audio",
        a=("sine", {"amplitude": 0.3}), b=quiet, d=("multiply", {"b": 2.0}), out="audio_out",
    )  # fmt: skip
    assert render(document) == pytest.approx(sound_of(tones, SAMPLES), abs=1e-6)


@pytest.mark.parametrize("block", ["one_pole", "pan"])
@pytest.mark.parametrize("mix", ["sum", "stereo", "lanes"])
@pytest.mark.parametrize("is_nested", [False, True])
def test_voices_of_a_bus_are_mixed_as_at_an_outlet(block, mix, is_nested):
    """A ``one_pole`` computes voices as lanes, a ``pan`` in copies. Nested, the send is in a subpatch of the voice."""

    def document(bus):
        end = {"end": ("send", {"name": "x"})} if bus else {"end": "outlet"}
        voice = subpatch(
            "f.out osc.frequency", "osc.out shape.audio", f"shape.out end.{'value' if bus else 'audio'}",
            voices=3, mix=mix, f=("inlet", {"value": 300.0, "spread": 7.0}), osc="sine", shape=block, **end,
        )  # fmt: skip
        if bus and is_nested:
            inner = subpatch("i.out send.value", i="inlet", send=("send", {"name": "x"}))
            wires = [w for w in voice.patch.wires if w.target != "end"] + [Wire("shape", "out", "end", "i")]
            voice = replace(voice, patch=Document({**voice.patch.nodes, "end": inner}, tuple(wires)))
        receive = {"r": ("receive", {"name": "x"})} if bus else {}
        patch = with_nodes(patch_of(out="audio_out", **receive), voice=voice)
        wire = Wire("r", "out", "out", "audio") if bus else Wire("voice", "end", "out", "audio")
        return Document(patch.nodes, (wire,))

    assert render(document(True)) == pytest.approx(render(document(False)), abs=1e-6)
    assert np.abs(render(document(True))).max() > 0.01


def test_loop_through_a_bus_needs_a_feedback_wire():
    def patch(mark):
        return patch_of(
            "osc.out mix.a", f"mix.out {mark} send.value", "receive.out quiet.a", "quiet.out mix.b",
            "mix.out out.audio", osc="sine", mix="add", send="send", receive="receive", quiet=("multiply", {"b": 0.5}),
            out="audio_out",
        ).document  # fmt: skip

    with pytest.raises(GraphError, match=r"form a loop\. Mark the one that closes it as a feedback wire"):
        build_graph(patch(""), 44100.0)
    direct = patch_of(
        "osc.out mix.a", "mix.out ~ quiet.a", "quiet.out mix.b", "mix.out out.audio", osc="sine", mix="add",
        quiet=("multiply", {"b": 0.5}), out="audio_out",
    )  # fmt: skip
    assert np.array_equal(render(patch("~")), sound_of(direct, SAMPLES))


def test_unknown_and_unused_buses_are_reported_in_one_line():
    patch = patch_of(
        "osc.out send.value", "receive.out out.audio", osc="sine", send=("send", {"name": "reverb"}),
        receive=("receive", {"name": "revreb"}), out="audio_out",
    )  # fmt: skip
    placeholders = build_graph(patch.document, 44100.0).placeholders
    assert placeholders["receive"].endswith("unknown bus 'revreb'. Did you mean 'reverb'?")
    assert placeholders["send"].endswith("unused bus 'reverb'. Add a receive named 'reverb'.")
    assert not sound_of(patch, SAMPLES).any()


def test_value_of_a_send_without_a_wire_is_sent_and_can_be_set():
    patch = patch_of("receive.out out.audio", send=("send", {"value": 0.25}), receive="receive", out="audio_out")
    engine = engine_of(patch)
    assert (engine.run_samples(SAMPLES) == 0.25).all()
    patch.set("send.value", 0.5)
    assert engine.run_samples(8 * SAMPLES)[-1] == 0.5
    engine.close()


def test_wrong_port_or_setting_of_a_bus_is_reported():
    nodes = {
        "s": NodeRecord("send", 1, {"name": 3}),
        "r": NodeRecord("receive", 1, {"nam": "x"}),
        "o": NodeRecord("audio_out"),
    }
    document = Document(nodes, (Wire("r", "outt", "o", "audio"),))
    problems = [str(problem) for problem in flatten(document).problems]
    assert any("unknown output 'outt'. Did you mean 'out'?" in problem for problem in problems)
    assert any("receive 'r': unknown input or setting 'nam'. Did you mean 'name'?" in problem for problem in problems)
    assert any("send 's': name must be text, got 3." in problem for problem in problems)
