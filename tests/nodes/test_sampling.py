"""The sampler, and SFZ instruments, with generated sounds."""

import numpy as np
import pytest
import soundfile

from nodegraph.cli import main
from nodegraph.files.sfz import SfzError, parse_sfz
from tests.rendering import Stepper, engine_of, largest_step, patch_of, sound_of

RATE = 44100


def noise(frames, channels=1, seed=1):
    return (0.5 * np.random.default_rng(seed).uniform(-1, 1, (frames, channels))).astype(np.float32)


def sampler(folder, **params):
    """Return an engine of a sampler whose left channel is the output."""
    patch = patch_of("s.left out.audio", s=("sampler", params), out="audio_out")
    patch.path = folder / "patch.json"
    return engine_of(patch)


def play(engine, samples, *events):
    """Run an engine while inputs of the sampler change: (sample, input, value)."""
    for at, name, value in events:
        engine.set_parameter("s", name, value, at=at)
    return engine.run_samples(samples)


def write(folder, name, values, rate=RATE):
    soundfile.write(folder / name, values, rate, subtype="FLOAT")


def instrument(folder, text):
    (folder / "piano.sfz").write_text(text)
    return "piano.sfz"


# -- SFZ ---------------------------------------------------------------------------------------------------------


def test_regions_inherit_from_groups_and_overwrite_them():
    zones, ignored = parse_sfz(
        "<control> default_path=sounds/ <global> volume=-6 ampeg_release=0.5 // everywhere\n"
        "<group> key=c4 lovel=10 <region> sample=soft piano.wav hivel=64 <region> sample=loud.wav volume=1.5\n"
        "<group> <region> sample=low.wav hikey=f#2 pitch_keycenter=36",
        "x.sfz",
    )
    assert ignored == ""
    assert [(z.sample, z.lokey, z.hikey, z.pitch_keycenter, z.lovel, z.hivel, z.volume) for z in zones] == [
        ("sounds/soft piano.wav", 60, 60, 60, 10, 64, -6.0),
        ("sounds/loud.wav", 60, 60, 60, 10, 127, 1.5),
        ("sounds/low.wav", 0, 42, 36, 0, 127, -6.0),
    ]
    assert all(zone.ampeg_release == 0.5 for zone in zones)


def test_unsupported_parts_are_reported_in_one_line():
    text = '#define $KEY 60\n#include "more.sfz"\n<region> sample=a.wav cutoff=500 tune=high <curve> v0=1'
    zones, ignored = parse_sfz(text, "x.sfz")
    assert len(zones) == 1 and ignored == "x.sfz: ignored #define, #include, cutoff, tune=high, <curve>"


@pytest.mark.parametrize("text", ["", "<region> key=60", "sample=a.wav", "RIFF\0\0WAVE"])
def test_instrument_without_a_sample_is_refused_in_one_line(text):
    with pytest.raises(SfzError, match=r"^x.sfz: no region with a sample\. Add one: <region> sample=sound.wav$"):
        parse_sfz(text, "x.sfz")


# -- playing -----------------------------------------------------------------------------------------------------


def test_root_plays_the_samples_of_a_sound_file(tmp_path):
    values = noise(5000)
    values[0] = 0.0
    write(tmp_path, "a.wav", values)
    found = play(sampler(tmp_path, file="a.wav", root=48, pitch=48.0), 4000, (1000, "gate", 1.0))
    assert not found[:1000].any() and np.abs(found[1000:] - values[:3000]).max() < 1e-6


@pytest.mark.parametrize("pitch", [48.0, 67.5, 84.0])
def test_pitch_transposes_without_aliasing(tmp_path, pitch):
    t = np.arange(4 * RATE) / RATE
    write(tmp_path, "a.wav", 0.5 * np.sin(2 * np.pi * 440 * t))
    found = play(sampler(tmp_path, file="a.wav", pitch=pitch), 8000, (0, "gate", 1.0))[500:, 0]
    ratio = 2 ** ((pitch - 60) / 12)
    assert np.abs(found - 0.5 * np.sin(2 * np.pi * 440 * ratio * t[500:8000])).max() < 2e-3
    write(tmp_path, "b.wav", 0.5 * np.sin(2 * np.pi * 21000 * t))
    if ratio > 1.1:
        assert np.abs(play(sampler(tmp_path, file="b.wav", pitch=pitch), 4000, (0, "gate", 1.0))[500:]).max() < 1e-4


def test_zones_are_chosen_by_key_and_velocity(tmp_path):
    for k, name in enumerate(("low", "soft", "loud")):
        write(tmp_path, f"{name}.wav", np.full(RATE, 0.1 * (k + 1)))
    file = instrument(
        tmp_path,
        "<region> sample=low.wav hikey=59\n<group> lokey=60 <region> sample=soft.wav hivel=63\n"
        "<region> sample=loud.wav lovel=64 volume=-6.0206",
    )
    for pitch, velocity, expected in ((40.0, 1.0, 0.1), (64.0, 0.25, 0.2 * 0.25), (64.0, 1.0, 0.15)):
        engine = sampler(tmp_path, file=file, pitch=pitch, velocity=velocity)
        assert play(engine, 2000, (0, "gate", 1.0))[-1, 0] == pytest.approx(expected, rel=1e-3)


def test_loop_plays_exact_frames_until_and_after_the_release(tmp_path):
    values = noise(3000)
    values[0] = 0.0
    write(tmp_path, "a.wav", values)
    loop = "<region> sample=a.wav loop_start=500 loop_end=1999 ampeg_release=1000000"
    file = instrument(tmp_path, f"{loop} loop_mode=loop_continuous")
    n = np.arange(8000)
    looped = values[np.where(n < 2000, n, 500 + (n - 500) % 1500), 0]
    assert np.abs(play(sampler(tmp_path, file=file), 8000, (0, "gate", 1.0))[:, 0] - looped).max() < 1e-6
    file = instrument(tmp_path, f"{loop} loop_mode=loop_sustain")
    found = play(sampler(tmp_path, file=file), 8000, (0, "gate", 1.0), (4000, "gate", 0.0))[:, 0]
    left = 500 + (4000 - 500) % 1500
    end = 4000 + 3000 - left
    assert np.abs(found[:4000] - looped[:4000]).max() < 1e-6
    assert np.abs(found[4000:end] - values[left:, 0]).max() < 1e-4 and not found[end + 200 :].any()


@pytest.mark.parametrize("reverse", [0.0, 1.0])
@pytest.mark.parametrize("begin", [0, 400])
def test_transposed_loop_of_whole_cycles_has_no_seam(tmp_path, begin, reverse):
    write(tmp_path, "a.wav", 0.5 * np.sin(2 * np.pi * np.arange(1200) / 100))
    file = instrument(tmp_path, f"<region> sample=a.wav loop_mode=loop_continuous loop_start={begin} loop_end=1099")
    found = play(sampler(tmp_path, file=file, pitch=63.3, reverse=reverse), 8000, (0, "gate", 1.0))[:, 0]
    position = 2 ** (3.3 / 12) * np.arange(8000) * (1 - 2 * reverse) - reverse
    assert np.abs(found - 0.5 * np.sin(2 * np.pi * position / 100))[300:].max() < 2e-3


def test_reverse_and_start_choose_the_first_frame(tmp_path):
    values = noise(3000)
    write(tmp_path, "a.wav", values)
    found = play(sampler(tmp_path, file="a.wav", start=1000 / RATE, reverse=1.0), 1500, (0, "gate", 1.0))[:, 0]
    assert np.abs(found[300:] - values[1999 - 300 : 499 : -1, 0]).max() < 1e-6


def test_envelope_rises_linearly_and_falls_by_60_db_in_its_times(tmp_path):
    write(tmp_path, "a.wav", np.full(RATE, 0.5))
    file = instrument(
        tmp_path,
        "<region> sample=a.wav ampeg_attack=0.1 ampeg_decay=0.2 ampeg_sustain=50 ampeg_release=0.1",
    )
    found = play(sampler(tmp_path, file=file), 26460, (0, "gate", 1.0), (22050, "gate", 0.0))[:, 0]
    assert found[2205] == pytest.approx(0.25, rel=1e-2) and found[4409] == pytest.approx(0.5, rel=1e-3)
    assert found[4410 + 4410] == pytest.approx(0.25 + 0.25 * 10**-1.5, rel=1e-3)
    assert found[22050 + 2205] == pytest.approx(found[22049] * 10**-1.5, rel=1e-2)


def test_notes_that_cut_each_other_have_no_step(tmp_path):
    tone = 0.5 * np.cos(2 * np.pi * 300.3 * np.arange(RATE) / RATE)
    write(tmp_path, "a.wav", tone)
    engine = sampler(tmp_path, file="a.wav", start=0.01)
    rng = np.random.default_rng(2)
    events = [(at + k * 5, "gate", float(k % 2 == 0)) for at in rng.integers(0, 20000, 20).tolist() for k in range(3)]
    found = play(engine, 22050, *sorted(events))
    assert np.abs(found).max() > 0.3
    assert largest_step(found) < 1.1 * 0.5 * 2 * np.pi * 300.3 / RATE + 2 * 1.0 / 176


def test_voices_of_notes_play_stereo_lanes(tmp_path):
    write(tmp_path, "a.wav", np.full((RATE, 2), (0.1, 0.2)))
    patch = patch_of(
        "m.out n.events", "n.pitch s.pitch", "n.gate s.gate", "n.velocity s.velocity",
        "s.left l.audio", "s.right r.audio", "l.out out.audio", "r.out out.audio",
        m="midi_in", n=("notes", {"voices": 4}), s=("sampler", {"file": "a.wav"}), l="sum_lanes", r="sum_lanes",
        out="audio_out",
    )  # fmt: skip
    patch.path = tmp_path / "patch.json"
    engine = engine_of(patch)
    for key in (60, 64, 67):
        engine.send(bytes([0x90, key, 127]))
    assert engine.run_samples(2000)[-1, 0] == pytest.approx(3 * (0.1 + 0.2), rel=1e-3)


def test_samples_outside_the_folder_are_not_read(tmp_path):
    folder = tmp_path / "inside"
    folder.mkdir()
    write(tmp_path, "secret.wav", np.full(RATE, 0.5))
    engine = sampler(folder, file=instrument(folder, "<region> sample=../secret.wav"))
    assert not play(engine, 2000, (0, "gate", 1.0)).any()
    assert engine.problems() == ["s: ../secret.wav: outside the folder of the patch. Copy it there."]


def test_unsupported_opcodes_are_a_warning(tmp_path, capsys):
    write(tmp_path, "a.wav", noise(100))
    file = instrument(tmp_path, "<region> sample=a.wav cutoff=500")
    patch = patch_of("s.left out.audio", s=("sampler", {"file": file}), out="audio_out")
    patch.save(tmp_path / "patch.json")
    assert engine_of(patch).problems() == ["s: piano.sfz: ignored cutoff."]
    command = ["render", str(tmp_path / "patch.json"), "-o", str(tmp_path / "out.wav"), "--seconds", "0.1"]
    assert main(command) == 0
    assert "warning: s: piano.sfz: ignored cutoff." in capsys.readouterr().err


def test_missing_sample_is_reported_and_others_play(tmp_path):
    write(tmp_path, "a.wav", np.full(RATE, 0.5))
    file = instrument(tmp_path, "<region> sample=lost.wav hikey=50\n<region> sample=a.wav lokey=51")
    engine = sampler(tmp_path, file=file)
    assert play(engine, 2000, (0, "gate", 1.0))[-1, 0] == pytest.approx(0.5)
    assert engine.problems() == ["s: lost.wav: file not found. Name a sound file."]


@pytest.mark.parametrize(
    ("block", "output", "params"),
    [
        ("file_player", "out", {"speed": 1.3}),
        ("file_player", "out", {"speed": -0.7, "loop": False, "restart": 1.0, "position": 0.009}),
        ("sampler", "right", {"gate": 1.0, "pitch": [64.3, 50.0]}),
        ("granular", "out", {"density": 300.0, "duration": 0.01, "jitter": 1.0, "spread": 1.0, "pitch": 5.0}),
    ],
)
def test_compiled_players_are_the_python_players_bit_for_bit(tmp_path, block, output, params):
    write(tmp_path, "a.wav", noise(500, 2), 48000)
    patch = patch_of(f"p.{output} out.audio", p=(block, {"file": "a.wav", **params}), out="audio_out")
    patch.path = tmp_path / "patch.json"
    native = sound_of(patch, 256)
    assert np.abs(native).max() > 0.05 and np.array_equal(native, sound_of(patch, 256, driver=Stepper))
