"""Adapter of frame equations: generated Python that calls an equation for every due frame and every lane.

Frame buffers hold all frames that can fall into one quantum: (frames, lanes, bins) floats, and
(frames, lanes, 2, bins) for a spectrum, real parts before imaginary parts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nodegraph.native import words
from nodegraph.node import Spec
from nodegraph.quantum import QUANTUM

from .parameter import KernelParameter, define, fetch_number

CLOCK, NONFINITE_COUNT = 3, 4  # words of the argument block


def frame_adapter(
    spec: Spec,
    equation: Callable[..., Any],
    parameters: Sequence[KernelParameter],
    parameter_words: Mapping[str, KernelParameter],
    shared_types: Mapping[str, str],
) -> Callable[..., Any]:
    """Return a kernel that calls a frame equation for each due frame and each lane.

    ``parameter_words`` are all parameters in the argument block, by name, ``shared_types`` the types of the
    arrays that a helper shares.
    """
    lines = [
        "def adapter(arguments, start, samples):",
        "    w = as_i64(arguments)",
        "    x = as_f64(arguments)",
        "    lanes, clock = w[0], as_i64(w[3])",
        "    for fire in range(clock[0]):",
        "        age = clock[1 + fire]",
        "        for lane in range(lanes):",
        *(f"            p{i} = {_fetch(p, shared_types)}" for i, p in enumerate(parameters)),
        f"            equation({', '.join(f'p{i}' for i in range(len(parameters)))})",
    ]
    for name, port in spec.frame_outputs.items():
        at = parameter_words[f"{name}_bins"].word - 1
        parts = 2 if port.kind == "spectrum" else 1
        lines.append(
            f"            w[{NONFINITE_COUNT}] += zero_nonfinite(as_i32({_frame(at, parts)}), {parts} * w[{at + 1}])"
        )
    names = ("as_i64", "as_f64", "as_f32", "as_float32_memory", "as_i32")
    namespace = {name: getattr(words, name) for name in names}
    return define("\n".join(lines) + "\n", namespace | {"equation": equation, "zero_nonfinite": zero_nonfinite})


def zero_nonfinite(values, count):  # type: ignore[no-untyped-def]
    """Set a frame that contains NaN or Inf to 0 and return 1, else return 0. ``values`` are the bits of its floats."""
    bad = 0
    for k in range(count):
        bad |= ((values[k] & 0x7F800000) + 0x00800000) & 0x80000000
    if bad != 0:
        for k in range(count):
            values[k] = 0
        return 1
    return 0


def _frame(at: int, parts: int, part: int = 0) -> str:
    """Return Python source for the address of the current frame and lane; adjacent lanes of a node may share one."""
    lanes, lane = f"lanes // w[{at + 2}]", f"lane // w[{at + 2}]"
    return f"w[{at}] + (((fire * ({lanes}) + {lane}) * {parts} + {part}) * w[{at + 1}]) * 4"


def _fetch(p: KernelParameter, shared_types: Mapping[str, str]) -> str:
    """Return Python source that reads a parameter of a frame equation from the argument block."""
    w = p.word
    if p.kind == "frame":
        return f"as_float32_memory({_frame(w, 1)})"
    if p.kind in ("frame_re", "frame_im"):
        return f"as_float32_memory({_frame(w, 2, int(p.kind == 'frame_im'))})"
    if p.kind == "input":
        return f"1.0 * as_f32(w[{w}])[({QUANTUM - 1} - age) * w[{w + 1}] + min(lane, w[{w + 1}] - 1)]"
    if p.kind == "bank":
        return f"as_float32_memory(w[{w}] + 4 * ({QUANTUM - 1} - age) * w[{w + 1}])"
    if p.kind == "state":
        return f"{'as_i64' if p.integer else 'as_f64'}(w[{w}] + 8 * lane)"
    if p.kind == "memory":
        return f"as_f64(w[{w}])"
    if p.kind == "line":
        return f"as_float32_memory(w[{w}] + 4 * lane * w[{w + 2}])"
    if p.kind in ("table", "scratch"):
        return f"as_float32_memory(w[{w}])"
    if p.kind == "shared":
        cast = {"f4": "as_float32_memory", "f8": "as_f64", "i8": "as_i64"}[shared_types[p.name]]
        return f"{cast}(w[{w}])"
    if p.kind == "local":
        return p.name
    return fetch_number(p)
