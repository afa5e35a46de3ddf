"""The contract of all frame blocks, checked for each block in the registry."""

import numpy as np
import pytest

from nodegraph.blocks.registry import node_types
from nodegraph.kernel import kernel_of
from tests.nodes.frame_helpers import noise, through
from tests.nodes.test_contract import each_choice

FRAMED = [cls for cls in node_types().values() if cls.frame]
BETWEEN = [cls for cls in FRAMED if cls.spec.frame_inputs]
SAMPLES = 1500


pytestmark = pytest.mark.usefixtures("hidden_blocks_can_be_named")


def extremes():
    """Return inputs with extreme values, which break fragile code."""
    click = np.zeros(SAMPLES, np.float32)
    click[[100, 700]] = 1.0, -1.0
    torn = noise(SAMPLES)
    torn[500:520] = np.nan
    torn[900] = np.inf
    return {
        "silence": np.zeros(SAMPLES, np.float32),
        "full scale": np.sign(noise(SAMPLES)),
        "click": click,
        "dc": np.ones(SAMPLES, np.float32),
        "huge": (noise(SAMPLES) * 1e30).astype(np.float32),
        "tiny": (noise(SAMPLES) * 1e-30).astype(np.float32),
        "torn": torn,
    }


def knobs(cls, kind):
    """Return signal inputs at one end of their ranges, or moving between both ends."""
    if kind == "defaults":
        return {}, {}
    if kind == "moving":
        wave = np.where(np.arange(SAMPLES) // 90 % 2, 1.0, 0.0)
        sources = {n: p.min + (p.max - p.min) * wave for n, p in cls.spec.inputs.items()}
        return {}, {n: x.astype(np.float32) for n, x in sources.items()}
    return {name: port.min if kind == "low" else port.max for name, port in cls.spec.inputs.items()}, {}


@pytest.mark.parametrize("cls", FRAMED, ids=lambda c: c.type)
def test_kernel_does_not_allocate_or_raise(cls):
    for settings in each_choice(cls):
        settings |= {name: option.default for name, option in cls.spec.options.items()}
        for part in ("frame", "block") if cls.block else ("frame",):
            assert kernel_of(cls, settings, part).address


@pytest.mark.parametrize("cls", BETWEEN, ids=lambda c: c.type)
def test_output_is_finite_for_any_input_and_knob(cls):
    for name, audio in extremes().items():
        for kind in ("defaults", "low", "high", "moving"):
            params, sources = knobs(cls, kind)
            sound, seen, _ = through(cls.type, audio, sources=sources, **params)
            assert np.isfinite(sound).all(), (name, kind)
            for tap, frames in seen.items():
                assert np.isfinite(frames).all(), (name, kind, tap)


@pytest.mark.parametrize("cls", BETWEEN, ids=lambda c: c.type)
def test_block_recovers_from_overflow(cls):
    before = extremes()["huge"]
    quick = {"release": 0.005} if "release" in cls.spec.inputs else {}
    alone = through(cls.type, np.concatenate([np.zeros(SAMPLES, np.float32), noise(4 * SAMPLES)]), **quick)[0]
    sound = through(cls.type, np.concatenate([before, noise(4 * SAMPLES)]), **quick)[0]
    assert np.isfinite(sound).all()
    level, expected = np.abs(sound[-500:]).mean(), np.abs(alone[-500:]).mean()
    assert 0.5 * expected <= level <= 2.0 * expected + 1e-9


@pytest.mark.parametrize("cls", BETWEEN, ids=lambda c: c.type)
def test_two_renders_are_equal(cls):
    for settings in each_choice(cls):
        first, second = (through(cls.type, noise(800), **settings)[0] for _ in range(2))
        assert first.tobytes() == second.tobytes()


@pytest.mark.parametrize("cls", BETWEEN, ids=lambda c: c.type)
def test_silence_stays_silence(cls):
    if cls.type == "frame_expression":
        pytest.skip("runs a formula that the user types")
    sound, _, _ = through(cls.type, np.zeros(SAMPLES, np.float32))
    if any(port.unit == "dB" for port in cls.spec.outputs.values()):
        sound = sound[-500:] - sound[-1]  # a level of silence is not 0, but steady
    assert np.abs(sound).max() < 1e-6


@pytest.mark.parametrize(
    "cls", [cls for cls in FRAMED if any(port.bank for port in cls.spec.inputs.values())], ids=lambda c: c.type
)
def test_bank_names_its_frame_port_and_has_separate_members(cls):
    spec = cls.spec
    for name, port in spec.inputs.items():
        if not port.bank:
            continue
        assert port.bank in {**spec.frame_inputs, **spec.frame_outputs, **spec.options}
        params = {name: [port.max, port.min]}
        frames = [seen for _, seen, _ in (through(cls.type, samples=832, **p) for p in ({}, params))]
        for tap, before in frames[0].items():
            if tap.startswith("out_") and before.shape[-1] > 2:
                assert np.array_equal(frames[1][tap][:, 2:], before[:, 2:]), (name, tap)
        wired = {name: np.full((832, 2), (port.max, port.min), np.float32)}
        _, seen, _ = through(cls.type, samples=832, sources=wired)
        for tap, knobs in frames[1].items():
            np.testing.assert_allclose(seen[tap], knobs, rtol=1e-6, err_msg=f"{name} {tap}")


@pytest.mark.parametrize("cls", FRAMED, ids=lambda c: c.type)
def test_frame_block_is_documented(cls):
    assert cls.__doc__ and len(cls.__doc__) > 40
    for name, port in cls.spec.inputs.items():
        assert port.doc, f"input {name} has no doc"
        assert port.min <= port.default <= port.max, f"default of {name} is out of range"
        assert port.taper == "linear" or port.min > 0, f"logarithmic {name} needs a positive range"
    spec = cls.spec
    for name, part in {
        **spec.outputs, **spec.frame_inputs, **spec.frame_outputs, **spec.choices, **spec.options
    }.items():  # fmt: skip
        assert part.doc, f"{name} has no doc"
