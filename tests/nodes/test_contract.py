"""The contract of all blocks, checked for each block in the registry."""

import inspect
import itertools

import numpy as np
import pytest

from nodegraph.blocks.registry import load_failures, node_types
from tests.nodes.stepping import run


def stands_alone(cls):
    """Return whether a block needs no argument that only an engine provides."""
    members = ("inputs", "outputs", "states", "choices", "options", "lines", "tables")
    known = {"sr", "dt"}.union(*(getattr(cls.spec, kind) for kind in members))
    sizes = {f"{name}_size" for name in known}
    return not cls.spec.helpers and set(inspect.signature(cls.block).parameters) <= known | sizes


TICKS = [cls for cls in node_types().values() if cls.tick or (cls.formula and not cls.frame)]
BLOCKS = [cls for cls in node_types().values() if cls.block and not cls.frame and stands_alone(cls)]
SAMPLES = 160


def each_choice(cls):
    """Yield settings with each value of each Choice (not each combination), and with each input wired that matters."""
    base = {name: choice.default for name, choice in cls.spec.choices.items()}
    yield base
    for name, choice in cls.spec.choices.items():
        for value in choice.values[1:]:
            yield base | {name: value}
    for name in cls.spec.wired:
        yield base | {name: True}


def signals(cls, kind, rng, samples=SAMPLES):
    """Return inputs for a block: defaults, silence, extremes, values beyond them, or noise over the ranges."""
    result = {}
    for name, port in cls.spec.inputs.items():
        middle, reach = (port.min + port.max) / 2, (port.max - port.min) / 2
        result[name] = {
            "defaults": lambda p=port: p.default,
            "silence": lambda: 0.0,
            "low": lambda p=port: p.min,
            "high": lambda p=port: p.max,
            "beyond": lambda m=middle, r=reach: m + 1.1 * r * rng.choice([-1.0, 1.0], samples),
            "noise": lambda m=middle, r=reach: m + r * rng.uniform(-1, 1, samples),
            "pulses": lambda p=port: np.where(np.arange(samples) // 7 % 2, p.min, p.max),
        }[kind]()
    return result


KINDS = ("defaults", "silence", "low", "high", "beyond", "noise", "pulses")


def test_all_block_files_load():
    assert load_failures() == {}


@pytest.mark.parametrize("cls", TICKS, ids=lambda c: c.type)
def test_compiled_tick_is_the_python_tick_bit_for_bit_and_finite(cls):
    rng = np.random.default_rng(5)
    for settings, kind in itertools.product(each_choice(cls), KINDS):
        inputs = signals(cls, kind, rng)
        native = run(cls, SAMPLES, **inputs, **settings)
        python = run(cls, SAMPLES, python=True, **inputs, **settings)
        for name in cls.spec.outputs:
            assert np.isfinite(native[name]).all(), (kind, settings, name)
            assert native[name].tobytes() == python[name].tobytes(), (kind, settings, name)
        for a, b in zip(native["states"], python["states"]):
            assert np.isfinite(a), (kind, settings)
            assert np.asarray(a).tobytes() == np.asarray(b, np.asarray(a).dtype).tobytes(), (kind, settings)


@pytest.mark.parametrize("cls", TICKS, ids=lambda c: c.type)
def test_long_extremes_stay_finite(cls):
    rng = np.random.default_rng(6)
    for settings, kind in itertools.product(each_choice(cls), ("beyond", "noise", "low", "high")):
        outputs = run(cls, 8000, **signals(cls, kind, rng, 8000), **settings)
        for name in cls.spec.outputs:
            assert (np.abs(outputs[name]) < 1e30).all(), (kind, settings, name)


@pytest.mark.parametrize("cls", BLOCKS, ids=lambda c: c.type)
def test_compiled_block_is_the_python_block_bit_for_bit_and_finite(cls):
    rng = np.random.default_rng(5)
    for settings, kind, lanes in itertools.product(each_choice(cls), KINDS, (1, 3)):
        inputs = signals(cls, kind, rng, 50)
        inputs = {n: np.repeat(np.broadcast_to(x, 50)[:, None], lanes, 1) for n, x in inputs.items()}
        native = run(cls, 50, **inputs, **settings)
        python = run(cls, 50, python=True, **inputs, **settings)
        for name in cls.spec.outputs:
            assert np.isfinite(native[name]).all(), (kind, settings, name)
            assert native[name].tobytes() == python[name].tobytes(), (kind, settings, name)


@pytest.mark.parametrize("cls", [c for c in BLOCKS if c.lanes is None and c.spec.outputs], ids=lambda c: c.type)
def test_a_lane_depends_on_others_only_if_the_class_says_so(cls):
    rng = np.random.default_rng(8)
    for settings in each_choice(cls):
        lanes = [signals(cls, "noise", rng, 400) for _ in range(3)]
        settings = settings | ({cls.linked_by: "separate"} if cls.linked_by else {})
        together = {name: np.stack([np.broadcast_to(lane[name], 400) for lane in lanes], 1) for name in cls.spec.inputs}
        found = run(cls, 400, **together, **settings)
        linked = run(cls, 400, **together, **settings | {cls.linked_by: "linked"}) if cls.linked_by else None
        for name in cls.spec.outputs:
            alone = [run(cls, 400, **lane, **settings)[name] for lane in lanes]
            assert np.array_equal(found[name], np.hstack(alone)), (settings, name)
            assert linked is None or not np.array_equal(found[name], linked[name]), (settings, name)


@pytest.mark.parametrize("cls", [*TICKS, *BLOCKS], ids=lambda c: c.type)
def test_block_is_documented(cls):
    assert cls.__doc__ and len(cls.__doc__) > 40
    for name, port in cls.spec.inputs.items():
        assert port.doc, f"input {name} has no doc"
        assert port.min <= port.default <= port.max, f"default of {name} is out of range"
        assert port.min < port.max
        assert port.taper == "linear" or port.min > 0, f"logarithmic {name} needs a positive range"
    for name, port in cls.spec.outputs.items():
        assert port.doc, f"output {name} has no doc"
    for name, setting in {**cls.spec.choices, **cls.spec.options}.items():
        assert setting.doc, f"setting {name} has no doc"


@pytest.mark.parametrize("cls", [c for c in (*TICKS, *BLOCKS) if c.interchangeable], ids=lambda c: c.type)
def test_interchangeable_inputs_change_places_without_changing_the_output(cls):
    rng = np.random.default_rng(7)
    for settings, group in itertools.product(each_choice(cls), cls.interchangeable):
        inputs = signals(cls, "noise", rng)
        for one, other in itertools.combinations([(e,) if isinstance(e, str) else e for e in group], 2):
            swapped = inputs | {a: inputs[b] for a, b in zip(one, other)} | {b: inputs[a] for a, b in zip(one, other)}
            before, after = (run(cls, SAMPLES, **given, **settings) for given in (inputs, swapped))
            for name in cls.spec.outputs:
                scale = np.abs(before[name]).max()
                np.testing.assert_allclose(after[name], before[name], rtol=1e-6, atol=1e-6 * scale)
