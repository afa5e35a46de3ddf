"""The sampler with SoundFont 2 files."""

import numpy as np
import pytest

from nodegraph.cli import main
from nodegraph.files.sf2 import Sf2Error, read_sf2
from tests.nodes.test_sampling import noise, play, sampler
from tests.rendering import engine_of, patch_of
from tests.sf2_files import RATE, Preset, Sample, sf2_bytes, span

PAN, DELAY, ATTACK, HOLD, DECAY, SUSTAIN, RELEASE, KEYS, VELOCITIES, SAMPLE, MODES = (
    17,
    33,
    34,
    35,
    36,
    37,
    38,
    43,
    44,
    53,
    54,
)
CENTRE = 0.5**0.5


def write(folder, samples, *zones, **options):
    """Write a file of one preset, whose only instrument has these zones."""
    preset = Preset(instruments=[zones], generators=options.pop("generators", ()))
    (folder / "a.sf2").write_bytes(sf2_bytes(samples, [preset], **options))
    return folder / "a.sf2"


def constant(level, frames=RATE):
    return Sample(np.full(frames, level))


def test_sample_plays_at_its_own_pitch_and_transposed(tmp_path):
    t = np.arange(2 * RATE)
    tone = Sample(0.5 * np.sin(2 * np.pi * 440 * t / RATE), key=57, cents=-20)
    write(tmp_path, [tone], [(51, 2), (52, 45), (58, 60), (SAMPLE, 0)], generators=[(52, -5)])
    found = play(sampler(tmp_path, file="a.sf2", pitch=63.5), 8000, (0, "gate", 1.0))[500:, 0]
    ratio = 2 ** ((3.5 + 2 + 0.45 - 0.05 - 0.2) / 12)
    assert np.abs(found - CENTRE * 0.5 * np.sin(2 * np.pi * 440 * ratio * t[500:8000] / RATE)).max() < 2e-3


def test_scale_tuning_spaces_the_keys_in_cents(tmp_path):
    zones = read_sf2(write(tmp_path, [constant(0.5)], [(KEYS, span(58, 63)), (56, 50), (SAMPLE, 0)])).zones
    centres = {zone.lokey: zone.pitch_keycenter - zone.tune / 100 for zone in zones}
    assert [key - centres[key] for key in range(58, 64)] == [-1.0, -0.5, 0.0, 0.5, 1.0, 1.5]


@pytest.mark.parametrize("mode", [1, 3])
def test_loop_has_the_frames_between_its_points(tmp_path, mode):
    values = noise(3000)[:, 0]
    write(tmp_path, [Sample(values, (400, 1900))], [(2, 100), (3, 100), (MODES, mode), (RELEASE, 8000), (SAMPLE, 0)])
    found = play(sampler(tmp_path, file="a.sf2"), 8000, (0, "gate", 1.0), (4000, "gate", 0.0))[:, 0]
    n = np.arange(8000)
    looped = CENTRE * values[np.where(n < 2000, n, 500 + (n - 500) % 1500)]
    looped[4000:] *= 10 ** (-5 * (n[4000:] - 3999) / RATE / 2 ** (8000 / 1200))
    end = 8000 if mode == 1 else 4500
    assert np.abs(found - looped)[200 : min(end, 5000)].max() < 2e-3
    assert mode == 1 or not found[6200:].any()


def test_start_and_end_offsets_cut_the_sample(tmp_path):
    values = noise(40000)[:, 0]
    write(tmp_path, [Sample(values)], [(0, 232), (4, 1), (1, -1000), (SAMPLE, 0)])
    found = play(sampler(tmp_path, file="a.sf2"), 8000, (0, "gate", 1.0))[:, 0]
    assert np.abs(found[200:6000] - CENTRE * values[33200:39000]).max() < 2e-3 and not found[6400:].any()


def test_zones_are_chosen_by_key_and_velocity_with_the_levels_of_both_layers(tmp_path):
    samples = [constant(0.2), constant(0.4), constant(0.6)]
    zones = [
        [(48, 20)],  # the default of the others
        [(KEYS, span(0, 59)), (SAMPLE, 0)],
        [(KEYS, span(60, 127)), (VELOCITIES, span(0, 63)), (48, 0), (SAMPLE, 1)],
        [(KEYS, span(60, 127)), (VELOCITIES, span(64, 127)), (SAMPLE, 2)],
    ]
    write(tmp_path, samples, *zones, generators=[(KEYS, span(10, 100)), (48, 40)])
    for pitch, velocity, level in (
        (40, 1.0, 0.2 * 10**-0.3), (64, 0.25, 0.4 * 10**-0.2 * 0.25), (64, 1.0, 0.6 * 10**-0.3), (5, 1.0, 0.0)
    ):  # fmt: skip
        engine = sampler(tmp_path, file="a.sf2", pitch=float(pitch), velocity=velocity)
        assert play(engine, 1000, (0, "gate", 1.0))[-1, 0] == pytest.approx(CENTRE * level, rel=1e-3)


def test_volume_envelope_has_the_times_and_decibels_of_the_file(tmp_path):
    times = ((DELAY, 0.01), (ATTACK, 0.02), (HOLD, 0.03), (DECAY, 1.0), (RELEASE, 0.5))
    generators = [(number, round(1200 * np.log2(seconds))) for number, seconds in times]
    write(tmp_path, [constant(0.9)], [*generators, (SUSTAIN, 200), (SAMPLE, 0)])
    found = play(sampler(tmp_path, file="a.sf2"), 26460, (0, "gate", 1.0), (17640, "gate", 0.0))[:, 0]
    level = found / (0.9 * CENTRE)
    ms = np.arange(26460) / RATE * 1000
    for at, decibels in ((20, -6.02), (40, 0), (59, 0), (110, -5), (210, -15), (255, -19.5), (300, -20), (399, -20)):
        assert 20 * np.log10(level[np.searchsorted(ms, at)]) == pytest.approx(decibels, abs=0.1)
    assert not level[ms < 9.9].any() and 20 * np.log10(level[17640 + 4410]) == pytest.approx(-40, abs=0.1)


def test_hold_and_decay_depend_on_the_key(tmp_path):
    zone = [(KEYS, span(48, 72)), (HOLD, 0), (DECAY, 0), (39, 100), (40, 50), (SAMPLE, 0)]
    zones = {zone.lokey: zone for zone in read_sf2(write(tmp_path, [constant(0.1)], zone)).zones}
    assert [zones[key].ampeg_hold for key in (48, 60, 72)] == pytest.approx([2.0, 1.0, 0.5])
    assert [zones[key].ampeg_decay for key in (48, 60, 72)] == pytest.approx([0.6 * 2**0.5, 0.6, 0.6 * 0.5**0.5])


def outputs(folder, **params):
    """Return the last samples of both outputs of a sampler."""
    found = []
    for output in ("left", "right"):
        patch = patch_of(f"s.{output} out.audio", s=("sampler", {"file": "a.sf2", **params}), out="audio_out")
        patch.path = folder / "patch.json"
        found.append(play(engine_of(patch), 1000, (0, "gate", 1.0))[-1, 0])
    return found


def test_pan_keeps_the_power(tmp_path):
    write(tmp_path, [constant(0.5)], [(PAN, 250), (SAMPLE, 0)])
    assert outputs(tmp_path) == pytest.approx([0.5 * 0.25**0.5, 0.5 * 0.75**0.5], rel=1e-3)


def test_halves_of_a_stereo_sound_become_one_zone(tmp_path):
    left, right = [(PAN, -500), (SAMPLE, 0)], [(PAN, 500), (48, 60), (SAMPLE, 1)]
    path = write(tmp_path, [constant(0.2), constant(0.4)], left, right)
    assert outputs(tmp_path) == pytest.approx([0.2, 0.4 * 10**-0.3], rel=1e-3)
    assert len(read_sf2(path).zones) == 1 and read_sf2(path).remark == ""


def test_half_of_a_stereo_sound_that_does_not_fit_is_in_the_middle(tmp_path):
    left, right = [(PAN, -500), (SAMPLE, 0)], [(PAN, 500), (52, 5), (SAMPLE, 1)]
    path = write(tmp_path, [constant(0.2), constant(0.4)], left, right)
    assert outputs(tmp_path) == pytest.approx([0.2, 0.2], rel=1e-3)
    assert read_sf2(path).remark == "a.sf2: ignored quieter layers of the same keys"


def test_loudest_layer_plays(tmp_path):
    write(tmp_path, [constant(0.2), constant(0.4)], [(48, 100), (SAMPLE, 0)], [(48, 40), (52, 5), (SAMPLE, 1)])
    assert outputs(tmp_path) == pytest.approx([0.4 * 10**-0.2 * CENTRE] * 2, rel=1e-3)


def test_ignored_parts_are_one_remark(tmp_path):
    used = [(8, 5000), (6, 20), (15, 100), (57, 1), (SAMPLE, 0)]
    path = write(tmp_path, [constant(0.2)], used, modulators=1)
    assert read_sf2(path).remark == (
        "a.sf2: ignored modulators, filters, vibrato and modulation envelopes, reverb and chorus, exclusive classes"
    )


# -- presets -----------------------------------------------------------------------------------------------------


def orchestra(folder):
    zones = [[(SAMPLE, 0)]]
    named = (("Tremolo Strings", 44, 0), ("Strings", 48, 0), ("Standard", 0, 128), ("Piano", 0, 0))
    presets = [Preset(name, program, bank, [zones]) for name, program, bank in named]
    (folder / "a.sf2").write_bytes(sf2_bytes([constant(0.1, 50)], presets))
    return folder / "a.sf2"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("", "0:0 Piano"), ("48", "0:48 Strings"), ("128:0", "128:0 Standard"), (" 0 : 44 ", "0:44 Tremolo Strings"),
        ("strings", "0:48 Strings"), ("TREM", "0:44 Tremolo Strings"),
    ],
)  # fmt: skip
def test_preset_is_chosen_by_numbers_or_name(tmp_path, text, title):
    assert read_sf2(orchestra(tmp_path), text).preset == title


def test_unknown_preset_lists_those_of_the_file(tmp_path, capsys):
    orchestra(tmp_path)
    patch = patch_of("s.left out.audio", s=("sampler", {"file": "a.sf2", "preset": "5"}), out="audio_out")
    patch.save(tmp_path / "patch.json")
    main(["check", str(tmp_path / "patch.json")])
    listed = "Choose one: 0:0 Piano, 0:44 Tremolo Strings, 0:48 Strings, 128:0 Standard."
    assert f"a.sf2: preset '5' not found. {listed}" in capsys.readouterr().err


# -- damage ------------------------------------------------------------------------------------------------------


def test_every_truncation_is_refused_in_one_line(tmp_path):
    data = write(tmp_path, [constant(0.1, 50)], [(MODES, 1), (SAMPLE, 0)]).read_bytes()
    for size in range(len(data)):
        (tmp_path / "b.sf2").write_bytes(data[:size])
        with pytest.raises(Sf2Error, match=r"^b\.sf2: (not a SoundFont|damaged).*\.$"):
            read_sf2(tmp_path / "b.sf2")


def test_sample_outside_of_the_file_is_left_out_before_memory_is_reserved(tmp_path):
    data = write(tmp_path, [constant(0.1, 50), constant(0.2)], [(SAMPLE, 0)], [(VELOCITIES, span(0, 9)), (SAMPLE, 1)])
    changed = bytearray(data.read_bytes())
    end = changed.index(b"s0\0") + 24
    changed[end : end + 4] = b"\xff\xff\xff\xff"
    data.write_bytes(changed)
    found = read_sf2(data)
    assert len(found.zones) == 1 and found.remark == "a.sf2: ignored sample 's0', which is not in the file"


def test_compressed_samples_are_refused(tmp_path):
    sample = Sample(np.zeros(50), type=17)
    with pytest.raises(Sf2Error, match="compressed samples"):
        read_sf2(write(tmp_path, [sample], [(SAMPLE, 0)]))
