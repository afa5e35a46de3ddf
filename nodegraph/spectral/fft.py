"""The complex FFT as LLVM IR: Stockham's self-sorting radix-4 algorithm in SIMD vectors.

A transform of N = 2^n points uses separate real and imaginary arrays and alternates between two
pairs of them. A stage maps ``x[q + s (p + j N/4s)]`` (j = 0…3) to ``y[q + s (4 p + k)]``:
a 4-point DFT of the four, times ``e^(-2πi p k / (N/s))``. With the index i = q + s p, all inputs and
twiddles of a stage are contiguous; only the first two stages (s < vector width) shuffle their
outputs. If n is odd, the last stage is radix-2. Van Loan, Computational Frameworks for the FFT, ch. 1.7.

The kernel does not allocate or call other functions, as the audio thread requires.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from nodegraph.native.build import kernel_address

MAX_WIDTH = 16


class Fft:
    """The forward transform of ``points`` points. The result is in y if ``stages`` is odd, else in x.

    The inverse is the same transform with real and imaginary parts exchanged in input and output.
    """

    def __init__(self, points: int) -> None:
        assert points >= 4 and points & (points - 1) == 0
        self.points = points
        self.strides = [4**k for k in range((points.bit_length() - 1) // 2)]
        self.halving = points.bit_length() % 2 == 0
        self.stages = len(self.strides) + self.halving
        self.name = f"fft{points}"

    @cached_property
    def address(self) -> int:
        return kernel_address(self.name, (repr(self.ir("x")),), lambda symbol: [self.ir(symbol)])

    @cached_property
    def twiddles(self) -> np.ndarray:
        """Twiddles of each radix-4 stage and k = 1, 2, 3: N/4 real, then N/4 imaginary parts, one per i."""
        parts = []
        quarter = self.points // 4
        for stride in self.strides:
            p = np.arange(quarter) // stride
            for k in (1, 2, 3):
                angle = -2.0 * np.pi * p * k * stride / self.points
                parts += [np.cos(angle), np.sin(angle)]
        return np.concatenate(parts).astype(np.float32)

    def ir(self, symbol: str) -> str:
        """Return the LLVM module of the kernel."""
        body: list[str] = []
        for stage, stride in enumerate(self.strides):
            body.append(_radix4(stage, stride, self.points))
        if self.halving:
            body.append(_radix2(len(self.strides), self.points))
        names = ("xr", "xi", "yr", "yi", "tw")
        loads = "".join(
            f"  %{name}.at = getelementptr i64, ptr %words, i64 {k}\n  %{name} = load ptr, ptr %{name}.at\n"
            for k, name in enumerate(names)
        )
        calls = []
        for stage in range(self.stages):
            source, target = (("xr", "xi"), ("yr", "yi")) if stage % 2 == 0 else (("yr", "yi"), ("xr", "xi"))
            arrays = ", ".join(f"ptr %{name}" for name in (*source, *target))
            calls.append(f"  call void @stage{stage}({arrays}, ptr %tw)\n")
        entry = f"\ndefine void @{symbol}(ptr %words, i64 %start, i64 %samples) {{\n"
        return "\n".join(body) + entry + loads + "".join(calls) + "  ret void\n}\n"


@lru_cache(maxsize=32)
def fft(points: int) -> Fft:
    """Return the transform of ``points`` points; cached."""
    return Fft(points)


class _IrBuilder:
    """A builder of IR text with unique names."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.vector = f"<{width} x float>"
        self.lines: list[str] = []
        self.count = 0

    def new(self, text: str) -> str:
        self.count += 1
        name = f"%v{self.count}"
        self.lines.append(f"{name} = {text}")
        return name

    def at(self, array: str, index: str) -> str:
        return self.new(f"getelementptr float, ptr {array}, i64 {index}")

    def load(self, array: str, index: str) -> str:
        return self.new(f"load {self.vector}, ptr {self.at(array, index)}, align 4")

    def store(self, value: str, array: str, index: str) -> None:
        pointer = self.at(array, index)
        self.lines.append(f"store {self.vector} {value}, ptr {pointer}, align 4")

    def plus(self, index: str, offset: int) -> str:
        return self.new(f"add i64 {index}, {offset}")

    def add(self, a: str, b: str) -> str:
        return self.new(f"fadd contract {self.vector} {a}, {b}")

    def sub(self, a: str, b: str) -> str:
        return self.new(f"fsub contract {self.vector} {a}, {b}")

    def mul(self, a: str, b: str) -> str:
        return self.new(f"fmul contract {self.vector} {a}, {b}")

    def shuffle(self, a: str, b: str, width: int, order: list[int]) -> str:
        mask = ", ".join(f"i32 {k}" for k in order)
        kind = f"<{width} x float>"
        return self.new(f"shufflevector {kind} {a}, {kind} {b}, <{len(order)} x i32> <{mask}>")


def _stage(name: str, count: int, width: int, body: str) -> str:
    return f"""
define internal void @{name}(ptr noalias %xr, ptr noalias %xi, ptr noalias %yr, ptr noalias %yi, ptr noalias %tw) {{
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %i.next, %loop ]
  {body}
  %i.next = add i64 %i, {width}
  %more = icmp ult i64 %i.next, {count}
  br i1 %more, label %loop, label %done
done:
  ret void
}}"""


def _radix4(stage: int, stride: int, points: int) -> str:
    quarter = points // 4
    width = min(MAX_WIDTH, quarter)
    w = _IrBuilder(width)
    offsets = [w.plus("%i", k * quarter) for k in range(4)]
    (ar, br, cr, dr), (ai, bi, ci, di) = ([w.load(x, o) for o in offsets] for x in ("%xr", "%xi"))
    pr, pi, mr, mi = w.add(ar, cr), w.add(ai, ci), w.sub(ar, cr), w.sub(ai, ci)
    qr, qi, nr, ni = w.add(br, dr), w.add(bi, di), w.sub(br, dr), w.sub(bi, di)
    results = [
        (w.add(pr, qr), w.add(pi, qi)),
        (w.add(mr, ni), w.sub(mi, nr)),
        (w.sub(pr, qr), w.sub(pi, qi)),
        (w.sub(mr, ni), w.add(mi, nr)),
    ]
    base = stage * 6 * quarter
    twiddled = [results[0]]
    for k in (1, 2, 3):
        re, im = results[k]
        if stride * 4 == points:  # p is 0 throughout
            twiddled.append((re, im))
            continue
        first = base + (k - 1) * 2 * quarter
        cos, sin = w.load("%tw", w.plus("%i", first)), w.load("%tw", w.plus("%i", first + quarter))
        twiddled.append((w.sub(w.mul(re, cos), w.mul(im, sin)), w.add(w.mul(re, sin), w.mul(im, cos))))
    for array, values in (("%yr", [re for re, _ in twiddled]), ("%yi", [im for _, im in twiddled])):
        if stride >= width:
            block = w.new(f"udiv i64 %i, {stride}")
            rest = w.new(f"urem i64 %i, {stride}")
            origin = w.new(f"add i64 {w.new(f'mul i64 {block}, {4 * stride}')}, {rest}")
            for k in range(4):
                w.store(values[k], array, w.plus(origin, k * stride))
        else:
            _interleave(w, values, array, stride, width)
    return _stage(f"stage{stage}", quarter, width, "\n  ".join(w.lines))


def _interleave(w: _IrBuilder, values: list[str], array: str, stride: int, width: int) -> None:
    """Store four vectors interleaved in runs of ``stride``."""
    doubled = [index for run in range(width // stride) for k in (0, 1) for index in _run(run, k, stride, width)]
    low = w.shuffle(values[0], values[1], width, doubled)
    high = w.shuffle(values[2], values[3], width, doubled)
    order = [index for run in range(width // stride) for k in (0, 1) for index in _run(run, k, 2 * stride, 2 * width)]
    origin = w.new("mul i64 %i, 4")
    for part in range(4):
        chosen = w.shuffle(low, high, 2 * width, order[part * width : (part + 1) * width])
        w.store(chosen, array, w.plus(origin, part * width))


def _run(run: int, which: int, length: int, width: int) -> list[int]:
    return [which * width + run * length + k for k in range(length)]


def _radix2(stage: int, points: int) -> str:
    half = points // 2
    width = min(MAX_WIDTH, half)
    w = _IrBuilder(width)
    other = w.plus("%i", half)
    for source, target in (("%xr", "%yr"), ("%xi", "%yi")):
        a, b = w.load(source, "%i"), w.load(source, other)
        w.store(w.add(a, b), target, "%i")
        w.store(w.sub(a, b), target, other)
    return _stage(f"stage{stage}", half, width, "\n  ".join(w.lines))


def argument_words(transform: Fft, arrays: list[Any]) -> list[int]:
    """Return the argument block: four float32 arrays of N points (x re, x im, y re, y im), and the twiddles."""
    return [array.ctypes.data for array in arrays] + [transform.twiddles.ctypes.data]
