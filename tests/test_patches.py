"""The included patches: each loads and is audible, and selected ones match their descriptions."""

from __future__ import annotations

import dataclasses
import re
import shutil
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.special import jv

import nodegraph
from nodegraph.graph import build_graph
from nodegraph.graph.ports import PatchLocation, spec_of
from nodegraph.patch import Document, encode_patch, locate
from tests.midi.midi_files import write_piece

FOLDER = Path(__file__).parent.parent / "patches"
FILES = sorted(FOLDER.glob("*.json"))
NAMES = [str(file.relative_to(FOLDER).with_suffix("")) for file in FILES]
SR = 44100
SECONDS = 4.0

every_patch = pytest.mark.parametrize("name", NAMES)


def load_demo(name: str) -> nodegraph.Patch:
    return nodegraph.load(FOLDER / f"{name}.json")


def harmonic_input() -> np.ndarray:
    """Return an input signal for microphones: eight harmonics of 220 Hz."""
    t = np.arange(int(SECONDS * SR)) / SR
    return (0.1 * sum(np.sin(2 * np.pi * 220 * k * t) / k for k in range(1, 9))).astype(np.float32)


def render(patch: nodegraph.Patch, seconds: float = SECONDS) -> np.ndarray:
    """Render a patch to float64, (samples, channels)."""
    nodes = patch.document.nodes
    inputs = {id: harmonic_input() for id, node in nodes.items() if node.type == "audio_in"}
    return np.asarray(nodegraph.render(patch, seconds, SR, inputs=inputs), np.float64)


@cache
def sound_of(name: str) -> np.ndarray:
    return render(load_demo(name))


def levels(document: Document) -> list[Document]:
    """Return a document and all its nested documents."""
    nested = [level for node in document.nodes.values() if node.patch for level in levels(node.patch)]
    return [document, *nested]


def wire_to_output(patch: nodegraph.Patch, source: str) -> None:
    """Wire only ``source`` to the output of the patch."""
    (out,) = (id for id, node in patch.document.nodes.items() if node.type == "audio_out")
    for wire in patch.document.wires:
        if wire.target == out:
            patch.disconnect(wire.source_ref, wire.target_ref)
    patch.connect(source, f"{out}.audio")


def set_controls(patch: nodegraph.Patch, **values: float) -> None:
    """Set named controls."""
    for name, value in values.items():
        patch.set(patch.document.controls[name].target, value)


def amplitude_at(signal: np.ndarray, frequency: float) -> float:
    """Return the amplitude of a sine with an integer number of cycles in the signal."""
    n = np.arange(len(signal))
    return 2 * abs(np.mean(signal * np.exp(-2j * np.pi * frequency / SR * n)))


def peak_near(signal: np.ndarray, frequency: float, width: float) -> tuple[float, float]:
    """Return frequency and amplitude of the highest spectral peak within ``width`` Hz of ``frequency``."""
    size = 1 << (8 * len(signal) - 1).bit_length()
    window = np.hanning(len(signal))
    spectrum = np.abs(np.fft.rfft(signal * window, size)) * 2 / window.sum()
    lines = np.fft.rfftfreq(size, 1 / SR)
    near = np.flatnonzero(np.abs(lines - frequency) <= width)
    top = near[np.argmax(spectrum[near])]
    a, b, c = np.log(spectrum[top - 1 : top + 2])
    return lines[top] + 0.5 * (a - c) / (a - 2 * b + c) * SR / size, spectrum[top]


# -- every patch -------------------------------------------------------------------------------------------


def test_all_documented_patches_exist():
    documented = {
        "demo", "fm_subtractive", "fm_single_note", "fm_single_note_phase", "subtractive_voice", "bells", "pluck",
        "feedback_fm", "tape_delay", "effect_chain", "generative", "sine_cloud", "microphone", "sound_to_knobs",
        "style_transfer",
    }  # fmt: skip
    assert documented <= set(NAMES)


@every_patch
def test_patch_compiles_without_placeholders(name):
    patch = load_demo(name)
    graph = build_graph(patch.document, SR, patch.path)
    assert not graph.placeholders
    types = ("subpatch", "send", "receive")  # they become wires
    dissolved = {id for id, node in patch.document.nodes.items() if node.type in types}
    assert all(wire in graph.wires for wire in patch.document.wires if not {wire.source, wire.target} & dissolved)
    assert dissolved or list(graph.wires) == list(patch.document.wires)


@every_patch
def test_saved_patch_is_identical_to_the_file(name, tmp_path):
    patch = load_demo(name)
    before = patch.path.read_bytes()
    patch.save(tmp_path / "copy.json")
    assert (tmp_path / "copy.json").read_bytes() == before
    assert encode_patch(dataclasses.replace(patch.document, source=None)) == before


@every_patch
def test_patch_has_a_moderate_level_and_no_offset(name):
    sound = sound_of(name)
    assert np.isfinite(sound).all()
    assert np.abs(sound).max() <= 1.0
    level = 20 * np.log10(np.sqrt(np.mean(sound[SR:] ** 2)))
    assert -24.0 < level < -11.0, f"{level:.1f} dB"
    assert np.abs(sound.mean(axis=0)).max() < 0.01


@every_patch
def test_rendering_is_repeatable(name):
    assert np.array_equal(render(load_demo(name)), sound_of(name))


@every_patch
def test_patch_has_title_comments_controls_and_layout(name):
    document = load_demo(name).document
    assert document.title
    assert document.notes
    assert document.controls
    for level in levels(document):
        assert set(level.layout) == set(level.nodes)
        positions = [*level.layout.values(), *(comment.at for comment in level.notes.values())]
        assert len(set(positions)) == len(positions)


@every_patch
def test_wires_run_from_left_to_right(name):
    for document in levels(load_demo(name).document):
        x = {id: position[0] for id, position in document.layout.items()}
        backwards = [wire for wire in document.wires if not wire.feedback and x[wire.source] > x[wire.target]]
        assert not backwards


@every_patch
def test_controls_set_unwired_inputs_within_their_ranges(name):
    patch = load_demo(name)
    graph = build_graph(patch.document, SR, patch.path)
    for control in patch.document.controls.values():
        node_path, port = control.target.split(".")
        path, id = locate(patch.document, node_path)
        level = patch.document.nested(path)
        declared = spec_of(level.nodes[id], PatchLocation(patch.path)).inputs[port]
        low = declared.min if control.min is None else control.min
        high = declared.max if control.max is None else control.max
        assert control.doc
        assert declared.min <= low < high <= declared.max, control.name
        assert control.taper == "linear" or low > 0
        assert graph.knobs_of(node_path, port), f"{control.name}: the input is wired"
        for node, knob in graph.knobs_of(node_path, port):
            assert low <= graph.node(node).values[knob][0] <= high, control.name
        assert not [w for w in level.wires if w.target_ref == f"{id}.{port}"], f"{control.name}: the input is wired"


@every_patch
@pytest.mark.parametrize("limit", ["min", "max"])
def test_output_is_finite_with_all_controls_at_a_limit(name, limit):
    patch = load_demo(name)
    for control in patch.document.controls.values():
        if control.name != "record":
            patch.set(control.target, getattr(control, limit))
    assert np.isfinite(render(patch, 1.0)).all()


def test_subpatch_files_compile_and_are_used():
    blocks = {file.relative_to(FOLDER).as_posix(): file for file in FOLDER.glob("blocks/*.json")}
    used = {node.params.get("file") for name in NAMES for node in load_demo(name).document.nodes.values()}
    assert blocks.keys() <= used
    for file in blocks.values():
        patch = nodegraph.load(file)
        assert not build_graph(patch.document, SR, file).placeholders
        assert patch.document.notes and set(patch.document.layout) == set(patch.document.nodes)
        assert encode_patch(dataclasses.replace(patch.document, source=None)) == file.read_bytes()


def test_eight_voices_sound_in_rotation():
    patch = load_demo("eight_voices")
    patch.set("voice.mix", "lanes")
    wire_to_output(patch, "voice.out")
    voices = render(patch, 3.0)
    step = SR * 60 / 96 / 3
    starts = [np.flatnonzero(np.abs(voices[:, lane]) > 1e-3)[0] / step for lane in range(8)]
    assert sorted(np.round(starts).tolist()) == list(range(8))


def test_recordings_are_credited_and_used():
    credits = (FOLDER / "audio" / "README.md").read_text()
    recordings = {file.name for file in (FOLDER / "audio").glob("*.flac")}
    assert recordings == set(re.findall(r"`(\w+\.flac)`", credits))
    players = (node for name in NAMES for node in load_demo(name).document.nodes.values())
    used = {Path(node.params["file"]).name for node in players if node.type == "file_player"}
    assert used == recordings


# -- the FM subtractive synthesizer ------------------------------------------------------------------------


def bare_synth(**values: float) -> nodegraph.Patch:
    """Return the synthesizer with one sine at A4, all other waves silent, and the given controls."""
    patch = load_demo("fm_subtractive")
    silent = {f"A_{w}": 0.0 for w in ("saw", "sqr", "tri")}
    steady = {f"B_{w}": 0.0 for w in ("sin", "saw", "sqr", "tri")}
    set_controls(patch, **{"f_sin": 440.0, "A_sin": 1.0, **silent, **steady, **values})
    return patch


def test_fm_synth_has_the_23_parameters_of_the_paper():
    found = {c.name: (c.min, c.max) for c in load_demo("fm_subtractive").document.controls.values()}
    expected = dict.fromkeys("adsr", (0.001, 1.0))
    for w in ("sin", "saw", "sqr", "tri"):
        expected |= {f"A_{w}": (0.001, 1.0), f"B_{w}": (0.0, 1500.0), f"v_{w}": (1.0, 30.0)}
        expected[f"f_{w}"] = (440.0, pytest.approx(440 * 2 ** (15 / 12), abs=1e-3))
    expected |= {"f_gate": (0.5, 30.0), "f_cut": (200.0, 4000.0), "q": (0.01, 10.0)}
    assert len(expected) == 23
    assert found == expected


SINGLE_NOTES = ["fm_single_note", "fm_single_note_phase"]


@pytest.mark.parametrize("name", SINGLE_NOTES)
def test_single_note_has_the_controls_of_the_fm_synth(name):
    controls = load_demo("fm_subtractive").document.controls
    found = load_demo(name).document.controls
    assert {c.name: (c.min, c.max, c.taper, c.steps) for c in found.values()} == {
        c.name: (c.min, c.max, c.taper, c.steps) for c in controls.values()
    }


def test_single_note_is_the_first_second_of_the_fm_synth():
    values = {"B_sin": 300.0, "B_tri": 700.0, "a": 0.1, "d": 0.4, "s": 0.6, "f_cut": 1500.0, "f_gate": 5.0}
    pitches = {"f_sin": 440.0, "f_saw": 880.0, "f_sqr": 440.0, "f_tri": 880.0}
    sounds = []
    for name in ("fm_subtractive", "fm_single_note"):
        patch = load_demo(name)
        shared = {c.name: (c.min + c.max) / 2 for c in patch.document.controls.values()}
        set_controls(patch, **(shared | values | pitches))
        patch.set("gate.fade", 0.0)
        gain = patch.document.nodes["level"].params["gain"]
        sounds.append(np.asarray(nodegraph.render(patch, 1.0, 16384.0), np.float64)[:, 0] / gain)
    assert np.abs(sounds[0]).max() > 0.001
    assert np.abs(sounds[0] - sounds[1]).max() < 1e-6


def test_key_of_the_single_note_is_held_for_a_parameter():
    patch = load_demo("fm_single_note")
    for seconds in (0.25, 0.5):
        patch.set("key.width", seconds)
        wire_to_output(patch, "key.out")
        assert nodegraph.render(patch, 1.0, 16384.0).sum() == pytest.approx(seconds * 16384, abs=1)


def test_single_note_with_phase_modulation_is_the_formula_of_the_paper():
    """Check ``y = A sin(2πft + B sin(2πvt))`` with B in radians."""
    patch = load_demo("fm_single_note_phase")
    set_controls(patch, f_sin=440.0, A_sin=1.0, A_saw=0.001, A_sqr=0.001, A_tri=0.001, B_sin=7.0, v_sin=10.0)
    wire_to_output(patch, "sine.out")
    t = np.arange(16384) / 16384.0
    expected = np.sin(2 * np.pi * 440 * t + 7.0 * np.sin(2 * np.pi * 10 * t))
    assert np.abs(nodegraph.render(patch, 1.0, 16384.0)[:, 0] - expected).max() < 2e-3


@pytest.mark.parametrize(("deviation", "speed"), [(300.0, 30.0), (100.0, 20.0), (1500.0, 30.0)])
def test_fm_synth_sidebands_match_the_deviation_in_hz(deviation, speed):
    patch = bare_synth(B_sin=deviation, v_sin=speed)
    wire_to_output(patch, "sum.out")
    sound = render(patch, 1.0)[:, 0]
    for k in range(-14, 15):
        expected = 0.25 * abs(jv(k, deviation / speed))
        assert amplitude_at(sound, 440 + k * speed) == pytest.approx(expected, abs=2e-3), k


def test_fm_synth_follows_the_phase_of_the_paper():
    """Check that the phase is the integral of f + B sin(2πvt)."""
    patch = bare_synth(B_sin=200.0, v_sin=10.0)
    wire_to_output(patch, "sum.out")
    t = np.arange(SR) / SR
    phase = 2 * np.pi * 440 * t + (200 / 10) * (1 - np.cos(2 * np.pi * 10 * t))
    # the oscillator sums the frequency of each sample: half a sample late compared with the integral
    assert np.abs(render(patch, 1.0)[:, 0] - 0.25 * np.sin(phase)).max() < 0.01


@pytest.mark.parametrize(
    ("w", "harmonics"),
    [("saw", [1, 1 / 2, 1 / 3]), ("sqr", [2, 0, 2 / 3]), ("tri", [4 / np.pi, 0, 4 / 9 / np.pi])],
)
def test_fm_synth_has_four_waves(w, harmonics):
    patch = bare_synth(**{"A_sin": 0.0, f"A_{w}": 1.0, f"f_{w}": 440.0})
    wire_to_output(patch, "sum.out")
    sound = render(patch, 1.0)[:, 0]
    for k, amplitude in enumerate(harmonics, 1):
        assert amplitude_at(sound, 440 * k) == pytest.approx(0.25 * amplitude * 2 / np.pi, abs=2e-3)


def test_fm_synth_has_the_envelope_of_jsyn():
    patch = bare_synth(a=0.1, d=0.6, s=0.5, r=0.9)
    wire_to_output(patch, "envelope.out")
    level = render(patch, 1.0)[:, 0]
    at = {s: level[round(s * SR)] for s in (0.05, 0.0995, 0.12, 0.2, 0.249, 0.31, 0.4)}
    assert at[0.05] == pytest.approx(0.5, abs=1e-3)
    assert at[0.0995] == pytest.approx(0.995, abs=1e-3)
    assert at[0.12] == pytest.approx(2 ** (-15 * 0.02 / 0.6), abs=1e-3)  # decays by 90 dB in d
    assert at[0.2] == at[0.249] == pytest.approx(0.5)
    assert at[0.31] == pytest.approx(0.5 * 2 ** (-15 * 0.06 / 0.9), abs=1e-3)
    assert at[0.4] == pytest.approx(0.5 * 2 ** (-15 * 0.15 / 0.9), abs=1e-3)


@pytest.mark.parametrize("frequency", [0.5, 8.0, 30.0])
def test_fm_synth_gate_is_a_square_wave(frequency):
    patch = bare_synth(f_gate=frequency)
    patch.disconnect("filter.out", "gate.audio")
    patch.connect(f"{patch.add('constant', value=1.0)}.out", "gate.audio")
    wire_to_output(patch, "gate.out")
    gain = render(patch, 2.0)[:, 0]
    t = np.arange(len(gain)) / SR
    clear = np.abs((frequency * t + 0.25) % 0.5 - 0.25) > 4e-3 * frequency  # more than the fade from an edge
    assert np.array_equal(gain[clear], ((frequency * t) % 1 < 0.5)[clear])


def test_fm_synth_filter_falls_by_12_db_per_octave():
    levels = []
    for frequency in (440.0, 880.0):
        patch = bare_synth(f_sin=frequency, f_cut=200.0, q=0.7071, s=1.0, a=0.001)
        patch.set("clock.width", 0.99)
        wire_to_output(patch, "filter.out")
        levels.append(amplitude_at(render(patch, 0.75)[SR // 4 :, 0], frequency))
    expected = [(1 + (f / 200) ** 4) ** -0.5 for f in (440, 880)]
    assert levels == pytest.approx([0.25 * h for h in expected], rel=0.02)


# -- other patches ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("note", [40, 57, 69, 76])
def test_pluck_is_in_tune(note):
    patch = load_demo("pluck")
    patch.set("melody.steps", [note])
    patch.set("clock.tempo", 5.0)
    wire_to_output(patch, "damping.out")
    string = render(patch, 3.0)[SR // 10 :].sum(axis=1)
    fundamental = 440 * 2 ** ((note - 69) / 12)
    assert abs(1200 * np.log2(peak_near(string, fundamental, 5.0)[0] / fundamental)) < 2.0


def test_pluck_plays_six_strings_in_rotation():
    patch = load_demo("pluck")
    wire_to_output(patch, "damping.out")
    strings = render(patch, 3.0)
    assert strings.shape[1] == 6
    step = SR * 60 / 84 / 3
    starts = [np.flatnonzero(np.abs(strings[:, lane]) > 1e-3)[0] / step for lane in range(6)]
    assert sorted(np.round(starts).tolist()) == [0, 1, 2, 3, 4, 5]


def test_bells_have_the_partials_of_risset():
    patch = load_demo("bells")
    set_controls(patch, tempo=10.0, beating=0.0, room=0.0, duration=20.0)
    strike = render(patch, 1.0)[SR // 20 :].sum(axis=1)
    note = patch.document.nodes["low_bell"].params["scale"]
    loudest = peak_near(strike, note, 5 * note)[1]
    for ratio in (0.56, 0.92, 1.19, 1.7, 2.0, 2.74, 3.0, 3.76, 4.07):
        frequency, height = peak_near(strike, ratio * note, 20.0)
        assert frequency == pytest.approx(ratio * note, abs=0.1)
        assert height > loudest / 30
    assert peak_near(strike, note, 5.0)[1] < loudest / 100  # the perceived pitch is not a partial


def test_tape_delay_echoes_are_periodic_and_decaying():
    patch = load_demo("tape_delay")
    set_controls(patch, wow=0.0, flutter=0.0, time=0.5)
    patch.remove("piano")
    patch.connect(f"{patch.add('impulse', frequency=0.01)}.out", "no_rumble.audio")
    sound = np.abs(render(patch, 3.0)[:, 0])
    start = np.argmax(sound)
    peaks = []
    for k in range(1, 5):
        centre = start + round(k * 0.5 * SR)
        window = sound[centre - 400 : centre + 400]
        assert np.argmax(window) - 400 == pytest.approx(k * 6, abs=30)  # the filters add a delay
        peaks.append(window.max())
    assert all(np.diff(peaks) < 0)
    between = sound[start + 4000 : start + round(0.5 * SR) - 400]
    assert between.max() < peaks[0] / 50


def test_effect_chain_never_exceeds_its_ceiling():
    patch = load_demo("effect_chain")
    set_controls(patch, ceiling=-6.0)
    patch.set("mix.gain", 2.0)
    sound = render(patch)
    assert 0.9 * 10 ** (-6 / 20) < np.abs(sound).max() <= 10 ** (-6 / 20) + 1e-6


def test_temple_plays_a_just_scale_and_its_echoes_drift():
    patch = load_demo("temple")
    steps = np.array(patch.document.nodes["steps"].params["steps"])
    wire_to_output(patch, "pitch.out")
    played = np.unique(render(patch)[:, 0])
    assert len(played) == len(np.unique(steps))  # one frequency for each note
    degrees = {0: 1.0, 1: 16 / 15, 2: 9 / 8, 3: 6 / 5, 4: 5 / 4, 5: 4 / 3, 7: 3 / 2, 8: 8 / 5, 10: 9 / 5}
    ratios = [2.0 ** ((note - 62) // 12) * degrees[(note - 62) % 12] for note in np.unique(steps)]
    assert played == pytest.approx(293.664768 * np.array(ratios), rel=1e-5)
    patch = load_demo("temple")
    wire_to_output(patch, "delay.out")
    drifting = render(patch, 2.0)
    set_controls(patch, shift=0.0)
    assert np.abs(render(patch, 2.0) - drifting).max() > 0.05


def test_generative_changes_with_the_seed():
    patch = load_demo("generative")
    again = np.asarray(nodegraph.render(patch, SECONDS, SR))
    other = np.asarray(nodegraph.render(patch, SECONDS, SR, seed=7))
    assert np.array_equal(again, sound_of("generative"))
    assert np.abs(other - again).max() > 0.05


def test_sine_cloud_reaches_the_notes_of_its_scale():
    patch = load_demo("sine_cloud")
    patch.set("breathing.amplitude", 0.0)
    patch.set("breathing.offset", 1.0)
    set_controls(patch, room=0.0)
    sound = render(patch)[SR // 2 :].sum(axis=1)
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    lines = np.fft.rfftfreq(len(sound), 1 / SR)
    notes = np.array([n for n in range(30, 100) if (n - 2) % 12 in (0, 2, 4, 7, 9)])
    near = np.abs(lines[:, None] - 440 * 2 ** ((notes - 69) / 12)).min(axis=1) < 4.0
    assert power[near].sum() > 0.99 * power.sum()


def test_microphone_records_the_output_while_record_is_on(tmp_path):
    shutil.copy(FOLDER / "microphone.json", tmp_path)
    patch = nodegraph.load(tmp_path / "microphone.json")
    unrecorded = render(patch, 1.0)
    assert [file.name for file in tmp_path.iterdir()] == ["microphone.json"]
    set_controls(patch, record=1.0)
    sound = render(patch, 1.0)
    assert np.array_equal(unrecorded, sound)
    take, _ = soundfile.read(tmp_path / "take.wav", dtype="float64")
    late = 71  # samples: the latency of the limiter, which also delays the button
    assert len(take) >= len(sound) - late
    assert np.array_equal(take[: len(sound) - late], sound[late:])


def render_notes(
    name: str, notes: list[tuple[float, float, int]], seconds: float, path: Path, **controls
) -> np.ndarray:
    """Render a patch with notes (beat, beats, key) instead of its own piece."""
    patch = load_demo(name)
    set_controls(patch, piece=0.0, **controls)
    sound = nodegraph.render(patch, seconds, SR, midi=write_piece(path / "piece.mid", notes))
    return np.asarray(sound, np.float64)


def test_poly_synth_plays_a_chord(tmp_path):
    sound = render_notes("poly_synth", [(0, 3, key) for key in (57, 61, 64)], 1.5, tmp_path, detune=1.0).sum(axis=1)
    for key in (57, 61, 64):
        note = 440 * 2 ** ((key - 69) / 12)
        found, height = peak_near(sound, note, 8.0)
        assert abs(1200 * np.log2(found / note)) < 3 and height > 0.02
    assert peak_near(sound, 440 * 2 ** ((59 - 69) / 12), 5.0)[1] < 0.005


def test_poly_synth_is_silent_without_notes(tmp_path):
    assert not render_notes("poly_synth", [], 1.0, tmp_path).any()


def test_gliding_lead_slides_from_note_to_note(tmp_path):
    sound = render_notes("gliding_lead", [(0, 2.5, 57), (2, 2, 69)], 2.0, tmp_path, echo=0.0, glide=0.5)[:, 0]
    edges = SR // 5
    for at, note in ((0.9, 57), (1.25, 63), (1.8, 69)):  # halfway through the glide after 0.25 s
        part = sound[round(at * SR) - edges // 4 : round(at * SR) + edges // 4]
        found, _ = peak_near(part, 440 * 2 ** ((note - 69) / 12), 25.0)
        assert abs(12 * np.log2(found / 440) + 69 - note) < 0.7


def test_arpeggio_plays_the_notes_of_a_chord_in_order(tmp_path):
    patch = load_demo("arpeggio")
    set_controls(patch, piece=0.0, echo=0.0, swing=0.0, tempo=60.0, steps=2.0, metal=0.0)
    piece = write_piece(tmp_path / "piece.mid", [(0, 8, key) for key in (60, 64, 67)])
    sound = np.asarray(nodegraph.render(patch, 3.0, SR, midi=piece), np.float64).sum(axis=1)
    keys = []
    for step in range(1, 6):
        part = sound[round((0.5 * step + 0.05) * SR) : round((0.5 * step + 0.2) * SR)]
        heights = {key: peak_near(part, 440 * 2 ** ((key - 69) / 12), 6.0)[1] for key in (60, 64, 67, 72, 76, 79)}
        keys.append(max(heights, key=heights.get))
    assert keys == [64, 67, 72, 76, 79]  # the first step is at the note-on of the chord


def test_sampled_guitar_captures_its_phrase():
    patch = load_demo("sampled_guitar")
    set_controls(patch, half=0.0)
    for node, port in (("backwards", "out"), ("places", "out")):
        wire_to_output(patch, f"{node}.{port}")
        sound = render(patch, 8.0)
        if node == "backwards":
            backwards = sound
    phrase, fade = round(8 * SR * 60 / 72 / 2), SR // 50
    assert not backwards[: phrase - 2].any()
    start = int(np.flatnonzero(backwards.any(axis=1))[0])
    played = sound[start - phrase : start][::-1]
    assert np.abs(backwards[start + 1 + fade : start + phrase - fade] - played[fade : -fade - 1]).max() < 0.01
