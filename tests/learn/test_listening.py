"""Sounds to hear at the end of a training."""

import numpy as np
import pytest
import soundfile

from nodegraph.learn import LearnError
from nodegraph.learn.listening import SECONDS, resynthesis, save_sounds
from nodegraph.models.autoencoder import Autoencoder, Features, Layer

RATE = 8000.0


def identity():
    features = Features(rate=RATE, size=64, hop=16, normalise="frame")
    layer = Layer(np.eye(features.bins, dtype=np.float32), None, "linear")
    return Autoencoder(features, (layer,), (layer,))


def test_perfect_model_gives_the_sound_itself():
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, 3000).astype(np.float32)
    np.testing.assert_allclose(resynthesis(identity(), sound), sound, atol=1e-4)


def test_last_seconds_of_a_source_are_written_beside_the_model(tmp_path):
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 100_000)
    soundfile.write(tmp_path / "take.wav", noise, int(RATE), "FLOAT")
    files = save_sounds(identity(), tmp_path / "m.safetensors", str(tmp_path / "take.wav"), 1.0, 0)
    assert [file.name for file in files] == ["m-original.wav", "m-resynthesis.wav"]
    original = soundfile.read(files[0])[0]
    np.testing.assert_allclose(original, noise[-round(SECONDS * RATE) :], atol=1e-6)
    np.testing.assert_allclose(soundfile.read(files[1])[0], original, atol=1e-4)
    with pytest.raises(LearnError, match=r"no sound to hear: .*missing\.wav"):
        save_sounds(identity(), tmp_path / "m.safetensors", str(tmp_path / "missing.wav"), 1.0, 0)
