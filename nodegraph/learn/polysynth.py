"""A four-voice subtractive synthesizer, with random sounds and music.

The signal path is that of the Korg MicroKORG (2002): per voice two oscillators, of which the second may be
detuned, ring-modulated or synchronised, noise, a filter and an amplifier with one envelope each, two LFOs and glide;
then overdrive, chorus and echo for the sum of all voices. The voices are the four lanes of one patch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from nodegraph.patch import Document, NodeRecord, Wire
from nodegraph.patch.actions import parse_port_ref

VOICES = 4
STEPS = 16
T = TypeVar("T")
Nodes = dict[str, tuple[str, dict[str, Any]]]  # id → type and parameters


@dataclass(frozen=True)
class PatchStyle:
    """Parameter ranges of a family of sounds: pairs are ranges, tuples of strings are options to choose from."""

    first: tuple[str, ...] = ("saw", "square", "triangle", "sine", "wavetable")
    intervals: tuple[float, ...] = (0.0, 12.0, -12.0, 7.0)  # interval of the second oscillator, semitones
    second: tuple[float, float] = (0.3, 1.0)  # level of the second oscillator
    noise: tuple[float, float] = (0.0, 0.05)
    filters: tuple[str, ...] = ("ladder", "low", "low", "band", "high")
    cutoff: tuple[float, float] = (40.0, 100.0)  # notes: 40 is 82 Hz, 100 is 2637 Hz
    sweep: tuple[float, float] = (0.0, 48.0)  # depth of the filter envelope, semitones
    attack: tuple[float, float] = (0.001, 0.02)
    decay: tuple[float, float] = (0.1, 1.0)
    sustain: tuple[float, float] = (0.3, 1.0)
    release: tuple[float, float] = (0.05, 0.4)
    pitch: tuple[float, float] = (52.0, 76.0)  # lowest note of the tune
    playing: tuple[str, ...] = ("chords", "melody", "duet", "arpeggio")
    tempo: tuple[float, float] = (80.0, 150.0)
    division: tuple[float, ...] = (1.0, 2.0, 4.0)
    effects: float = 0.5  # probability of each effect


CHARACTERS = {
    "lead": PatchStyle(playing=("melody", "melody", "duet"), cutoff=(60.0, 108.0), division=(2.0, 4.0), effects=0.7),
    "bass": PatchStyle(
        first=("saw", "square", "triangle"), intervals=(0.0, -12.0, 12.0), filters=("ladder", "low"),
        cutoff=(36.0, 80.0), sustain=(0.0, 0.8), pitch=(28.0, 45.0), playing=("melody",), division=(2.0, 4.0),
    ),
    "pad": PatchStyle(
        cutoff=(55.0, 105.0), sweep=(-24.0, 24.0), attack=(0.05, 0.8), decay=(0.5, 4.0), sustain=(0.6, 1.0),
        release=(0.3, 1.5), pitch=(45.0, 64.0), playing=("chords",), tempo=(60.0, 110.0), division=(0.5, 1.0),
        effects=0.7,
    ),
    "keys": PatchStyle(
        first=("sine", "triangle", "wavetable", "square"), filters=("low", "low", "ladder"), cutoff=(60.0, 105.0),
        decay=(0.2, 1.5), sustain=(0.0, 0.5), playing=("chords", "duet", "arpeggio"),
    ),
    "brass": PatchStyle(
        first=("saw",), intervals=(0.0,), filters=("ladder", "low"), cutoff=(40.0, 70.0), sweep=(24.0, 60.0),
        attack=(0.02, 0.12), sustain=(0.6, 0.9), pitch=(48.0, 64.0), playing=("chords", "duet"),
    ),
    "voice": PatchStyle(
        first=("wavetable",), second=(0.0, 0.4), filters=("low", "band"), cutoff=(80.0, 110.0), attack=(0.03, 0.3),
        sustain=(0.7, 1.0), playing=("chords", "melody"), division=(1.0, 2.0),
    ),
    "pluck": PatchStyle(
        filters=("ladder", "low"), cutoff=(40.0, 80.0), sweep=(24.0, 72.0), decay=(0.05, 0.3), sustain=(0.0, 0.1),
        playing=("arpeggio", "arpeggio", "duet"), division=(4.0,), effects=0.8,
    ),
    "wind": PatchStyle(
        noise=(0.05, 0.3), filters=("band", "low"), cutoff=(55.0, 95.0), sweep=(-24.0, 36.0), attack=(0.02, 0.4),
        sustain=(0.5, 1.0), effects=0.7,
    ),
}  # fmt: skip

SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "pentatonic": (0, 3, 5, 7, 10),
}

WIRES = """
    clock.out voice1.clock · clock.out voice2.clock · clock.out voice3.clock · clock.out voice4.clock
    voice1.out notes.a · voice2.out notes.b · voice3.out notes.c · voice4.out notes.d
    voice1.gate gates.a · voice2.gate gates.b · voice3.gate gates.c · voice4.gate gates.d
    notes.out glide.value · glide.out pitch.note · glide.out pitch2.note · glide.out keyboard.value
    vibrato.out pitch.bend · vibrato.out pitch2.bend · interval.out pitch2.bend
    pitch.out first.frequency · pitch.out cycles.frequency · cycles.out second.reset · pitch2.out second.frequency
    first.out ring.a · second.out ring.b
    first.out mix.a · second.out mix.b · ring.out mix.c · noise.out mix.d · mix.out filter.audio
    gates.out filter_envelope.gate · filter_envelope.out sweep.a
    sweep.out cutoff.bend · filter_lfo.out cutoff.bend · keyboard.out cutoff.bend · cutoff.out filter.cutoff
    gates.out envelope.gate · envelope.out amplifier.gain · filter.{passes} amplifier.audio
    amplifier.out tremolo.audio · shaking.out tremolo.gain · tremolo.out voices.audio
    voices.out drive.audio · drive.out chorus.audio · wander.out chorus.time
    drive.out effects.a · chorus.out effects.b · effects.out echo.audio
    effects.out sum.a · echo.out sum.b · sum.out no_offset.audio · no_offset.out out.audio
"""


class SeededRandom:
    """A random source based only on ``rng.random()``, so that every NumPy version gives the same numbers."""

    def __init__(self, *seed: int) -> None:
        self._rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence(list(seed))))

    def numbers(self, count: int) -> np.ndarray:
        """Draw ``count`` numbers in [0, 1)."""
        return self._rng.random(count)

    def between(self, low: float, high: float) -> float:
        """Draw a number from a range, uniformly."""
        return low + (high - low) * self._rng.random()

    def ratio(self, low: float, high: float) -> float:
        """Draw a number from a range above 0, uniformly in the logarithm."""
        return low * math.exp(math.log(high / low) * self._rng.random())

    def integer(self, count: int) -> int:
        """Draw an integer, 0 … count - 1."""
        return int(self._rng.random() * count)

    def choice(self, things: Sequence[T]) -> T:
        """Draw an element."""
        return things[self.integer(len(things))]

    def chance(self, probability: float) -> bool:
        """Return True with a probability of 0…1."""
        return self._rng.random() < probability


def random_patch(seed: int, number: int) -> Document:
    """Return patch ``number`` of a seed, with sound and music; it depends on these two numbers only."""
    rng = SeededRandom(seed, number)
    name = rng.choice(list(CHARACTERS))
    style = CHARACTERS[name]
    nodes, passes = _sound(rng, style)
    nodes |= _music(rng, style)
    wires = WIRES.replace("{passes}", passes).replace("\n", " · ").split(" · ")
    return Document(
        nodes={id: NodeRecord(type, params=_rounded(params)) for id, (type, params) in nodes.items()},
        wires=tuple(
            Wire(*parse_port_ref(source), *parse_port_ref(target))
            for source, target in map(str.split, filter(str.strip, wires))
        ),
        title=f"{name} {number}",
        seed=number,
    )


def _sound(rng: SeededRandom, style: PatchStyle) -> tuple[Nodes, str]:
    """Return the nodes of the voices and effects, and the filter output to wire."""
    first, second = rng.choice(style.first), rng.choice(("saw", "square", "triangle"))
    passes = rng.choice(style.filters)
    filter = "ladder" if passes == "ladder" else "state_variable"
    resonance = rng.between(0.0, 0.85) if filter == "ladder" else rng.ratio(0.6, 6.0)
    cutoff = rng.between(*style.cutoff) + (-24.0 if passes == "high" else 0.0)
    ring = rng.between(0.3, 1.0) if rng.chance(0.15) else 0.0
    interval = rng.choice(style.intervals) + rng.between(-0.15, 0.15)
    synced = rng.chance(0.1)
    nodes: Nodes = {
        "glide": ("slew", dict.fromkeys(("rise", "fall"), rng.ratio(0.005, 0.1) if rng.chance(0.3) else 0.0)
            | {"shape": "exponential"}),
        "vibrato": ("lfo", {"frequency": rng.ratio(3.0, 8.0), "amplitude": rng.between(0.0, 0.3) * rng.chance(0.4)}),
        "pitch": ("note_to_frequency", {}),
        "interval": ("constant", {"value": interval + (rng.between(0.0, 19.0) if synced else 0.0)}),
        "pitch2": ("note_to_frequency", {}),
        "first": _oscillator(first, rng),
        "cycles": ("impulse", {"amplitude": 1.0 if synced else 0.0}),
        "second": _oscillator(second, rng),
        "ring": ("multiply", {}),
        "noise": ("white_noise", {"amplitude": [rng.between(*style.noise)] * VOICES}),
        "mix": ("mixer", {"gain_a": 1.0, "gain_b": rng.between(*style.second), "gain_c": ring, "gain": 0.5}),
        "filter_envelope": ("adsr", _envelope(rng, style)),
        "sweep": ("multiply", {"b": rng.between(*style.sweep)}),
        "filter_lfo": ("lfo", {"frequency": rng.ratio(0.1, 8.0), "amplitude": 18.0 * rng.between(0.0, 1.0)
            * rng.chance(0.4), "shape": rng.choice(("sine", "triangle", "saw", "random"))}),
        "keyboard": ("map_range", {"from_low": 60.0, "from_high": 72.0, "to_low": 0.0,
            "to_high": rng.between(0.0, 12.0)}),
        "cutoff": ("note_to_frequency", {"note": cutoff}),
        "filter": (filter, {"resonance": resonance}),
        "envelope": ("adsr", _envelope(rng, style)),
        "amplifier": ("vca", {}),
        "shaking": ("lfo", _tremolo(rng)),
        "tremolo": ("vca", {}),
        "voices": ("sum_lanes", {"scale": "power"}),
    }  # fmt: skip
    return nodes | _effects(rng, style), "out" if passes == "ladder" else passes


def _oscillator(wave: str, rng: SeededRandom) -> tuple[str, dict[str, Any]]:
    params: dict[str, Any] = {}
    if wave == "square":
        params["width"] = rng.between(0.08, 0.5)
    if wave == "wavetable":
        params |= {"tables": rng.choice(("vowel", "organ", "pulse")), "position": rng.between(0.0, 1.0)}
    return wave, params


def _envelope(rng: SeededRandom, style: PatchStyle) -> dict[str, float]:
    return {
        "attack": rng.ratio(*style.attack),
        "decay": rng.ratio(*style.decay),
        "sustain": rng.between(*style.sustain),
        "release": rng.ratio(*style.release),
    }


def _tremolo(rng: SeededRandom) -> dict[str, float]:
    depth = rng.between(0.1, 0.45) if rng.chance(0.2) else 0.0
    return {"frequency": rng.ratio(2.0, 9.0), "amplitude": depth, "offset": 1.0 - depth}


def _effects(rng: SeededRandom, style: PatchStyle) -> Nodes:
    """Return overdrive, chorus and echo for the sum of the voices; unused effects have gain 0."""
    driven, echoing, wide = (rng.chance(style.effects) for _ in range(3))
    beat = 60.0 / 110.0
    return {
        "drive": ("drive", {"drive": rng.between(6.0, 20.0) if driven else 0.0, "gain": rng.ratio(0.3, 0.8),
            "shape": rng.choice(("soft", "soft", "hard"))}),
        "wander": ("lfo", {"frequency": rng.ratio(0.1, 2.0), "amplitude": 0.003, "offset": 0.009}),
        "chorus": ("delay", {"interpolation": "cubic", "max_time": 0.05}),
        "effects": ("mixer", {"gain_a": 1.0, "gain_b": rng.between(0.4, 0.9) if wide else 0.0}),
        "echo": ("delay", {"time": rng.choice((0.25, 0.5, 0.75, 1.0)) * beat, "feedback": rng.between(0.2, 0.6)}),
        "sum": ("mixer", {"gain_a": 0.6, "gain_b": rng.between(0.15, 0.5) if echoing else 0.0}),
        "no_offset": ("dc_blocker", {}),
        "out": ("audio_out", {}),
    }  # fmt: skip


# -- music -------------------------------------------------------------------------------------------------


def _music(rng: SeededRandom, style: PatchStyle) -> Nodes:
    """Return a clock and a sequencer for each voice; notes and gates are joined as lanes."""
    clock = {
        "tempo": rng.between(*style.tempo),
        "division": rng.choice(style.division),
        "width": rng.between(0.3, 0.98),
        "swing": rng.between(0.0, 0.3) * rng.chance(0.3),
    }
    root = math.floor(rng.between(*style.pitch))
    scale = SCALES[rng.choice(list(SCALES))]
    notes, gates = _TUNES[rng.choice(style.playing)](rng, root, scale)
    voices: Nodes = {
        f"voice{voice + 1}": ("step_sequencer", {"steps": list(notes[voice]), "gates": list(gates[voice])})
        for voice in range(VOICES)
    }
    return {"clock": ("clock", clock)} | voices | {"notes": ("join", {"count": 4}), "gates": ("join", {"count": 4})}


Tune = tuple[np.ndarray, np.ndarray]  # notes and gates, (voices, steps)


def _degree(scale: Sequence[int], root: int, degree: int) -> float:
    octave, step = divmod(degree, len(scale))
    return float(root + 12 * octave + scale[step])


def _silence(root: int) -> Tune:
    return np.full((VOICES, STEPS), float(root)), np.zeros((VOICES, STEPS))


def _chords(rng: SeededRandom, root: int, scale: Sequence[int]) -> Tune:
    """Return chords of two to four voices: stacked thirds or fourths on random degrees, one or two steps long."""
    notes, gates = _silence(root)
    size, stack, every = 2 + rng.integer(3), rng.choice((2, 2, 3)), rng.choice((1, 1, 2))
    degree = 0
    for step in range(STEPS):
        if step % every == 0:
            degree = rng.integer(len(scale))
        for voice in range(size):
            notes[voice, step] = _degree(scale, root, degree + stack * voice)
        gates[:size, step] = step == 0 or rng.chance(0.85)
    return notes, gates


def _line(rng: SeededRandom, root: int, scale: Sequence[int]) -> tuple[list[float], list[float]]:
    """Return notes and gates for one voice: mostly steps, sometimes leaps or rests."""
    notes, gates, degree = [], [], rng.integer(len(scale))
    for step in range(STEPS):
        degree += rng.choice((-7, -4, 4, 7)) if rng.chance(0.15) else rng.choice((-2, -1, -1, 0, 1, 1, 2))
        degree = min(max(degree, -4), 14)
        notes.append(_degree(scale, root, degree))
        gates.append(float(step == 0 or rng.chance(0.8)))
    return notes, gates


def _melody(rng: SeededRandom, root: int, scale: Sequence[int]) -> Tune:
    notes, gates = _silence(root)
    notes[0], gates[0] = _line(rng, root, scale)
    return notes, gates


def _duet(rng: SeededRandom, root: int, scale: Sequence[int]) -> Tune:
    """Return a tune over a bass one or two octaves below, sometimes with a third voice."""
    notes, gates = _melody(rng, root, scale)
    notes[1], gates[1] = _line(rng, root - rng.choice((12, 24)), scale)
    if rng.chance(0.5):
        notes[2], gates[2] = _line(rng, root, scale)
    return notes, gates


def _arpeggio(rng: SeededRandom, root: int, scale: Sequence[int]) -> Tune:
    """Return a broken chord, each note on the next voice, so that up to four notes overlap."""
    notes, gates = _silence(root)
    chord = [rng.integer(len(scale))]
    for _ in range(2 + rng.integer(3)):
        chord.append(chord[-1] + rng.choice((2, 2, 3)))
    order = chord if rng.chance(0.5) else chord + chord[-2:0:-1]
    sounding = 1 + rng.integer(VOICES)
    for step in range(STEPS):
        voice = step % sounding
        notes[voice, step:] = _degree(scale, root, order[step % len(order)])
        gates[voice, step] = 1.0
    return notes, gates


_TUNES = {"chords": _chords, "melody": _melody, "duet": _duet, "arpeggio": _arpeggio}


def _rounded(params: dict[str, Any]) -> dict[str, Any]:
    """Round parameters to four digits: no audible difference, and more readable files."""
    return {name: _four_digits(value) for name, value in params.items()}


def _four_digits(value: Any) -> Any:
    if isinstance(value, list):
        return [_four_digits(v) for v in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value
