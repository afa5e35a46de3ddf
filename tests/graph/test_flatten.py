"""Flattening: a subpatch sounds like its contents, and several voices like the sum of single ones."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from nodegraph.api import Patch
from nodegraph.graph import GraphError, build_graph, wire_problem
from nodegraph.graph.flatten import flatten
from nodegraph.graph.ports import PatchLocation, spec_of
from nodegraph.patch import (
    AddNode,
    Connect,
    Dissolve,
    Encapsulate,
    Group,
    InsertOnWire,
    PatchError,
    RemoveNode,
    Rename,
    SetFeedback,
    SetParam,
    SetParams,
    SetPatch,
    SetSettings,
    Wire,
    Within,
    data_of,
    parse_patch,
    standalone,
    within,
)
from tests.rendering import QUANTUM, Offline, engine_of, largest_step, patch_of, ramp, sound_of

SAMPLES = 10 * QUANTUM


def problems_of(patch, path=None):
    with pytest.raises(GraphError) as caught:
        build_graph(patch.document, patch_path=path or patch.path)
    for problem in caught.value.problems:
        assert len(problem.splitlines()) == 1 and problem[-1] in ".?"
    return "\n".join(caught.value.problems)


def synthesizer(**params):
    """Return a patch with an oscillator and a filter in a subpatch, modulated by an LFO outside."""
    patch = patch_of(
        "osc.out filter.audio",
        "lfo.out filter.cutoff",
        "filter.out amp.audio",
        "amp.out out.audio",
        osc=("saw", {"frequency": 110.0}),
        lfo=("lfo", {"frequency": 3.0, "amplitude": 300.0, "offset": 900.0}),
        filter=("ladder", {"resonance": 0.5}),
        amp="vca",
        out="audio_out",
    )
    patch.do(Encapsulate(("osc", "filter"), "voice"))
    for name, value in params.items():
        patch.set(f"voice.{name}", value)
    return patch


# -- one voice -------------------------------------------------------------------------------------------------

TYPES = {"sine": ("frequency", "fm", "pm"), "multiply": ("a", "b"), "mixer": ("a", "b"), "ramp": ("target", "time")}
NAMES = "abcdefg"


@st.composite
def nets(draw):
    """Draw a patch of a few blocks, with loops, and a selection of its nodes."""
    patch = Patch()
    for k, name in enumerate(NAMES):
        type = draw(st.sampled_from(list(TYPES)))
        patch.add(type, id=name, **({"frequency": 100.0 * (k + 1)} if type == "sine" else {}))
    patch.add("audio_out", id="out")
    names = st.sampled_from(NAMES)
    for _ in range(draw(st.integers(3, 14))):
        source, target = draw(names), draw(names)
        port = draw(st.sampled_from(TYPES[patch.document.nodes[target].type]))
        try:
            patch.connect(f"{source}.out", f"{target}.{port}", feedback=source >= target)
        except PatchError:
            pass
    for name in draw(st.sets(names, min_size=1, max_size=3)):
        patch.connect(f"{name}.out", "out.audio")
    return patch, tuple(sorted(draw(st.sets(names, min_size=1, max_size=5))))


PATIENT = settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))


@PATIENT
@given(nets(), st.data())
def test_encapsulating_and_dissolving_change_no_sample(net, data):
    patch, chosen = net
    before = sound_of(patch, SAMPLES)
    first = patch.document
    patch.do(Encapsulate(chosen, "sub"))
    assert np.array_equal(before, sound_of(patch, SAMPLES), equal_nan=True)
    deeper = data.draw(st.lists(st.sampled_from(chosen), min_size=1, unique=True), "deeper")
    patch.do(Within(("sub",), Encapsulate(tuple(deeper), "deep")))
    assert np.array_equal(before, sound_of(patch, SAMPLES), equal_nan=True)
    patch.do(Within(("sub",), Dissolve("deep")))
    patch.do(Dissolve("sub"))
    assert np.array_equal(before, sound_of(patch, SAMPLES), equal_nan=True)
    assert set(patch.document.nodes) == set(first.nodes)
    assert {str(wire) for wire in patch.document.wires} == {str(wire) for wire in first.wires}
    while patch.can_undo:
        patch.undo()


def test_unwired_port_is_a_knob_of_its_target_input():
    patch = synthesizer()
    patch.disconnect("lfo.out", "voice.cutoff")
    port = spec_of(patch.document.nodes["voice"]).inputs["cutoff"]
    assert (port.unit, port.min, port.max, port.taper, port.default) == ("Hz", 10.0, 20000.0, "log", 1000.0)
    patch.set("voice/filter.cutoff", 700.0)
    assert spec_of(patch.document.nodes["voice"]).inputs["cutoff"].default == 700.0
    for value in (None, 400.0):
        if value:
            patch.set("voice.cutoff", value)
        flat = synthesizer()
        flat.do(Dissolve("voice"))
        flat.disconnect("lfo.out", "filter.cutoff")
        flat.set("filter.cutoff", value or 700.0)
        assert np.array_equal(sound_of(patch, SAMPLES), sound_of(flat, SAMPLES))
    patch.do(Dissolve("voice"))
    assert patch.document.nodes["filter"].params["cutoff"] == 400.0
    assert not any(record.type == "inlet" for record in patch.document.nodes.values())
    assert np.array_equal(sound_of(patch, SAMPLES), sound_of(flat, SAMPLES))


def test_settings_of_an_inlet_override_those_of_its_target_input():
    patch = synthesizer()
    for name, value in {"min": 100, "max": 200, "unit": "%", "taper": "linear", "doc": "how bright"}.items():
        patch.set(f"voice/cutoff.{name}", value)
    patch.set("voice/cutoff.value", 150.0)
    port = spec_of(patch.document.nodes["voice"]).inputs["cutoff"]
    assert (port.min, port.max, port.unit, port.taper, port.doc) == (100, 200, "%", "linear", "how bright")
    assert port.default == 150.0
    patch.disconnect("lfo.out", "voice.cutoff")
    patch.do(SetParams({"voice.cutoff": 90.0}))
    assert "'voice/cutoff': value must lie in 100–200 %, got 90" in problems_of(patch)


def test_frames_and_events_pass_through_ports():
    patch = patch_of(
        "noise.out stft.audio", "stft.spectrum back.spectrum", "back.out out.audio",
        noise="white_noise", stft="stft", back="inverse_stft", out="audio_out",
    )  # fmt: skip
    before = sound_of(patch, 6000)
    patch.do(Encapsulate(("stft",), "there"))
    patch.do(Encapsulate(("back",), "and_back"))
    assert np.array_equal(before, sound_of(patch, 6000))
    assert spec_of(patch.document.nodes["there"]).frame_outputs["spectrum"].kind == "spectrum"
    assert spec_of(patch.document.nodes["and_back"]).frame_inputs["spectrum"].kind == "spectrum"
    patch = patch_of("midi.out notes.events", midi="midi_in", notes=("notes", {"voices": 2}), out="audio_out")
    patch.do(Encapsulate(("notes",), "keys"))
    assert list(spec_of(patch.document.nodes["keys"]).event_inputs) == ["events"]
    graph = build_graph(patch.document)
    assert [str(wire) for wire in graph.wires] == ["midi.out → keys/notes.events"]


def test_latency_in_a_subpatch_is_compensated_outside(test_blocks):
    patch = patch_of(
        "in.out late.audio", "late.out mix.a", "in.out mix.b", "mix.out out.audio",
        late="late", mix=("expression", {"text": "a - b"}), out="audio_out", **{"in": "audio_in"},
    )  # fmt: skip
    patch.do(Encapsulate(("late",), "slow"))
    assert build_graph(patch.document).latency == 100
    assert not sound_of(patch, 1000, inputs={"in": ramp(1000)}).any()


def test_feedback_wires_outside_and_inside_delay_by_two_samples():
    patch = patch_of(
        "x.out sub.in", "sub.out out.audio", x="audio_in", sub="subpatch", out="audio_out", checked=False
    )  # fmt: skip
    inner = {
        "nodes": [{"id": "in", "type": "inlet"}, {"id": "a", "type": "multiply"}, {"id": "out", "type": "outlet"}],
        "wires": [{"from": "in.out", "to": "a.a", "feedback": True}, {"from": "a.out", "to": "out.audio"}],
    }
    patch.do(SetPatch("sub", inner))
    patch.do(SetFeedback("x.out", "sub.in", True))
    patch.set("sub/a.b", 1.0)
    output = sound_of(patch, 100, inputs={"x": ramp(100)})
    assert np.array_equal(output[2:, 0], ramp(98)[:, 0]) and not output[:2].any()


def test_source_wired_through_two_ports_to_one_input_is_added_twice():
    patch = patch_of(
        "osc.out sub.a", "osc.out sub.b", "sub.out out.audio",
        osc="sine", sub="subpatch", out="audio_out", checked=False,
    )  # fmt: skip
    inner = {
        "nodes": [
            {"id": "a", "type": "inlet"}, {"id": "b", "type": "inlet"},
            {"id": "m", "type": "multiply", "params": {"b": 1.0}}, {"id": "out", "type": "outlet"},
        ],
        "wires": [
            {"from": "a.out", "to": "m.a"}, {"from": "b.out", "to": "m.a"}, {"from": "m.out", "to": "out.audio"},
        ],
    }  # fmt: skip
    patch.do(SetPatch("sub", inner))
    alone = sound_of(patch_of("osc.out out.audio", osc="sine", out="audio_out"), SAMPLES)
    assert np.array_equal(sound_of(patch, SAMPLES), 2 * alone)


# -- edits while playing ---------------------------------------------------------------------------------------


def played(patch, *edits):
    engine = engine_of(patch)
    sound = [engine.run_samples(2048)]
    for edit in edits:
        edit(patch)
        sound.append(engine.run_samples(2048))
    return np.vstack(sound)


REGROUPINGS = {
    "encapsulate": lambda patch: patch.do(Encapsulate(("osc", "filter", "echo", "noise"), "voice")),
    "rename": lambda patch: patch.rename("filter", "low"),
    "rename to the id of a removed node": lambda patch: patch.do(
        Group((RemoveNode("spare"), Rename("filter", "spare"), AddNode("filter", "sine")))
    ),
    "swap names": lambda patch: patch.do(Group((Rename("osc", "x"), Rename("filter", "osc"), Rename("x", "filter")))),
}


@pytest.mark.parametrize("edit", REGROUPINGS)
def test_grouping_and_renaming_while_playing_change_no_sample(edit):
    def patch():
        return patch_of(
            "osc.out filter.audio", "noise.out filter.audio", "lfo.out filter.cutoff", "filter.out echo.audio",
            "echo.out out.audio", osc=("saw", {"frequency": 90.0}), noise=("pink_noise", {"amplitude": 0.1}),
            lfo=("lfo", {"frequency": 1.0, "amplitude": 300.0, "offset": 800.0}), filter="ladder",
            echo=("delay", {"time": 0.02, "feedback": 0.6}), out="audio_out", spare="sine",
        )  # fmt: skip

    left_alone = played(patch(), lambda patch: None, lambda patch: None)
    regrouped = played(patch(), REGROUPINGS[edit], lambda patch: patch.undo())
    assert np.array_equal(left_alone, regrouped)


def orchestra():
    """Return a patch of blocks with state: oscillators, noise, filters, echoes in a loop."""
    return patch_of(
        "osc.out filter.audio", "noise.out filter.audio", "lfo.out filter.cutoff", "filter.out echo.audio",
        "echo.out shape.a", "shape.out ~ osc.pm", "lfo.out shape.b", "shape.out slow.value", "shape.out out.audio",
        osc=("saw", {"frequency": 90.0}), noise=("pink_noise", {"amplitude": 0.1}), filter="ladder",
        lfo=("lfo", {"frequency": 1.0, "amplitude": 300.0, "offset": 800.0}), echo=("delay", {"time": 0.02}),
        shape=("expression", {"text": "0.5 * a + b / 10000"}), slow="slew", out="audio_out",
    )  # fmt: skip


def nested_documents(document, path=()):
    """Yield every document of a patch with its path."""
    yield path, document
    for id, record in document.nodes.items():
        if record.patch is not None:
            yield from nested_documents(record.patch, (*path, id))


@PATIENT
@given(st.data())
def test_random_regrouping_while_playing_changes_no_sample(data):
    patch, left_alone = Patch(orchestra().document), engine_of(orchestra())
    engine = engine_of(patch)
    assert np.array_equal(engine.run_samples(512), left_alone.run_samples(512))
    for number in range(data.draw(st.integers(1, 6), "edits")):
        path, document = data.draw(st.sampled_from(list(nested_documents(patch.document))), "document")
        free = [id for id, record in document.nodes.items() if record.type not in ("audio_out", "inlet", "outlet")]
        boxes = [id for id in free if document.nodes[id].patch is not None]
        kind = data.draw(st.sampled_from(["encapsulate", "rename", "undo", *(["dissolve"] * bool(boxes))]), "kind")
        if kind == "encapsulate" and free:
            ids = data.draw(st.lists(st.sampled_from(free), min_size=1, unique=True), "ids")
            patch.do(within(path, Encapsulate(tuple(ids), f"box{number}")))
        elif kind == "rename" and free:
            patch.do(within(path, Rename(data.draw(st.sampled_from(free), "id"), f"other{number}")))
        elif kind == "dissolve":
            patch.do(within(path, Dissolve(data.draw(st.sampled_from(boxes), "box"))))
        elif patch.can_undo:
            patch.undo()
        assert np.array_equal(engine.run_samples(512), left_alone.run_samples(512))


def test_setting_a_port_of_a_subpatch_needs_no_new_plan():
    patch = synthesizer()
    patch.disconnect("lfo.out", "voice.cutoff")
    engine = engine_of(patch)
    engine.run_samples(256)
    plan = engine.plan
    patch.set("voice.cutoff", 400.0)
    patch.set("voice/osc.frequency", 220.0)
    engine.set_parameter("voice", "cutoff", 300.0)
    engine.set_parameter("voice/osc", "frequency", 55.0)
    engine.run_samples(4096)
    assert engine.plan is plan
    assert engine.value("voice", "out") == engine.value("voice/filter", "out") != 0.0
    late = synthesizer()
    late.disconnect("lfo.out", "voice.cutoff")
    engine = engine_of(late)
    engine.run_samples(256)
    engine.set_parameter("voice", "cutoff", 300.0)
    engine.set_parameter("voice/osc", "frequency", 55.0)
    assert np.abs(engine.run_samples(4096)[-64:]).max() > 0
    voices = synthesizer(voices=3)
    voices.do(Within(("voice",), AddNode("pan", "pan")))
    voices.do(Within(("voice",), InsertOnWire("filter.out", "out.audio", "pan", "", "audio", "out")))
    engine = engine_of(voices)
    engine.run_samples(256)
    plan = engine.plan
    engine.set_parameter("voice/osc", "frequency", 55.0)
    voices.set("voice/filter.resonance", 0.1)
    engine.run_samples(1024)
    assert engine.plan is plan
    assert np.array_equal(engine.value("voice/osc", "out"), engine.value("voice/osc#3", "out"))


def test_wiring_a_port_of_a_playing_subpatch_does_not_click():
    patch = synthesizer()
    quiet = played(patch, lambda patch: None)
    edits = [
        lambda patch: patch.disconnect("lfo.out", "voice.cutoff"),
        lambda patch: patch.set("voice.voices", 2),
        lambda patch: patch.set("voice.mix", "stereo"),
        lambda patch: patch.set("voice.voices", 1),
        lambda patch: patch.do(Dissolve("voice")),
    ]
    output = played(synthesizer(), *edits)
    assert largest_step(output) < 2.5 * largest_step(quiet)


def test_fault_in_a_subpatch_is_reported_with_its_path(test_blocks):
    for voices, named in ((1, "voice/bad"), (3, "voice/bad")):
        patch = patch_of("osc.out bad.audio", "bad.out out.audio", osc="sine", bad="fragile", out="audio_out")
        patch.do(Encapsulate(("bad",), "voice"))
        patch.set("voice.voices", voices)
        engine = engine_of(patch)
        engine.run_samples(128)
        engine.set_parameter("voice/bad", "broken", 1.0)
        engine.run_samples(256)
        assert {fault.node for fault in engine.faults()} == {named}
        engine.set_parameter("voice/bad", "broken", 0.0)
        engine.run_samples(256)
        assert not engine.faults()


# -- several voices --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stereo", [False, True], ids=["lanes", "copies"])
@pytest.mark.parametrize("voices", [2, 8, 64])
def test_polyphonic_subpatch_is_the_sum_of_single_voices(voices, stereo):
    """Voices are lanes if all blocks accept them, or copies if one (the pan) does not."""
    frequencies = np.linspace(100.0, 900.0, voices).round(1).tolist()

    def voice(pitch, **params):
        patch = patch_of(
            "pitch.out osc.frequency", "osc.out filter.audio", "filter.out amp.a", "wobble.out amp.b",
            "amp.out out.audio",
            pitch=("values", {"values": pitch}), osc="saw", filter=("ladder", {"cutoff": 700.0}), amp="multiply",
            wobble=("lfo", {"frequency": 5.0}), out="audio_out",
        )  # fmt: skip
        if stereo:
            patch.add("pan", position=0.3)
            patch.do(InsertOnWire("amp.out", "out.audio", "pan1", "", "audio", "out"))
        patch.do(Encapsulate(tuple({*patch.document.nodes} - {"pitch", "out"}), "voice"))
        for name, value in params.items():
            patch.set(f"voice.{name}", value)
        return patch

    poly = voice(frequencies, voices=voices)
    single = [sound_of(voice([frequency]), SAMPLES) for frequency in frequencies]
    assert np.allclose(sound_of(poly, SAMPLES), np.sum(single, axis=0), atol=2e-6 * voices)
    poly.set("voice.mix", "lanes")
    lanes = sound_of(poly, SAMPLES)
    assert lanes.shape[1] == voices * (2 if stereo else 1)
    assert np.array_equal(lanes, np.hstack(single))


def test_stereo_mix_of_voices_uses_the_pan_law():
    positions = np.linspace(-1, 1, 4)
    for inside in ((), ("pan",)):
        poly = synthesizer(voices=4, mix="stereo", width=0.5)
        alone = synthesizer()
        if inside:
            for patch in (poly, alone):
                patch.do(Within(("voice",), AddNode("split", "split")))
                patch.do(Within(("voice",), InsertOnWire("filter.out", "out.audio", "split", "", "audio", "out")))
        mono = sound_of(alone, SAMPLES)[:, 0]
        angles = np.pi / 4 * (1 + 0.5 * positions)
        expected = mono[:, None] * np.array([np.cos(angles).sum(), np.sin(angles).sum()])
        assert np.allclose(sound_of(poly, SAMPLES), expected, atol=1e-5)


def tuned(taper, **params):
    """Return a patch of four voices that output the value of their inlet."""
    patch = patch_of("sub.out out.audio", sub="subpatch", out="audio_out", checked=False)
    inlet = {"value": 100.0, "min": 1.0, "max": 1000.0, "taper": taper} | params
    inner = {
        "nodes": [
            {"id": "tune", "type": "inlet", "params": inlet},
            {"id": "m", "type": "multiply", "params": {"b": 1.0}},
            {"id": "out", "type": "outlet"},
        ],
        "wires": [{"from": "tune.out", "to": "m.a"}, {"from": "m.out", "to": "out.audio"}],
    }
    patch.do(SetPatch("sub", inner))
    patch.set("sub.voices", 4)
    patch.set("sub.mix", "lanes")
    return patch


def test_inlet_spread_is_even_in_its_unit_or_in_semitones():
    output = sound_of(tuned("linear", spread=30.0), QUANTUM)[-1]
    assert np.allclose(output, [70, 90, 110, 130])
    output = sound_of(tuned("log", spread=12.0), QUANTUM)[-1]
    assert np.allclose(output, 100 * 2 ** np.linspace(-1, 1, 4))


def test_random_inlet_values_differ_by_voice_and_depend_on_the_seed():
    patch = tuned("linear", random=10.0)
    output = sound_of(patch, QUANTUM)[-1]
    assert len(set(output.tolist())) == 4 and np.abs(output - 100).max() <= 10
    assert np.array_equal(output, sound_of(patch, QUANTUM)[-1])
    other = tuned("linear", random=10.0, seed=1)
    assert not np.array_equal(output, sound_of(other, QUANTUM)[-1])


def test_unison_copies_each_voice_and_normalises_the_power():
    patch = tuned("linear", spread=10.0)
    patch.set("sub.unison", 3)
    patch.set("sub.voices", 2)
    patch.add("values", id="keys", values=[100.0, 200.0])
    patch.connect("keys.out", "sub.tune")
    assert np.allclose(sound_of(patch, QUANTUM)[-1], [90, 100, 110, 190, 200, 210])
    patch.set("sub.mix", "sum")
    assert np.allclose(sound_of(patch, QUANTUM)[-1], 900 / np.sqrt(3))


def test_notes_allocate_voices_inside_or_outside_a_subpatch():
    def instrument(inside):
        patch = patch_of(
            "midi.out notes.events", "notes.frequency osc.frequency", "notes.gate amp.gain", "osc.out amp.audio",
            "amp.out out.audio",
            midi="midi_in", notes=("notes", {"voices": 4}), osc="sine", amp="vca", out="audio_out",
        )  # fmt: skip
        patch.do(Encapsulate(("osc", "amp", *(("notes",) if inside else ())), "voice"))
        patch.set("voice.voices", 4)
        return patch

    output = []
    for inside in (False, True):
        for panned in (False, True):
            patch = instrument(inside)
            if panned:
                patch.do(Within(("voice",), AddNode("split", "split")))
                patch.do(Within(("voice",), InsertOnWire("amp.out", "out.audio", "split", "", "audio", "out")))
            engine = engine_of(patch)
            for key in (60, 64, 67):
                engine.send(bytes([0x90, key, 100]), at=QUANTUM)
            output.append(engine.run_samples(2000))
    assert np.abs(output[0]).max() > 0.5
    for other in output[1:]:
        assert np.allclose(output[0], other, atol=1e-5)


def test_top_level_patch_can_have_voices():
    patch = patch_of(
        "keys.out osc.frequency", "osc.out filter.audio", "filter.out out.audio",
        keys="inlet", osc="saw", filter="ladder", out="audio_out",
    )  # fmt: skip
    patch.set("keys.value", 220.0)
    alone = sound_of(patch, SAMPLES)
    patch.do(SetSettings(voices=4))
    assert np.allclose(sound_of(patch, SAMPLES), 4 * alone, atol=1e-5)
    patch.set("keys.spread", 1.0)
    patch.do(SetSettings(mix="stereo", width=1.0))
    assert sound_of(patch, SAMPLES).shape[1] == 2
    patch.add("pan")
    patch.do(InsertOnWire("filter.out", "out.audio", "pan1", "", "audio", "out"))
    patch.set("keys.spread", 0.0)
    patch.do(SetSettings(mix="sum"))
    assert np.allclose(sound_of(patch, SAMPLES), 4 * np.sqrt(0.5) * alone, atol=1e-5)


def test_voice_settings_of_a_file_are_the_defaults_of_the_subpatch(tmp_path):
    inner = patch_of("keys.out osc.frequency", "osc.out out.audio", keys="inlet", osc="saw", out="outlet")
    inner.set("keys.value", 220.0)
    inner.do(SetSettings(voices=3))
    inner.save(tmp_path / "voice.json")
    patch = patch_of("box.out out.audio", box=("subpatch", {"file": "voice.json"}), out="audio_out")
    patch.save(tmp_path / "patch.json")
    assert spec_of(patch.document.nodes["box"], PatchLocation(patch.path)).options["voices"].default == 3
    three = sound_of(patch, SAMPLES)
    patch.set("box.voices", 1)
    assert np.allclose(three, 3 * sound_of(patch, SAMPLES), atol=1e-5)


def test_setting_the_width_of_voices_needs_no_new_plan():
    patch = synthesizer(voices=4, mix="stereo", width=1.0)
    engine = engine_of(patch)
    engine.run_samples(256)
    plan = engine.plan
    patch.set("voice.width", 0.0)
    engine.run_samples(2048)
    left, right = engine.value("voice", "out")
    assert engine.plan is plan and left == pytest.approx(right)
    engine.set_parameter("voice", "width", 0.5)
    engine.run_samples(2048)
    angles = np.pi / 4 * (1 + 0.5 * np.linspace(-1, 1, 4))
    voice = engine.value("voice/filter", "out")[0]
    assert engine.value("voice", "out") == pytest.approx(voice * np.array([np.cos(angles).sum(), np.sin(angles).sum()]))


def test_wire_into_voices_must_have_one_lane_or_one_per_voice():
    for split in (False, True):
        patch = synthesizer(voices=8)
        if split:
            patch.do(Within(("voice",), AddNode("split", "split")))
        patch.add("values", id="keys", values=[200.0, 300.0, 400.0])
        patch.disconnect("lfo.out", "voice.cutoff")
        patch.connect("keys.out", "voice.cutoff")
        assert "subpatch 'voice' has 8 voices, but 'cutoff' gets 3 lanes; it accepts 1 or 8." in problems_of(patch)


# -- files ------------------------------------------------------------------------------------------------------


def saved(folder: Path, name: str, *, file: str = "", nodes=()) -> Path:
    """Write a patch file, optionally with a subpatch in another file."""
    listed = [{"id": "sub", "type": "subpatch", "params": {"file": file}}] if file else []
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"format": "nodegraph", "version": 1, "nodes": [*listed, *nodes]}))
    return path


def test_patch_file_as_subpatch_has_device_nodes_as_ports(tmp_path):
    wires = ("in.out filter.audio", "filter.out out.audio")
    inner = patch_of(*wires, filter="ladder", out="audio_out", **{"in": "audio_in"})
    inner.save(tmp_path / "filter.json")
    box = ("subpatch", {"file": "filter.json"})
    patch = patch_of("osc.out box.in", "box.out out.audio", osc="saw", box=box, out="audio_out")
    patch.save(tmp_path / "patch.json")
    flat = patch_of("osc.out filter.audio", "filter.out out.audio", osc="saw", filter="ladder", out="audio_out")
    assert np.array_equal(sound_of(patch, SAMPLES), sound_of(flat, SAMPLES))
    spec = spec_of(patch.document.nodes["box"], PatchLocation(patch.path))
    assert list(spec.inputs) == ["in"] and list(spec.outputs) == ["out"]
    inner.set("filter.cutoff", 300.0)
    inner.save()
    assert not np.array_equal(sound_of(patch, SAMPLES), sound_of(flat, SAMPLES))


def test_subpatch_can_be_stored_in_a_file_and_embedded_again(tmp_path):
    patch = synthesizer()
    patch.save(tmp_path / "patch.json")
    before = sound_of(patch, SAMPLES)
    Patch(standalone(patch.document.nodes["voice"].patch)).save(tmp_path / "voice.json")
    patch.do(SetPatch("voice", file="voice.json"))
    assert np.array_equal(before, sound_of(patch, SAMPLES))
    patch.do(SetPatch("voice", data_of(Patch.load(tmp_path / "voice.json").document)))
    assert np.array_equal(before, sound_of(patch, SAMPLES))


def test_missing_file_makes_a_silent_placeholder_with_the_reason(tmp_path):
    patch = patch_of("voice.out out.audio", voice=("subpatch", {"file": "gone.json", "cutoff": 3}), out="audio_out")
    patch.save(tmp_path / "patch.json")
    assert build_graph(patch.document, patch_path=patch.path).placeholders == {
        "voice": "file 'gone.json' is missing. Put it in the patch's folder."
    }
    assert not sound_of(patch, QUANTUM).any()
    (tmp_path / "gone.json").write_text("{")
    assert "truncated" in build_graph(patch.document, patch_path=patch.path).placeholders["voice"]
    patch.set("voice.file", "../outside.json")
    assert "outside the folder" in build_graph(patch.document, patch_path=patch.path).placeholders["voice"]


def test_patch_file_that_contains_itself_is_a_placeholder(tmp_path):
    first = saved(tmp_path, "a.json", file="b.json")
    saved(tmp_path, "b.json", file="c.json")
    (tmp_path / "c.json").symlink_to(first)
    graph = build_graph(Patch.load(first).document, patch_path=first)
    assert graph.placeholders == {
        "sub/sub": "the patch would contain itself (a.json → b.json → a.json). Use another file."
    }
    saved(tmp_path, "me.json", file="me.json")
    graph = build_graph(Patch.load(tmp_path / "me.json").document, patch_path=tmp_path / "me.json")
    assert "would contain itself (me.json → me.json)" in graph.placeholders["sub"]


def test_exponential_number_of_nodes_in_files_is_refused_quickly(tmp_path):
    saved(tmp_path, "0.json", nodes=[{"id": f"s{k}", "type": "sine"} for k in range(20)])
    for depth in range(1, 12):
        boxes = [{"id": f"b{k}", "type": "subpatch", "params": {"file": f"{depth - 1}.json"}} for k in range(10)]
        saved(tmp_path, f"{depth}.json", nodes=boxes)
    top = tmp_path / "11.json"
    assert "more than 50000 nodes" in problems_of(Patch.load(top), top)


def test_exponential_number_of_port_paths_is_resolved_quickly(tmp_path):
    """Ten inlets lead to a subpatch with ten inlets, fifteen levels deep: 10¹⁵ paths."""
    ports = [{"id": f"p{k}", "type": "inlet"} for k in range(10)]
    for depth in range(15):
        inner = {"id": "box", "type": "subpatch" if depth else "mixer"}
        if depth:
            inner["params"] = {"file": f"{depth - 1}.json"}
        wires = [{"from": f"p{k}.out", "to": f"box.{'p0' if depth else 'a'}"} for k in range(10)]
        text = {"format": "nodegraph", "version": 1, "nodes": [*ports, inner], "wires": wires}
        (tmp_path / f"{depth}.json").write_text(json.dumps(text))
    patch = patch_of(box=("subpatch", {"file": "14.json"}), out="audio_out")
    patch.save(tmp_path / "top.json")
    assert len(spec_of(patch.document.nodes["box"], PatchLocation(patch.path)).inputs) == 10
    patch.add("sine", id="osc")
    for k in range(10):
        patch.connect("osc.out", f"box.p{k}")
    assert build_graph(patch.document, patch_path=patch.path).node("box" + 15 * "/box").type == "mixer"


def test_file_references_are_relative_to_the_containing_file(tmp_path):
    import soundfile

    (tmp_path / "kit").mkdir()
    soundfile.write(tmp_path / "kit" / "hit.wav", np.full(1000, 0.5, np.float32), 44100, subtype="FLOAT")
    patch = patch_of("play.out out.audio", play=("file_player", {"file": "hit.wav"}), out="audio_out")
    patch.save(tmp_path / "kit" / "drum.json")
    outer = patch_of("drum.out out.audio", drum=("subpatch", {"file": "kit/drum.json"}), out="audio_out")
    outer.save(tmp_path / "song.json")
    assert np.abs(sound_of(outer, 512)).max() > 0.4


# -- problems ---------------------------------------------------------------------------------------------------


def test_problems_name_the_path_of_the_node():
    patch = synthesizer()
    patch.do(Within(("voice",), Encapsulate(("filter",), "core")))
    patch.do(SetParams({"voice/core/filter.resonance": 99.0}))
    assert "ladder 'voice/core/filter': resonance must lie in" in problems_of(patch)
    patch.undo()
    patch.do(Within(("voice",), AddNode("x", "nothing_like_it")))
    assert "voice/x" in build_graph(patch.document).placeholders
    patch.do(Within(("voice",), Connect("core.out", "core.audio")))
    assert "voice/core/filter → voice/core/filter form a loop" in problems_of(patch)


def test_problem_in_several_voices_is_reported_once():
    patch = synthesizer(voices=8)
    patch.do(Within(("voice",), AddNode("split", "split")))
    patch.do(SetParams({"voice/filter.resonance": 99.0}))
    patch.do(Within(("voice",), Connect("osc.out", "split.nothing")))
    assert len(problems_of(patch).splitlines()) == 2


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (Connect("lfo.out", "voice.cutof"), "subpatch 'voice': unknown input 'cutof'. Did you mean 'cutoff'?"),
        (Connect("voice.in", "amp.gain"), "subpatch 'voice': unknown output 'in'. It has out."),
        (Connect("lfo.out", "voice.voices"), "'voices'. It is a setting; wires go to inputs."),
        (Within(("voice",), AddNode("mix", "inlet")), "'mix' is a setting of every subpatch. Rename that port."),
        (AddNode("voice/osc", "sine"), "duplicate node address 'voice/osc'"),
    ],
)
def test_invalid_ports_of_a_subpatch_are_reported(edit, message):
    patch = synthesizer()
    patch.do(edit)
    assert message in problems_of(patch)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("voices", 0, "subpatch 'voice': voices must lie in 1–128, got 0."),
        ("unison", 99, "unison must lie in 1–16"),
        ("mix", "loud", "mix must be one of sum, stereo, lanes"),
        ("width", 2, "width must lie in 0–1"),
        ("cutof", 2, ": unknown input or setting 'cutof'. Did you mean 'cutoff'?"),
        ("cutoff", "x", "must be a number"),
    ],
)
def test_invalid_parameters_of_a_subpatch_are_reported(name, value, message):
    patch = synthesizer()
    patch.do(SetParams({f"voice.{name}": value}))
    assert message in problems_of(patch)


def test_wire_in_a_subpatch_is_checked_before_it_is_drawn():
    patch = synthesizer()
    assert wire_problem(patch.document, Wire("osc", "out", "filter", "cutoff"), ("voice",)) is None
    assert "already exists" in wire_problem(patch.document, Wire("osc", "out", "filter", "audio"), ("voice",))
    loop = wire_problem(patch.document, Wire("filter", "out", "osc", "pm"), ("voice",))
    assert "voice/osc → voice/filter → voice/osc" in loop or "voice/filter → voice/osc → voice/filter" in loop


def test_patches_nested_too_deep_are_refused():
    data = {"nodes": [{"id": "s", "type": "sine"}]}
    for _ in range(30):
        data = {"nodes": [{"id": "s", "type": "subpatch", "patch": data}]}
    text = json.dumps({"format": "nodegraph", "version": 1, **data})
    with pytest.raises(PatchError, match="nested more than 16 deep"):
        parse_patch(text.encode())


def test_offline_input_reaches_a_subpatch():
    patch = patch_of(
        "mic.out sub.in", "sub.out out.audio", mic="audio_in", sub="subpatch", out="audio_out", checked=False
    )
    patch.do(SetPatch("sub", {
        "nodes": [{"id": "in", "type": "inlet"}, {"id": "out", "type": "outlet"}],
        "wires": [{"from": "in.out", "to": "out.audio"}],
    }))  # fmt: skip
    engine = Offline(patch.document, inputs={"mic": ramp(500)})
    assert np.array_equal(engine.run_samples(500), ramp(500))


# -- ids of any characters ---------------------------------------------------------------------------------------

PLAIN = ["osc", "deep", "amp", "out", "voice", "saw", "shape", "split", "in", "left", "core", "echo", "level", "wet"]


def nested(names, voices, unison, deep_voices, copies, mix):
    """Return a document with two nested subpatches with voices, and the ids in ``names`` by plain id."""
    name = dict(zip(PLAIN, names, strict=True))

    def node(id, type, patch=None, **params):
        found = {"id": name[id], "type": type, "params": params}
        return found | ({"patch": patch} if patch else {})

    def wire(source, out, target, into):
        return {"from": f"{name[source]}.{name.get(out, out)}", "to": f"{name[target]}.{name.get(into, into)}"}

    core = {
        "nodes": [
            node("in", "inlet"), node("level", "inlet", value=0.5), node("echo", "one_pole", cutoff=900.0),
            node("amp", "vca"), node("wet", "outlet"), *([node("split", "split")] if copies else []),
        ],
        "wires": [
            wire("in", "+out", "echo", "+audio"), wire("echo", "+out", "amp", "+audio"),
            wire("level", "+out", "amp", "+gain"), wire("amp", "+out", "wet", "+audio"),
        ],
    }  # fmt: skip
    voice = {
        "nodes": [
            node("in", "inlet"), node("level", "inlet", value=200.0, spread=5.0), node("saw", "saw", start="zero"),
            node("shape", "multiply"), node("core", "subpatch", core, voices=deep_voices, mix="sum"),
            node("left", "outlet"), *([node("split", "split")] if copies else []),
        ],
        "wires": [
            wire("level", "+out", "saw", "+frequency"), wire("saw", "+out", "shape", "+a"),
            wire("in", "+out", "shape", "+b"), wire("shape", "+out", "core", "in"),
            wire("core", "wet", "left", "+audio"),
        ],
    }  # fmt: skip
    whole = {
        "format": "nodegraph",
        "version": 1,
        "nodes": [
            node("osc", "sine", frequency=3.0), node("voice", "subpatch", voice, voices=voices, unison=unison, mix=mix),
            node("amp", "vca", gain=0.5), node("out", "audio_out"),
        ],
        "wires": [
            wire("osc", "+out", "voice", "in"), wire("voice", "left", "amp", "+audio"),
            wire("amp", "+out", "out", "+audio"),
        ],
    }  # fmt: skip
    return parse_patch(json.dumps(whole).replace(".+", ".").encode()), name


def paths_of(graph):
    return sorted(node.path for node in graph.typed_nodes)


ODD = st.text("a#/:2 ~", min_size=1, max_size=4).filter(lambda name: name == name.strip())
VOICES = st.tuples(st.sampled_from([1, 2, 3]), st.sampled_from([1, 2]), st.sampled_from([1, 2]), st.booleans(),
                   st.sampled_from(["sum", "stereo", "lanes"]))  # fmt: skip


@PATIENT
@given(st.lists(ODD, min_size=len(PLAIN), max_size=len(PLAIN), unique=True), VOICES)
def test_ids_with_any_characters_refer_to_the_same_nodes(names, voices):
    plain, _ = nested(PLAIN, *voices)
    odd, name = nested(names, *voices)
    paths = [(name[id],) for id in ("osc", "voice", "amp", "out")]
    paths += [(name["voice"], name[id]) for id in ("in", "level", "saw", "shape", "core", "left", "split")]
    paths += [(name["voice"], name["core"], name[id]) for id in ("in", "level", "echo", "amp", "wet", "split")]
    assume(len({"/".join(path) for path in paths}) == len(paths))
    engine, other = Offline(plain), Offline(odd)
    assert np.array_equal(engine.run_samples(256), other.run_samples(256))
    graph, renamed = engine.plan.graph, other.plan.graph
    assert paths_of(renamed) == sorted(tuple(name[id] for id in path) for path in paths_of(graph))
    for path, port, value in [(("voice", "saw"), "frequency", 300.0), (("voice", "shape"), "b", 0.5),
                              (("voice", "core", "echo"), "cutoff", 700.0), (("voice",), "level", 300.0),
                              (("voice", "core"), "level", 0.7), (("voice",), "width", 0.5)]:  # fmt: skip
        knobs = graph.knobs_of("/".join(path), port)
        found = renamed.knobs_of("/".join(name[id] for id in path), name.get(port, port))
        assert len(set(found)) == len(knobs) == len(set(knobs))
        assert [renamed.node(id).path for id, _ in found] == [
            tuple(name[part] for part in graph.node(id).path) for id, _ in knobs
        ]
        engine.set_parameter("/".join(path), port, value)
        other.set_parameter("/".join(name[id] for id in path), name.get(port, port), value)
    assert np.array_equal(engine.run_samples(1024), other.run_samples(1024))


def test_knobs_of_nested_voices_include_every_voice():
    document, _ = nested(PLAIN, 3, 1, 2, True, "sum")
    graph = build_graph(document)
    for node in ("voice/core/echo", "voice/core/amp"):
        knobs = graph.knobs_of(node, "cutoff")
        assert len(set(knobs)) == 6 and {graph.node(id).address for id, _ in knobs} == {node}
    assert len(set(graph.knobs_of("voice/core", "level"))) == 3 == len(set(graph.knobs_of("voice/saw", "frequency")))


def test_node_with_the_id_of_a_further_voice_has_separate_knobs():
    patch = patch_of("osc.out out.audio", "osc2.out out.audio", osc=("sine", {"frequency": 300.0}),
                     osc2=("sine", {"frequency": 500.0}), out="audio_out")  # fmt: skip
    patch.do(Encapsulate(("osc", "osc2"), "voice"))
    patch.do(Within(("voice",), AddNode("split", "split")))
    patch.set("voice.voices", 3)
    before = sound_of(patch, SAMPLES)
    patch.rename("voice/osc2", "osc#2")
    assert np.array_equal(before, sound_of(patch, SAMPLES))
    graph = build_graph(patch.document)
    for node in ("voice/osc", "voice/osc#2"):
        knobs = graph.knobs_of(node, "frequency")
        assert len(set(knobs)) == 3 and {graph.node(id).address for id, _ in knobs} == {node}


@pytest.mark.parametrize("copies", [False, True])
def test_faults_and_problems_have_the_path_of_the_node(test_blocks, copies):
    patch = patch_of("osc.out bad.audio", "bad.out out.audio", osc="sine", bad="fragile", out="audio_out")
    patch.do(Encapsulate(("bad",), "a#2"))
    patch.do(Within(("a#2",), Rename("bad", "b/c#3: x")))
    if copies:
        patch.do(Within(("a#2",), AddNode("split", "split")))
    patch.set("a#2.voices", 3)
    engine = engine_of(patch)
    engine.set_parameter("a#2/b/c#3: x", "broken", 1.0)
    engine.run_samples(256)
    assert {engine.node_address(fault.node) for fault in engine.faults()} == {"a#2/b/c#3: x"}
    assert {engine.plan.graph.node(fault.node).path for fault in engine.faults()} == {("a#2", "b/c#3: x")}
    wrong = within(("a#2",), SetParam("b/c#3: x", "broken", 99.0)).apply(patch.document)
    with pytest.raises(GraphError) as caught:
        build_graph(wrong)
    assert [problem.path for problem in caught.value.problems] == [("a#2", "b/c#3: x")]


def test_id_with_slashes_is_found_if_another_id_is_its_prefix():
    inner = {"nodes": [{"id": "c", "type": "sine"}]}
    patch = Patch()
    for id in ("a", "a/b"):
        patch.add("subpatch", id=id)
    patch.do(SetPatch("a", {"nodes": [{"id": "x", "type": "sine"}]}))
    patch.do(SetPatch("a/b", inner))
    patch.set("a/b/c.frequency", 300.0)
    assert patch.document.nested(("a/b",)).nodes["c"].params == {"frequency": 300.0}
    patch.rename("a/b/c", "d")
    assert list(patch.document.nested(("a/b",)).nodes) == ["d"]


def test_an_output_that_only_ports_wired_in_a_circle_would_drive_is_nowhere():
    patch = Patch()
    patch.add("subpatch", id="box")
    inner = {
        "nodes": [{"id": "in", "type": "inlet"}, {"id": "keys", "type": "notes"}, {"id": "out", "type": "outlet"}],
        "wires": [{"from": "in.out", "to": "keys.events"}, {"from": "in.out", "to": "out.audio"}],
    }
    patch.do(SetPatch("box", inner))
    patch.do(Connect("box.out", "box.in"))
    assert flatten(patch.document).output_of("box", "out") is None
