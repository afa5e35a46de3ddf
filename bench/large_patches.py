"""Patches with 40 to 60 controls for ``python -m bench.matching``: more than any patch in ``patches/`` has."""

from __future__ import annotations

from collections.abc import Callable

from nodegraph import Patch
from nodegraph.patch import Document, SetControl

OPERATORS = 8
RESONATORS = 12
VOICES = 2


class _Voice:
    """A patch that plays one note, with a control for each named input."""

    def __init__(self) -> None:
        self.patch = Patch()
        self.patch.add("clock", "key", tempo=60.0, division=1.0, width=0.25)
        self.patch.add("audio_out", "out")

    def block(self, type: str, id: str, *sources: str, **params: float) -> str:
        """Add a block; each source is "port from", a wire into it. Return its first output."""
        from nodegraph.blocks.registry import node_types

        self.patch.add(type, id, **params)
        for source in sources:
            port, wire = source.split()
            self.patch.connect(wire, f"{id}.{port}")
        return f"{id}.{next(iter(node_types()[type].spec.outputs))}"

    def controls(self, id: str, **ranges: tuple[float, float]) -> None:
        """Add a control for each input of a block, with its range; logarithmic above 0."""
        for port, (low, high) in ranges.items():
            is_wide = low > 0.0 and high / low > 20.0
            self.patch.do(SetControl(f"{id} {port}", f"{id}.{port}", low, high, taper="log" if is_wide else "linear"))

    def envelope(self, id: str) -> str:
        """Add an envelope with four controls."""
        out = self.block("adsr", id, "gate key.out")
        times = (0.002, 1.0)
        self.controls(id, attack=times, decay=times, sustain=(0.0, 1.0), release=times)
        return out

    def finished(self, sound: str) -> Document:
        """Add a filter with two controls and an output; return the document."""
        out = self.block("biquad", "filter", f"audio {sound}")
        self.controls("filter", cutoff=(200.0, 6000.0), resonance=(0.5, 8.0))
        self.patch.connect(self.block("vca", "level", f"audio {out}", gain=0.3), "out.audio")
        return self.patch.document


def operators() -> Document:
    """Return a phase-modulation voice: eight sines in two chains, each with pitch, depth and envelope; 50 controls."""
    voice, ends = _Voice(), []
    for chain in range(2):
        modulator = ""
        for n in range(chain * OPERATORS // 2, (chain + 1) * OPERATORS // 2):
            sine = voice.block("sine", f"sine_{n}", *([f"pm {modulator}"] if modulator else []))
            voice.controls(f"sine_{n}", frequency=(55.0, 1760.0), amplitude=(0.0, 1.0))
            modulator = voice.block("vca", f"amplifier_{n}", f"audio {sine}", f"gain {voice.envelope(f'envelope_{n}')}")
        ends.append(modulator)
    return voice.finished(voice.block("add", "sum", f"a {ends[0]}", f"b {ends[1]}"))


def resonators() -> Document:
    """Return an exciter through twelve band-pass filters with pitch, resonance and level each; 43 controls."""
    voice = _Voice()
    noise = voice.block("white_noise", "noise")
    exciter = voice.block("vca", "exciter", f"audio {noise}", f"gain {voice.envelope('strike')}")
    voice.block("sum_lanes", "sum")
    for n in range(RESONATORS):
        band = f"band_{n}"
        voice.block("state_variable", band, f"audio {exciter}")
        voice.controls(band, cutoff=(80.0, 6000.0), resonance=(2.0, 40.0))
        voice.patch.connect(voice.block("vca", f"level_{n}", f"audio {band}.band"), "sum.audio")
        voice.controls(f"level_{n}", gain=(0.0, 1.0))
    voice.controls("noise", amplitude=(0.1, 1.0))
    return voice.finished("sum.out")


def synthesizers() -> Document:
    """Return two synthesizers of four oscillators, each with vibrato, mixed; 42 controls."""
    voice, ends = _Voice(), []
    for k in range(VOICES):
        oscillators = []
        for type in ("sine", "saw", "square", "triangle"):
            vibrato, id = f"vibrato_{type}_{k}", f"{type}_{k}"
            wave = voice.block("lfo", vibrato)
            voice.controls(vibrato, frequency=(1.0, 30.0), amplitude=(0.0, 300.0))
            oscillators.append(voice.block(type, id, f"fm {wave}"))
            voice.controls(id, frequency=(110.0, 880.0), amplitude=(0.0, 1.0))
        ports = [f"{port} {wave}" for port, wave in zip("abcd", oscillators)]
        mix = voice.block("mixer", f"mix_{k}", *ports, gain=0.25)
        ends.append(voice.block("vca", f"amplifier_{k}", f"audio {mix}", f"gain {voice.envelope(f'envelope_{k}')}"))
    return voice.finished(voice.block("add", "sum", f"a {ends[0]}", f"b {ends[1]}"))


LARGE_PATCHES: dict[str, Callable[[], Document]] = {
    "operators": operators,
    "resonators": resonators,
    "synthesizers": synthesizers,
}
