"""Small patches with planted symmetries, muted branches and zeroed gains, and what a probe must find in them."""

from __future__ import annotations

from dataclasses import dataclass, field

from nodegraph.patch import Patch, SetControl
from tests.rendering import patch_of


@dataclass
class Planted:
    """A patch, its exchanges as sets of members, its inaudible parameters, and its switches (parameter, by)."""

    patch: Patch
    exchanges: list[set[frozenset[str]]] = field(default_factory=list)
    inaudible: set[str] = field(default_factory=set)
    switches: set[tuple[str, str]] = field(default_factory=set)


def with_controls(patch: Patch, *targets: str) -> Patch:
    """Add a control for each ``"name = node.port low high"``."""
    for text in targets:
        name, target = (part.strip() for part in text.split("="))
        port_ref, low, high = target.split()
        patch.do(SetControl(name, port_ref, float(low), float(high)))
    return patch


def tones(count: int) -> list[str]:
    """Return controls for the pitch and the level of oscillators ``o0``, ``o1`` …"""
    pitches = [f"f{i} = o{i}.frequency 200 2000" for i in range(count)]
    return pitches + [f"a{i} = o{i}.amplitude 0 0.5" for i in range(count)]


def members(*groups: str) -> set[frozenset[str]]:
    return {frozenset(group.split()) for group in groups}


LEVELS = {("f0", "a0"), ("f1", "a1")}  # a tone without level has no pitch


def twins() -> Planted:
    patch = patch_of("o0.out out.audio", "o1.out out.audio", o0="sine", o1="sine", out="audio_out")
    return Planted(with_controls(patch, *tones(2)), [members("f0 a0", "f1 a1")], switches=LEVELS)


def twins_of_different_fixed_values() -> Planted:
    patch = patch_of("o0.out out.audio", "o1.out out.audio", o0="sine", o1=("sine", {"fm": 90.0}), out="audio_out")
    return Planted(with_controls(patch, *tones(2)), switches=LEVELS)


def twins_of_different_types() -> Planted:
    patch = patch_of("o0.out out.audio", "o1.out out.audio", o0="sine", o1="saw", out="audio_out")
    return Planted(with_controls(patch, *tones(2)), switches=LEVELS)


def twins_of_different_ranges() -> Planted:
    patch = patch_of("o0.out out.audio", "o1.out out.audio", o0="sine", o1="sine", out="audio_out")
    controls = [text.replace("200 2000", "300 2000") if text.startswith("f1") else text for text in tones(2)]
    return Planted(with_controls(patch, *controls), switches=LEVELS)


def four_in_a_mixer() -> Planted:
    wires = [f"o{i}.out mix.{name}" for i, name in enumerate("abcd")]
    patch = patch_of(
        *wires, "mix.out out.audio", **{f"o{i}": "triangle" for i in range(4)}, mix="mixer", out="audio_out"
    )
    controls = [f"f{i} = o{i}.frequency 200 2000" for i in range(4)]
    controls += [f"g{i} = mix.gain_{name} 0 1" for i, name in enumerate("abcd")]
    return Planted(
        with_controls(patch, *controls),
        [members("f0 g0", "f1 g1", "f2 g2", "f3 g3")],
        switches={(f"f{i}", f"g{i}") for i in range(4)},
    )


def zeroed_gain_in_a_mixer() -> Planted:
    wires = [f"o{i}.out mix.{name}" for i, name in enumerate("abc")]
    mix = ("mixer", {"gain_c": 0.0})
    patch = patch_of(*wires, "mix.out out.audio", **{f"o{i}": "sine" for i in range(3)}, mix=mix, out="audio_out")
    return Planted(
        with_controls(patch, *tones(3)), [members("f0 a0", "f1 a1")], inaudible={"f2", "a2"}, switches=LEVELS
    )


def muted_branch() -> Planted:
    patch = patch_of(
        "o0.out out.audio", "o1.out low.audio", "low.out vca.audio", "vca.out out.audio",
        o0="sine", o1="saw", low="one_pole", vca=("vca", {"gain": 0.0}), out="audio_out",
    )  # fmt: skip
    controls = [*tones(2), "cutoff = low.cutoff 100 2000"]
    return Planted(with_controls(patch, *controls), inaudible={"f1", "a1", "cutoff"}, switches={("f0", "a0")})


def unwired_twin() -> Planted:
    patch = patch_of("o0.out out.audio", "o1.out low.audio", o0="sine", o1="sine", low="one_pole", out="audio_out")
    return Planted(with_controls(patch, *tones(2)), inaudible={"f1", "a1"}, switches={("f0", "a0")})


def product() -> Planted:
    patch = patch_of(
        "o0.out ring.a", "o1.out ring.b", "ring.out out.audio", o0="sine", o1="sine", ring="multiply", out="audio_out"
    )
    controls = [text.replace("0 0.5", "0.1 0.9") for text in tones(2)]
    return Planted(with_controls(patch, *controls), [members("f0 a0", "f1 a1")])


def difference() -> Planted:
    patch = patch_of(
        "o0.out minus.a", "o1.out minus.b", "minus.out out.audio", o0="sine", o1="sine", minus="subtract",
        out="audio_out",
    )  # fmt: skip
    return Planted(with_controls(patch, *tones(2)), switches=LEVELS)


def two_voices_of_two_tones() -> Planted:
    nodes = {f"o{i}": "saw" for i in range(4)} | {f"sum{v}": "add" for v in range(2)}
    nodes |= {f"low{v}": ("one_pole", {}) for v in range(2)}
    wires = [f"o{i}.out sum{i // 2}.{'ab'[i % 2]}" for i in range(4)]
    wires += [f"sum{v}.out low{v}.audio" for v in range(2)] + [f"low{v}.out out.audio" for v in range(2)]
    patch = patch_of(*wires, **nodes, out="audio_out")
    controls = [f"f{i} = o{i}.frequency 200 2000" for i in range(4)]
    controls += [f"c{v} = low{v}.cutoff 300 3000" for v in range(2)]
    exchanges = [members("f0", "f1"), members("f2", "f3"), members("c0 f0 f1", "c1 f2 f3")]
    return Planted(with_controls(patch, *controls), exchanges)


def master_level() -> Planted:
    patch = patch_of("o0.out vca.audio", "vca.out out.audio", o0="sine", vca="vca", out="audio_out")
    controls = ["f0 = o0.frequency 200 2000", "level = vca.gain 0 1"]
    return Planted(with_controls(patch, *controls), switches={("f0", "level")})


PLANTED = {
    function.__name__: function
    for function in (
        twins, twins_of_different_fixed_values, twins_of_different_types, twins_of_different_ranges, four_in_a_mixer,
        zeroed_gain_in_a_mixer, muted_branch, unwired_twin, product, difference, two_voices_of_two_tones, master_level,
    )
}  # fmt: skip
