"""Execution of ticks in plain Python, sample by sample: for stepping, teaching and testing native kernels."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nodegraph.native import words

from .parameter import KernelParameter

SMALLEST_FLOAT32 = 1.1754943508222875e-38


def stepper(
    equation: Callable[..., Any], parameters: Sequence[KernelParameter], results: Sequence[KernelParameter]
) -> Callable[[int, int, int], None]:
    """Return the kernel of a tick in Python; ``results`` are the outputs and new states that the equation returns."""

    def step(arguments: int, start: int, samples: int) -> None:
        w, x = words.as_i64(arguments), words.as_f64(arguments)
        lanes = w[0]
        for lane in range(lanes):
            for i in range(start, start + samples):
                values = [_read(p, w, x, i, lane) for p in parameters]
                with np.errstate(all="ignore"):
                    found = equation(*values)
                found = found if isinstance(found, tuple) else (found,)
                for p, value in zip(results, found, strict=True):
                    _write(p, w, i, lane, lanes, value)

    return step


def _read(p: KernelParameter, w: Any, x: Any, i: int, lane: int) -> Any:
    if p.kind == "input":
        return np.float64(words.as_f32(w[p.word])[i * w[p.word + 1] + lane])
    if p.kind == "state":
        cast = words.as_i64 if p.integer else words.as_f64
        value = cast(w[p.word])[lane]
        return value if p.integer else np.float64(value)
    if p.kind == "line":
        return words.as_f32(words.as_i64(w[p.word])[lane])
    if p.kind == "table":
        return words.as_f32(w[p.word])
    if p.kind == "constant":
        return p.constant
    if p.kind in ("line_size", "table_size") or p.integer:
        return w[p.word]
    return np.float64(x[p.word])


def _write(p: KernelParameter, w: Any, i: int, lane: int, lanes: int, value: Any) -> None:
    if p.kind == "output":
        words.as_f32(w[p.word])[i * lanes + lane] = to_float32(value)
    elif p.integer:
        words.as_i64(w[p.word])[lane] = int(value)
    else:
        words.as_f64(w[p.word])[lane] = float(value)


def to_float32(value: float) -> float:
    """Return ``value`` as the audio thread stores it: rounded to float32, denormals as zero."""
    rounded = ctypes.c_float(value).value
    if abs(rounded) < SMALLEST_FLOAT32:
        return math.copysign(0.0, rounded)
    return rounded
