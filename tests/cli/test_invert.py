"""``nodegraph invert``: sound from arrays and images, and errors for invalid files."""

import numpy as np
import pytest
import soundfile

from nodegraph.spectral.metrics import ser
from nodegraph.spectral.stft import stft

RATE, SIZE, HOP = 16000, 256, 64


@pytest.fixture(scope="module")
def sound():
    t = np.arange(8000) / RATE
    chirp, tone = np.sin(2 * np.pi * (300 + 200 * t) * t), np.sin(2 * np.pi * 1234 * t)
    return (0.3 * chirp + 0.2 * tone).astype(np.float32)


@pytest.fixture(scope="module")
def magnitudes(sound):
    return np.abs(stft(sound, SIZE, HOP))


def save_all(folder, magnitudes):
    """Write the magnitudes in all supported layouts; return the options that each file needs."""
    np.save(folder / "bins_first.npy", magnitudes)
    np.save(folder / "frames_first.npy", magnitudes.T)
    np.save(folder / "db.npy", 20 * np.log10(np.maximum(magnitudes, 1e-9)))
    np.save(folder / "log.npy", np.log(np.maximum(magnitudes, 1e-9)))
    np.save(folder / "power.npy", magnitudes**2)
    np.save(folder / "complex.npy", magnitudes * 1j)
    np.savez(folder / "all.npz", S=magnitudes, sr=RATE, hop_length=HOP, n_fft=SIZE, window="hann")
    plain = ["--rate", RATE, "--hop", HOP]
    return {
        "bins_first.npy": plain,
        "frames_first.npy": plain,
        "db.npy": [*plain, "--scale", "db"],
        "log.npy": [*plain, "--scale", "log"],
        "power.npy": [*plain, "--scale", "power"],
        "complex.npy": plain,
        "all.npz": [],
    }


def test_all_layouts_of_a_spectrogram_produce_the_same_sound(cli, tmp_path, magnitudes):
    for name, options in save_all(tmp_path, magnitudes).items():
        outcome = cli("invert", name, "-o", "out.wav", "-n", 60, "--json", *options)
        assert outcome.status == 0, outcome.err
        found = outcome.json
        assert (found["rate"], found["size"], found["hop"]) == (RATE, SIZE, HOP)
        assert found["ser"] > 20.0, name
        values, rate = soundfile.read("out.wav", dtype="float32")
        assert rate == RATE and len(values) == magnitudes.shape[1] * HOP
        assert ser(magnitudes, values, SIZE, HOP) == pytest.approx(found["ser"], abs=0.5)


def test_every_method_produces_sound(cli, tmp_path, magnitudes):
    from nodegraph.cli.inversion import methods

    np.save(tmp_path / "m.npy", magnitudes)
    for name in methods():
        found = cli("invert", "m.npy", "-o", "out.wav", "-m", name, "--rate", RATE, "--json").json
        assert found["method"] == name
        assert found["seconds"] == pytest.approx(magnitudes.shape[1] * HOP / RATE)
        assert found["peak"] > 0.1
        if name in ("griffin_lim", "fast_griffin_lim", "rtisi_la", "momentum_rtisi"):
            assert found["ser"] > 12.0, name


def test_seed_sets_the_initial_phases(cli, tmp_path, magnitudes):
    np.save(tmp_path / "m.npy", magnitudes)
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        cli("invert", "m.npy", "-o", f"{name}.wav", "-n", 3, "--seed", seed, "--rate", RATE)
    a, b, c = (soundfile.read(f"{name}.wav", dtype="float32")[0] for name in "abc")
    assert np.array_equal(a, b) and not np.array_equal(a, c)


def test_look_ahead_improves_the_sound_of_methods_that_have_it(cli, tmp_path, magnitudes):
    np.save(tmp_path / "m.npy", magnitudes)
    for method in ("rtisi_la", "momentum_rtisi"):
        options = ["invert", "m.npy", "-o", "out.wav", "-m", method, "--rate", RATE, "--json"]
        found = {frames: cli(*options, "--look-ahead", frames).json["ser"] for frames in (0, 3)}
        assert found[3] > found[0] and found[3] == cli(*options).json["ser"]


def test_look_ahead_of_other_methods_is_refused(cli, tmp_path, magnitudes):
    np.save(tmp_path / "m.npy", magnitudes)
    for method in ("griffin_lim", "rtisi", "phase_gradient"):
        outcome = cli("invert", "m.npy", "-o", "out.wav", "-m", method, "--look-ahead", 3)
        assert outcome.status == 1 and "momentum_rtisi, rtisi_la, rtisi_la_in_turn." in outcome.line
    assert cli("invert", "m.npy", "-o", "out.wav", "-m", "rtisi_la", "--look-ahead", 16).status == 2


def test_image_becomes_sound_at_its_frequencies(cli, tmp_path):
    image = pytest.importorskip("PIL.Image")
    png = pytest.importorskip("PIL.PngImagePlugin")
    level = np.zeros((129, 80), np.uint8)
    level[128 - 20] = 255  # a line 20 bins above the bottom
    text = png.PngInfo()
    for key, value in (("rate", "16000"), ("hop", "64")):
        text.add_text(key, value)
    image.fromarray(level).save(tmp_path / "line.png", pnginfo=text)
    image.fromarray(np.dstack([level] * 3)).save(tmp_path / "colour.png", pnginfo=text)
    for name in ("line.png", "colour.png"):
        found = cli("invert", name, "-o", "out.wav", "--json").json
        assert (found["rate"], found["size"], found["hop"]) == (16000, 256, 64)
        values = soundfile.read("out.wav")[0][1000:4000]
        spectrum = np.abs(np.fft.rfft(values * np.hanning(len(values))))
        assert np.argmax(spectrum) * 16000 / len(values) == pytest.approx(20 * 16000 / 256, abs=40)
    assert cli("invert", "line.png", "-o", "out.wav", "--size", 512, "--json").json["size"] == 512


def test_missing_metadata_is_a_warning(cli, tmp_path, magnitudes):
    np.save(tmp_path / "m.npy", magnitudes)
    outcome = cli("invert", "m.npy", "-o", "out.wav", "-n", 30)
    assert outcome.status == 0 and "44100" in outcome.line and "--rate" in outcome.line
    assert "signal-to-error ratio" in outcome.out


BAD = {
    "negative.npy": (lambda m: -m, [], "negative"),
    "nan.npy": (lambda m: np.where(m > m.max() / 2, np.nan, m), [], "NaN"),
    "infinite.npy": (lambda m: np.where(m > m.max() / 2, np.inf, m), [], "too large"),
    "bins.npy": (lambda m: m[:100], [], "size / 2 + 1"),
    "size.npy": (lambda m: m, ["--size", 512], "257 bins"),
    "odd_size.npy": (lambda m: m, ["--size", 300], "power of two"),
    "empty.npy": (lambda m: m[:, :0], [], "empty"),
    "flat.npy": (lambda m: m[:, 0], [], "two dimensions, bins and frames"),
    "words.npy": (lambda m: np.array([["a", "b"]]), [], "values must be numbers"),
    "hop.npy": (lambda m: m, ["--hop", 300], "hop must be at most the size, 256 samples"),
    "gap.npy": (lambda m: m, ["--hop", 256], "leave gaps"),
    "scale.npy": (lambda m: m, ["--scale", "loud"], "linear, db"),
    "window.npy": (lambda m: m, ["--window", "round"], "hann"),
    "rate.npy": (lambda m: m, ["--rate", 5], "1000"),
    "method.npy": (lambda m: m, ["-m", "griffin_lin"], "griffin_lim"),
}


@pytest.mark.parametrize("name", BAD)
def test_invalid_input_is_reported_in_one_line(cli, tmp_path, magnitudes, name):
    spoil, options, words = BAD[name]
    np.save(tmp_path / name, spoil(magnitudes))
    outcome = cli("invert", name, "-o", "out.wav", *options)
    assert outcome.status != 0 and words in outcome.line
    assert not (tmp_path / "out.wav").exists()


def test_unreadable_files_are_reported_in_one_line(cli, tmp_path, magnitudes):
    (tmp_path / "text.npy").write_text("hello")
    (tmp_path / "broken.npz").write_bytes(b"PK\x03\x04 broken")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG broken")
    np.savez(tmp_path / "two.npz", a=magnitudes, b=magnitudes)
    np.save(tmp_path / "pickle.npy", np.array([[{}]], dtype=object), allow_pickle=True)
    for name in ("text.npy", "broken.npz", "broken.png", "two.npz", "pickle.npy", "missing.npy", "."):
        outcome = cli("invert", name, "-o", "out.wav")
        assert outcome.status == 1 and outcome.line.startswith("error: ")


def test_silent_spectrogram_produces_silence(cli, tmp_path):
    np.save(tmp_path / "m.npy", np.zeros((129, 20)))
    for method in ("fast_griffin_lim", "rtisi_la"):
        found = cli("invert", "m.npy", "-o", "o.wav", "-m", method, "--rate", RATE, "--json").json
        assert found["peak"] < 1e-6


def test_methods_are_listed_without_a_spectrogram(cli):
    assert {"griffin_lim", "rtisi_la", "momentum_rtisi"} <= set(cli("invert", "--methods").out.split())
