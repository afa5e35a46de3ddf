"""The contract of event blocks: equal samples to the equation, in chunks, when repeated and after a save."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.blocks.registry import node_types
from nodegraph.patch import encode_patch, parse_patch
from tests.rendering import QUANTUM, Offline, Stepper, patch_of

BLOCKS = [
    cls
    for cls in node_types().values()
    if (cls.spec.event_inputs or cls.spec.event_outputs) and not (cls.device or cls.spec.helpers)
]
SAMPLES = 6 * QUANTUM


@pytest.fixture(autouse=True)
def _blocks(test_blocks):
    pass


def each_choice(cls):
    """Return the defaults, and settings with each value of each choice."""
    yield {}
    for name, choice in cls.spec.choices.items():
        yield from ({name: value} for value in choice.values[1:])


def patch_with(cls, params):
    """Return a patch that sends all MIDI input and noise to a block and plays its first output."""
    nodes, wires = {"midi": "midi_in", "block": (cls.type, params), "out": "audio_out"}, []
    wires += [f"midi.out block.{name}" for name in cls.spec.event_inputs]
    for name, port in cls.spec.inputs.items():
        middle, reach = (port.max + port.min) / 2, (port.max - port.min) / 2
        nodes[f"noise_{name}"] = "white_noise"
        nodes[f"reach_{name}"] = ("expression", {"text": f"{middle} + {0.9 * reach} * a"})
        wires += [f"noise_{name}.out reach_{name}.a", f"reach_{name}.out block.{name}"]
    if cls.spec.outputs:
        wires.append(f"block.{next(iter(cls.spec.outputs))} out.audio")
    else:
        nodes["tally"] = "tally"
        wires += [f"block.{next(iter(cls.spec.event_outputs))} tally.events", "tally.digest out.audio"]
    return patch_of(*wires, **nodes)


def anything(rng, count=120):
    """Return random messages of all kinds, with their samples."""
    for _ in range(count):
        kind = int(rng.choice([0x80, 0x90, 0x90, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0, 0xF8, 0xFA, 0xFC, 0xF2]))
        number = int(rng.choice([1, 6, 33, 38, 64, 74, 100, 101, 120, 121, 123])) if kind == 0xB0 else None
        data = [int(rng.integers(0, 128)) if number is None else number, int(rng.integers(0, 128))]
        size = {0xC0: 1, 0xD0: 1}.get(kind, 2) if kind < 0xF0 else (2 if kind == 0xF2 else 0)
        status = kind | int(rng.integers(0, 3)) if kind < 0xF0 else kind
        yield int(rng.integers(0, SAMPLES)), bytes((status, *data[:size]))


def played(document, counts=(SAMPLES,), driver=Offline, seed=1):
    engine = driver(document)
    for at, message in anything(np.random.default_rng(seed)):
        engine.send(message, at)
    return np.concatenate([engine.run_samples(count) for count in counts])


@pytest.mark.parametrize("cls", BLOCKS, ids=lambda c: c.type)
def test_event_block_matches_its_equation(cls):
    for params in each_choice(cls):
        document = patch_with(cls, params).document
        native = played(document)
        assert np.isfinite(native).all()
        assert np.array_equal(native, played(document, driver=Stepper)), params


@pytest.mark.parametrize("cls", BLOCKS, ids=lambda c: c.type)
def test_event_block_is_equal_in_chunks_when_repeated_and_after_a_save(cls):
    document = patch_with(cls, {}).document
    whole = played(document)
    assert np.array_equal(whole, played(document))
    assert np.array_equal(whole, played(document, (1, QUANTUM, 37, SAMPLES - QUANTUM - 38)))
    saved = parse_patch(encode_patch(document))
    assert saved.nodes == document.nodes and saved.wires == document.wires
    assert np.array_equal(whole, played(saved))


@pytest.mark.parametrize("cls", BLOCKS, ids=lambda c: c.type)
def test_event_block_is_documented(cls):
    assert cls.__doc__ and len(cls.__doc__) > 40
    kinds = ("inputs", "outputs", "event_inputs", "event_outputs", "choices", "options")
    for name, port in ((name, port) for kind in kinds for name, port in getattr(cls.spec, kind).items()):
        assert port.doc, f"{name} has no doc"
