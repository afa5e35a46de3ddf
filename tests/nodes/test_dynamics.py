"""Static curves, times and limits of the dynamics blocks."""

import numpy as np
import pytest
import soxr
from scipy.signal import butter, sosfilt

from nodes.dynamics import BitCrusher, Compressor, Drive, Follower, Gater, Limiter, NoiseGate, Vca
from tests.nodes.stepping import SR, run

N = 22050
T = np.arange(N) / SR


def db(x):
    return 20 * np.log10(x)


def test_vca_multiplies():
    assert np.array_equal(run(Vca, 100, audio=0.5, gain=np.arange(100.0))["out"], 0.5 * np.arange(100))


def test_gater_matches_the_square_wave_of_the_paper():
    out = run(Gater, N, audio=1.0, frequency=10.0)["out"]
    phase = (T * 10.0) % 1
    away = np.minimum(phase % 0.5, 0.5 - phase % 0.5) > 1e-6
    assert np.array_equal(out[away], ((1 + np.sign(np.sin(2 * np.pi * phase))) / 2)[away])


@pytest.mark.parametrize("level", [-40.0, -23.0, -20.0, -18.0, -10.0, 0.0])
def test_compressor_follows_its_static_curve(level):
    out = run(Compressor, N, audio=10 ** (level / 20), threshold=-20.0, ratio=4.0, knee=6.0)
    if level < -23:
        expected = level
    elif level > -17:
        expected = -20 + (level + 20) / 4
    else:
        expected = level - 0.75 * (level + 23) ** 2 / 12
    assert db(out["out"][-1]) == pytest.approx(expected, abs=1e-3)
    assert out["reduction"][-1] == pytest.approx(level - expected, abs=1e-3)


def test_compressor_attack_is_a_time_constant():
    audio = np.where(T < 0.1, 0.001, 1.0)
    reduction = run(Compressor, N, audio=audio, threshold=-20.0, attack=0.05, knee=0.0)["reduction"]
    assert reduction[int(0.15 * SR)] == pytest.approx(15 * (1 - np.exp(-1)), rel=0.01)


def test_compressor_measures_its_key():
    out = run(Compressor, N, audio=0.1, key=1.0, listen="key", knee=0.0)["out"]
    assert db(out[-1] / 0.1) == pytest.approx(-15.0, abs=0.01)


def test_limiter_respects_its_ceiling_and_declared_latency():
    rng = np.random.default_rng(4)
    audio = rng.normal(0, 1, N) * (1 + 10 * (rng.uniform(size=N) > 0.999))
    out = run(Limiter, N, audio=audio, ceiling=-6.0)["out"]
    assert np.abs(out).max() <= 10 ** (-6 / 20) * (1 + 1e-9)
    soft = (0.1 * np.sin(2 * np.pi * 440 * T)).astype(np.float32)
    latency = Limiter.latency({}, SR)
    assert np.abs(run(Limiter, N, audio=soft)["out"][latency:, 0] - soft[:-latency]).max() < 1e-9


def test_limiter_reduces_a_single_peak_to_the_ceiling():
    audio = np.full(2000, 0.5)
    audio[1000] = 2.0
    out = run(Limiter, 2000, audio=audio, ceiling=0.0, release=0.01)["out"][:, 0]
    late = Limiter.latency({}, SR)
    assert out[1000 + late] == pytest.approx(1.0, abs=1e-6)
    assert out[900] == 0.5
    assert np.abs(np.diff(out))[late : 1000 + late - 10].max() < 0.01  # the gain falls smoothly


@pytest.mark.parametrize("sr", [44100.0, 96000.0])
def test_limiter_leaves_no_peak_between_the_samples(sr):
    noise = sosfilt(butter(8, 0.75, output="sos"), np.random.default_rng(5).normal(size=20000))
    tone = np.sin(np.pi / 2.0 * np.arange(20000) + np.pi / 4.0)  # its peaks lie between the samples
    audio = 2.0 * noise + 3.0 * tone
    out = run(Limiter, 20000, audio=audio, ceiling=-1.0, sr=sr)["out"][1000:, 0]
    assert db(np.abs(soxr.resample(out, 1.0, 8.0, quality="VHQ"))[4000:-4000].max()) < -0.8


@pytest.mark.parametrize("hz", [30.0, 50.0, 100.0, 1000.0])
def test_limiter_does_not_distort_steady_tones(hz):
    out = run(Limiter, 2 * N, audio=2.0 * np.sin(2 * np.pi * hz * np.arange(2 * N) / SR))["out"][N:, 0]
    basis = np.exp(2j * np.pi * hz * np.arange(N) / SR)
    rest = out - 2.0 * np.real(np.mean(out * basis.conj()) * basis)
    assert np.std(rest) < 0.002 * np.std(out)


@pytest.mark.parametrize("block", [Limiter, Compressor])
def test_linked_lanes_keep_a_stereo_sound_in_its_place(block):
    loud, soft = 2.0 * np.sin(2 * np.pi * 300 * T), 0.1 * np.sin(2 * np.pi * 500 * T)
    late = block.latency({}, SR) if block.latency else 0
    linked, separate = (run(block, N, audio=np.stack([loud, soft], 1), link=link) for link in ("linked", "separate"))
    assert np.array_equal(linked["reduction"][:, 0], linked["reduction"][:, 1])
    assert linked["reduction"][-1, 0] > 5.0
    soft_alone = np.roll(np.float32(soft), late)[N // 2 :]
    gain = 10.0 ** (-linked["reduction"][N // 2 :, 1] / 20.0)
    np.testing.assert_allclose(linked["out"][N // 2 :, 1], gain * soft_alone, atol=1e-6)
    if block is Limiter:
        np.testing.assert_allclose(separate["out"][N // 2 :, 1], soft_alone, atol=1e-6)
    np.testing.assert_array_equal(separate["out"][:, 0], run(block, N, audio=loud)["out"][:, 0])


def test_noise_gate_opens_and_closes():
    audio = np.where((T > 0.1) & (T < 0.2), 0.5, 0.001)
    out = run(NoiseGate, N, audio=audio, threshold=-30.0, release=0.02)["out"]
    assert db(out[int(0.15 * SR)] / 0.5) == pytest.approx(0.0, abs=0.1)
    assert db(out[int(0.05 * SR)] / 0.001) < -70
    assert db(out[-1] / 0.001) < -60


def test_follower_measures_peak_and_rms():
    audio = 0.8 * np.sin(2 * np.pi * 1000 * T)
    assert run(Follower, N, audio=audio, attack=0.0, release=1.0)["out"][-1] == pytest.approx(0.8, rel=0.01)
    rms = run(Follower, N, audio=audio, attack=0.05, release=0.05, mode="rms")["out"][-1]
    assert rms == pytest.approx(0.8 / np.sqrt(2), rel=0.02)


@pytest.mark.parametrize("hz", [50.0, 440.0, 5000.0])
@pytest.mark.parametrize(("mode", "level"), [("peak", 1.0), ("rms", np.sqrt(0.5))])
def test_follower_has_the_level_of_a_full_scale_sine(hz, mode, level):
    out = run(Follower, N, audio=np.sin(2 * np.pi * hz * T), mode=mode)["out"][N // 2 :]
    assert out.mean() == pytest.approx(level, rel=0.05 if hz == 50.0 else 0.01)


def test_drive_curves():
    x = np.linspace(-1, 1, 201)
    drive = {"audio": x, "drive": db(4.0)}
    x = 4.0 * x
    assert run(Drive, 201, **drive)["out"] == pytest.approx(np.tanh(x), abs=1e-6)
    assert run(Drive, 201, shape="hard", **drive)["out"] == pytest.approx(np.clip(x, -1, 1), abs=1e-6)
    assert run(Drive, 201, shape="sine", **drive)["out"] == pytest.approx(np.sin(np.pi / 2 * x), abs=1e-5)
    fold = 2 / np.pi * np.arcsin(np.sin(np.pi / 2 * x))
    assert run(Drive, 201, shape="fold", **drive)["out"] == pytest.approx(fold, abs=1e-5)


@pytest.mark.parametrize("bits", [1.0, 3.0, 8.0, 16.0, 24.0])
def test_bit_crusher_rounds_to_its_steps(bits):
    sound = np.linspace(-1.0, 1.0, 999, dtype=np.float32)
    out = run(BitCrusher, 999, audio=sound, bits=bits, rate=192000.0)["out"]
    steps = 2.0 ** (bits - 1.0)
    assert np.array_equal(out, np.floor(sound.astype(float) * steps + 0.5) / steps)


@pytest.mark.parametrize("divisor", [1, 2, 7])
def test_bit_crusher_holds_samples_of_a_lower_rate(divisor):
    sound = np.random.default_rng(0).uniform(-1.0, 1.0, 700).astype(np.float32)
    out = run(BitCrusher, 700, audio=sound, bits=24.0, rate=SR / divisor * (1.0 + 1e-7))["out"]
    assert out == pytest.approx(np.repeat(sound[::divisor], divisor), abs=1e-6)
