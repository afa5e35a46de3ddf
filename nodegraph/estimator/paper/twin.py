"""The synthesizer of the paper in torch, for GPUs: the same samples as the patch, many settings at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
import torch

from nodegraph.spectral import band_limited_steps as steps

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
    increments = (pitch + modulation.float().double()) / RATE
    phase = torch.cumsum(increments, dim=1) - increments
    return columns[f"A_{name}"] * _WAVES[name](_wrapped(phase), increments.abs().clamp(1e-9, 0.5))


def _sine(phase: torch.Tensor, speed: torch.Tensor) -> torch.Tensor:
    return torch.sin(2.0 * torch.pi * phase)


def _saw(phase: torch.Tensor, speed: torch.Tensor) -> torch.Tensor:
    return 2.0 * phase - 1.0 - 2.0 * _jump(phase, speed)


def _square(phase: torch.Tensor, speed: torch.Tensor) -> torch.Tensor:
    naive = torch.where(phase < 0.5, 1.0, -1.0)
    return naive + 2.0 * (_jump(phase, speed) - _jump(_wrapped(phase - 0.5), speed))


def _triangle(phase: torch.Tensor, speed: torch.Tensor) -> torch.Tensor:
    place = _wrapped(phase + 0.25)
    naive = 1.0 - 4.0 * (place - 0.5).abs()
    return naive + 8.0 * (_corner(place, speed) - _corner(_wrapped(place + 0.5), speed))


_WAVES = {"sin": _sine, "saw": _saw, "sqr": _square, "tri": _triangle}


def _jump(phase: torch.Tensor, speed: torch.Tensor) -> torch.Tensor:
    """Return band-limited minus ideal unit step at phase 0."""
    residual = _at_phase(_table(steps.step_residuals, phase.device), phase, speed)
    return torch.where(phase < 0.5, residual, -residual)


def _corner(phase: torch.Tensor, speed: torch.Tensor) -> torch.Tensor:
    """Return band-limited minus ideal corner at phase 0, whose slope rises by 1 per cycle."""
    residual = _at_phase(_table(steps.corner_residuals, phase.device), phase, speed)
    return residual * (speed / steps.SHORTEST).clamp(max=1.0)


@lru_cache(maxsize=8)
def _table(make: Callable[[], np.ndarray], device: torch.device) -> torch.Tensor:
    """Return a table as the patch reads it, in float32, as doubles on the device."""
    return torch.as_tensor(make().astype(np.float32).astype(np.float64), device=device)


def _at_phase(table: torch.Tensor, phase: torch.Tensor, speed: torch.Tensor) -> torch.Tensor:
    """Return a table at a phase, linearly interpolated; it is the same before and after a jump."""
    highest = (0.5 - steps.SHORTEST) * steps.ROWS_PER_SPEED
    row = ((speed - steps.SHORTEST) * steps.ROWS_PER_SPEED + 0.999999).clamp(0.0, highest).long()
    near = torch.minimum(phase, 1.0 - phase)
    place = (near * steps.POINTS / speed.clamp(max=steps.SHORTEST)).clamp(max=float(steps.ROW))
    index = place.long()
    start = row * (steps.ROW + 1) + index
    return table[start] + (table[start + 1] - table[start]) * (place - index)


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
