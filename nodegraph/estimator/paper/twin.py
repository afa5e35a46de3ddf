"""The synthesizer of the paper in torch, for GPUs: the same samples as the patch, many settings at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from ..parameters import Parameter
from .synthesizer import RATE, SECONDS

KEY_SECONDS = 0.25
OSCILLATOR_GAIN = 0.25
OUTPUT_GAIN = 0.25
ENVELOPE_FLOOR = 2.0**-15  # -90 dB
FILTER_SECONDS = 4.0  # length of the Fourier transform that filters: the slowest response has faded after it
CHUNK_ROWS = 256

Values = dict[str, torch.Tensor]  # value of each parameter by name, (N, 1)


class TwinRenderer:
    """Renders settings of the 23 parameters on a torch device, with the same interface as ``BatchRenderer``."""

    def __init__(self, parameters: Sequence[Parameter], device: torch.device) -> None:
        self.parameters, self.device = tuple(parameters), device
        self.rate, self.samples = RATE, round(SECONDS * RATE)

    def render(self, values: np.ndarray) -> np.ndarray:
        """Return the sounds, float32 (N, samples), of settings (N, P) in the units of the ports."""
        sounds = np.empty((len(values), self.samples), np.float32)
        for start in range(0, len(values), CHUNK_ROWS):
            part = torch.as_tensor(np.asarray(values[start : start + CHUNK_ROWS], np.float64), device=self.device)
            sounds[start : start + len(part)] = self.sounds(part).cpu().numpy()
        return sounds

    def sounds(self, settings: torch.Tensor) -> torch.Tensor:
        """Return the sounds, float32 (N, samples), of settings, float64 (N, P), on the device."""
        rounded = settings.float().double()  # parameters of a patch are float32
        columns = {parameter.name: rounded[:, k, None] for k, parameter in enumerate(self.parameters)}
        n = torch.arange(self.samples, dtype=torch.float64, device=self.device)
        mixed = OSCILLATOR_GAIN * sum(_oscillator(columns, name, n) for name in _WAVES)
        filtered = _low_pass(mixed * _envelope(columns, n), columns["f_cut"], columns["q"])
        is_open = _wrapped(n * columns["f_gate"] / RATE) < 0.5
        return (OUTPUT_GAIN * filtered * is_open).float()

    def close(self) -> None:
        """Do nothing; memory of the device is released with the last reference."""

    def __enter__(self) -> TwinRenderer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


# -- oscillators -------------------------------------------------------------------------------------------


def _oscillator(columns: Values, name: str, n: torch.Tensor) -> torch.Tensor:
    """Return an oscillator (N, samples) whose frequency a sine modulates by at most B Hz, v times a second."""
    pitch, depth, speed = (columns[f"{letter}_{name}"] for letter in "fBv")
    modulation = depth * torch.sin(2.0 * torch.pi * _wrapped(n * speed / RATE))
    # the wires of the patch are float32, and the phase adds up their rounding
    steps = (pitch + modulation.float().double()) / RATE
    phase = torch.cumsum(steps, dim=1) - steps
    period = 1.0 / steps.abs().clamp(1e-9, 0.5)
    return columns[f"A_{name}"] * _WAVES[name](_wrapped(phase), period)


def _sine(phase: torch.Tensor, period: torch.Tensor) -> torch.Tensor:
    return torch.sin(2.0 * torch.pi * phase)


def _saw(phase: torch.Tensor, period: torch.Tensor) -> torch.Tensor:
    return 2.0 * phase - 1.0 - 2.0 * _jump(phase, period)


def _square(phase: torch.Tensor, period: torch.Tensor) -> torch.Tensor:
    naive = torch.where(phase < 0.5, 1.0, -1.0)
    return naive + 2.0 * (_jump(phase, period) - _jump(_wrapped(phase - 0.5), period))


def _triangle(phase: torch.Tensor, period: torch.Tensor) -> torch.Tensor:
    place = _wrapped(phase + 0.25)
    naive = 1.0 - 4.0 * (place - 0.5).abs()
    return naive + 8.0 * (_corner(place, period) - _corner(_wrapped(place + 0.5), period))


_WAVES = {"sin": _sine, "saw": _saw, "sqr": _square, "tri": _triangle}


def _jump(phase: torch.Tensor, period: torch.Tensor) -> torch.Tensor:
    """Return band-limited minus ideal unit step at phase 0."""
    return _step_residual(phase * period) - _step_residual((1.0 - phase) * period)


def _corner(phase: torch.Tensor, period: torch.Tensor) -> torch.Tensor:
    """Return band-limited minus ideal corner at phase 0, whose slope rises by 1 per cycle."""
    return (_corner_residual(phase * period) + _corner_residual((1.0 - phase) * period)) / period


def _step_residual(distance: torch.Tensor) -> torch.Tensor:
    outer, inner = (2.0 - distance).clamp(min=0.0), (1.0 - distance).clamp(min=0.0)
    return (4.0 * inner**4 - outer**4) / 24.0


def _corner_residual(distance: torch.Tensor) -> torch.Tensor:
    outer, inner = (2.0 - distance).clamp(min=0.0), (1.0 - distance).clamp(min=0.0)
    return (outer**5 - 4.0 * inner**5) / 120.0


# -- envelope and filter -----------------------------------------------------------------------------------


def _envelope(columns: Values, n: torch.Tensor) -> torch.Tensor:
    """Return the envelope (N, samples): a linear attack, then decay and release by 90 dB in their times."""
    attack, decay, sustain, release = (columns[name] for name in "adsr")
    key = round(KEY_SECONDS * RATE)
    top = torch.ceil(attack * RATE - 1e-9) - 1.0  # sample at which the attack reaches 1
    rising = (n + 1.0) / RATE / attack
    falling = torch.maximum(torch.exp2(-15.0 / RATE / decay * (n - top).clamp(min=0.0)), sustain)
    held = torch.where(n < top, rising, falling).clamp(max=1.0)
    factor = torch.exp2(-15.0 / RATE / release)
    before = held[:, key - 1 : key] * factor ** (n - key).clamp(min=0.0)  # level one sample earlier
    released = torch.where(before > ENVELOPE_FLOOR, before * factor, 0.0)
    return torch.where(n < key, held, released)


def _low_pass(sounds: torch.Tensor, cutoff: torch.Tensor, resonance: torch.Tensor) -> torch.Tensor:
    """Return sounds (N, samples) through a low-pass of two poles (Bristow-Johnson), by its frequency response."""
    size = round(FILTER_SECONDS * RATE)
    turn = 2.0 * torch.pi * cutoff / RATE
    c, alpha = torch.cos(turn), 0.5 * torch.sin(turn) / resonance
    angles = 2.0 * torch.pi * torch.arange(size // 2 + 1, dtype=torch.float64, device=sounds.device) / size
    z = torch.polar(torch.ones_like(angles), -angles)
    response = 0.5 * (1.0 - c) * (1.0 + z) ** 2 / ((1.0 + alpha) - 2.0 * c * z + (1.0 - alpha) * z**2)
    return torch.fft.irfft(torch.fft.rfft(sounds, size) * response, size)[:, : sounds.shape[1]]


def _wrapped(phase: torch.Tensor) -> torch.Tensor:
    return phase - torch.floor(phase)
