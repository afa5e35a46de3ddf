"""The contract of all blocks in an engine: equal samples in lanes, in chunks, when repeated and after a save."""

import numpy as np
import pytest

from nodegraph.blocks.registry import node_types
from nodegraph.patch import encode_patch, parse_patch
from tests.rendering import QUANTUM, Offline, Stepper, patch_of, sound_of

BLOCKS = [
    cls for cls in node_types().values() if cls.spec.outputs and not (cls.frame or cls.spec.helpers or cls.device)
]


pytestmark = pytest.mark.usefixtures("hidden_blocks_can_be_named")
LANES = 25  # a chunk of 16, one of 8, and one left over
SAMPLES = 4 * QUANTUM  # knobs are settled from the second quantum on


def patch_with(cls, lanes, wired):
    """Return a patch of one block: ``wired`` inputs get noise within their ranges, others a knob value per lane."""
    spread = {}
    for k, port in enumerate(cls.spec.inputs.values()):
        near = np.clip(port.default + 0.2 * (port.max - port.min) * np.linspace(-1, 1, lanes), port.min, port.max)
        spread[port.name] = near.tolist() if k >= wired and lanes > 1 and cls.lanes is None else port.default
    nodes, wires = {"block": (cls.type, spread), "out": "audio_out"}, []
    for port in list(cls.spec.inputs.values())[:wired]:
        middle, reach = (port.max + port.min) / 2, 0.9 * (port.max - port.min) / 2
        low, high = np.clip([middle - reach, middle + reach], -20000.0, 20000.0).tolist()  # the range of map_range
        nodes[f"noise_{port.name}"] = "white_noise"
        nodes[f"reach_{port.name}"] = ("map_range", {"to_low": low, "to_high": high})
        wires += [f"noise_{port.name}.out reach_{port.name}.value", f"reach_{port.name}.out block.{port.name}"]
    wires.append(f"block.{next(iter(cls.spec.outputs))} out.audio")
    return patch_of(*wires, **nodes)


def all_wired(cls):
    return len(cls.spec.inputs)


@pytest.mark.parametrize("wired", [lambda cls: 0, lambda cls: 1, all_wired], ids=["still", "first", "moving"])
@pytest.mark.parametrize("cls", BLOCKS, ids=lambda c: c.type)
def test_all_kernels_of_a_block_match_its_equation(cls, wired):
    count = min(wired(cls), all_wired(cls))
    for lanes in (1, LANES):
        patch = patch_with(cls, lanes, count)
        native = sound_of(patch, SAMPLES)
        assert np.array_equal(native, sound_of(patch, SAMPLES, driver=Stepper), equal_nan=True)
        assert np.isfinite(native).all()


@pytest.mark.parametrize("cls", BLOCKS, ids=lambda c: c.type)
def test_block_is_equal_in_chunks_when_repeated_and_after_a_save(cls):
    patch = patch_with(cls, 1, 1 if cls.spec.inputs else 0)
    whole = sound_of(patch, SAMPLES)
    assert np.array_equal(whole, sound_of(patch, SAMPLES))
    engine = Offline(patch.document)
    pieces = [engine.run_samples(count) for count in (1, QUANTUM, 37, SAMPLES - QUANTUM - 38)]
    assert np.array_equal(whole, np.concatenate(pieces))
    saved = parse_patch(encode_patch(patch.document))
    assert saved.nodes == patch.document.nodes and saved.wires == patch.document.wires
    assert np.array_equal(whole, Offline(saved).run_samples(SAMPLES))
