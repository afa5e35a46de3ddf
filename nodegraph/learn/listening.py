"""Two sounds to hear at the end of a training: one that the model was not trained on, and its resynthesis."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nodegraph.files.sound_file import SoundFileError
from nodegraph.files.sound_output import write_sound
from nodegraph.graph import GraphError
from nodegraph.models.autoencoder import Autoencoder
from nodegraph.patch import PatchError
from nodegraph.spectral.stft import istft, stft

from .errors import LearnError
from .sources import sources_of

SECONDS = 10.0


def resynthesis(model: Autoencoder, sound: np.ndarray) -> np.ndarray:
    """Return a sound (samples,) at the model's rate through the model, with the phases of the sound."""
    f = model.features
    spectra = stft(sound, f.size, f.hop, f.window)
    magnitudes = model.reconstruct(np.abs(spectra).T).T
    return istft(magnitudes * np.exp(1j * np.angle(spectra)), f.size, f.hop, f.window, len(sound))


def save_sounds(model: Autoencoder, path: Path, source: str, patch_seconds: float, seed: int) -> list[Path]:
    """Write the last seconds of a source and their resynthesis next to the model file; return the files.

    Of a source in several parts, the end is the part for testing. Raises LearnError if a file is not writable.
    """
    try:
        (found,), _ = sources_of([source], patch_seconds, seed)
        sound = found.read(model.features.rate)[-round(SECONDS * model.features.rate) :]
        files = []
        for word, samples in (("original", sound), ("resynthesis", resynthesis(model, sound))):
            files.append(path.with_name(f"{path.stem}-{word}.wav"))
            write_sound(files[-1], np.asarray(samples, np.float32), model.features.rate)
    except (LearnError, SoundFileError, PatchError, GraphError, OSError, ValueError) as error:
        raise LearnError(f"no sound to hear: {error}") from None
    return files
