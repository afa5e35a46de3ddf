"""Small recordings and frames, at a rate and size that train quickly."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from nodegraph.learn import FrameSets
from nodegraph.models.autoencoder import Features
from tests.torch_threads import one_thread  # noqa: F401 (an autouse fixture)

RATE, SIZE, HOP = 8000, 128, 64
SMALL = {"features.rate": RATE, "features.size": SIZE, "features.hop": HOP}


def notes(seconds, seed, rate=RATE):
    """Return chords of decaying notes: many frames with few degrees of freedom."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * rate)) / rate
    sound = np.zeros(len(t))
    for start in np.arange(0, seconds, 0.25):
        for note in rng.choice([220, 330, 440, 660, 880], 2, replace=False):
            at = np.maximum(t - start, 0)
            sound += (t >= start) * rng.uniform(0.05, 0.3) * np.exp(-4 * at) * np.sin(2 * np.pi * note * at)
    return (sound / np.abs(sound).max() * 0.5).astype(np.float32)


@pytest.fixture(scope="session")
def recordings(tmp_path_factory):
    """Return a folder with seven recordings of 3 s."""
    folder = tmp_path_factory.mktemp("recordings")
    for i in range(7):
        soundfile.write(folder / f"take{i}.wav", notes(3.0, i), RATE)
    return folder


@pytest.fixture(scope="session")
def frames():
    """Return frames made of positive factors, like sounds of a few instruments: (600 | 150 | 150, 65)."""
    rng = np.random.default_rng(3)
    features = Features(RATE, SIZE, HOP)
    atoms = rng.gamma(0.3, 1.0, (6, features.bins))
    amounts = rng.gamma(0.6, 1.0, (900, 6))
    magnitudes = (amounts @ atoms + 0.02 * rng.random((900, features.bins))).astype(np.float32)
    return FrameSets(magnitudes[:600], magnitudes[600:750], magnitudes[750:], features)
