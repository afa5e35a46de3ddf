"""Estimating: from sounds to values of parameters, their confidence, and joint candidates. Needs torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .estimator import Estimator
from .estimator_network import load_network, sample_flow
from .model_file import ModelError
from .parameters import from_classes, from_unit, to_classes, to_unit
from .sound_features import SILENCE, SoundFeatures, sound_features

FLOW_STEPS = 4  # Euler steps from noise to candidates; with 16 the best of 64 is no nearer, and the others are farther
EXACT_BELOW = 8  # classes below which only the class itself counts as found, not its neighbours


@dataclass(frozen=True, eq=False)
class Estimates:
    """Estimates for N sounds, in the units of the ports.

    ``values`` (N, P) are the most likely ones, each parameter for itself. ``confidence`` (N, P) is the probability,
    0–1, that a value lies within one class of the truth; it is 0 for an inaudible parameter. ``candidates``
    (N, K, P) are joint draws.
    """

    values: np.ndarray
    confidence: np.ndarray
    candidates: np.ndarray


class Inference:
    """The network of an estimator, ready to hear sounds."""

    def __init__(self, model: Estimator) -> None:
        self.model = model
        weights = {n.removeprefix("network."): t for n, t in model.tensors.items() if n.startswith("network.")}
        self._network = load_network(model.layout, weights)
        self._audible = np.array([name not in model.inaudible for name in model.names])

    def estimate(self, sounds: np.ndarray, noise: float = 0.0, candidates: int = 0, seed: int = 0) -> Estimates:
        """Return the estimates for sounds (N, samples) at the rate and of the length of the model.

        ``noise`` (0–1) tells the network how far the sounds are from clean output of the patch: 0 for none, about 0.3
        for a good recording, 1 for noise 5 dB below the sound behind a strong equaliser. The same ``seed`` gives the
        same candidates. Raises ModelError for a sound of another length, a silent one, and NaN or infinity.
        """
        sounds = np.atleast_2d(np.asarray(sounds, np.float32))
        settings = self.model.features
        if sounds.shape[1] != settings.samples:
            raise ModelError(f"the sound must have {settings.samples} samples, got {sounds.shape[1]}. Fit its length.")
        if not np.isfinite(sounds).all():
            raise ModelError("the sound must not contain NaN or infinity. Use another one.")
        if (np.abs(sounds).max(axis=1) < SILENCE).any():
            raise ModelError("the sound is silent. Use another one.")
        features = sound_features(sounds, settings)
        amounts = np.full(len(sounds), noise, np.float32)
        code, logits = self.forward(features, amounts)
        temperatures = torch.from_numpy(self.model.calibration.temperatures(amounts))
        positions, confidence = read_classes(logits / temperatures[..., None], self.model)
        shape = (len(sounds), 0, len(self.model.parameters))
        drawn = np.zeros(shape)
        if candidates:
            generator = torch.Generator().manual_seed(seed)
            flow = self._network.flow
            drawn = (sample_flow(flow, code, logits, candidates, FLOW_STEPS, generator).double().numpy() + 1.0) / 2.0
        values = from_unit(self.model.parameters, np.where(self._audible, positions, 0.5))
        joint = from_unit(self.model.parameters, drawn.reshape(-1, shape[2]))
        return Estimates(
            snap(self.model, values),
            np.where(self._audible, confidence, 0.0),
            snap(self.model, joint).reshape(drawn.shape),
        )

    @torch.no_grad()
    def forward(self, features: SoundFeatures, noise: np.ndarray) -> tuple[Tensor, Tensor]:
        """Return the code and the logits for features of N sounds and stated amounts of noise (N,)."""
        parts = (*self.model.standardise(features), noise)
        return self._network(*(torch.from_numpy(np.ascontiguousarray(part, np.float32)) for part in parts))


def fit_sound(model: Estimator, sound: np.ndarray, rate: float) -> np.ndarray:
    """Return a sound (samples,) at ``rate`` Hz, resampled to the rate of a model and cut or padded to its length."""
    settings = model.features
    if rate != settings.rate:
        import soxr

        sound = soxr.resample(sound, rate, settings.rate)
    fitted = np.zeros(settings.samples, np.float32)
    count = min(len(sound), len(fitted))
    fitted[:count] = sound[:count]
    return fitted


def read_classes(logits: Tensor, model: Estimator) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions (N, P) that calibrated logits (N, P, classes) name, and the confidence in each.

    The position is that of the most likely class; without steps it is the mean over this class and its neighbours.
    """
    shares = logits.double().softmax(dim=-1).numpy()
    best = shares.argmax(axis=-1)
    confidence = within_one_class(shares, best, model)
    positions = np.empty(best.shape)
    for column, (parameter, classes) in enumerate(zip(model.parameters, model.classes)):
        places = to_unit([parameter], classes[:, None])[:, 0]
        if len(parameter.steps) == len(places):
            positions[:, column] = places[best[:, column]]
        else:
            near = np.abs(np.arange(len(places)) - best[:, column, None]) <= 1
            weights = shares[:, column, : len(places)] * near
            positions[:, column] = (weights * places).sum(axis=1) / weights.sum(axis=1)
    return positions, confidence


def within_one_class(shares: np.ndarray, best: np.ndarray, model: Estimator) -> np.ndarray:
    """Return the probability (N, P) of class ``best`` and, of a parameter with many classes, its neighbours."""
    number = np.arange(shares.shape[-1])
    tolerance = np.where(np.array(model.layout.classes) < EXACT_BELOW, 0, 1)
    near = np.abs(number - best[..., None]) <= tolerance[:, None]
    return (shares * near).sum(axis=-1)


def snap(model: Estimator, values: np.ndarray) -> np.ndarray:
    """Return values (N, P) with each parameter that has steps at its nearest one, nearest along the taper."""
    values = values.copy()
    for column, parameter in enumerate(model.parameters):
        if parameter.steps:
            nearest = to_classes([parameter], values[:, column, None])
            values[:, column] = from_classes([parameter], nearest)[:, 0]
    return values
