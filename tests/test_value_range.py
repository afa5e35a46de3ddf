"""Values out of range, for all ways to set a parameter.

An explicit value is rejected with the message of the declaration. A value from a continuous control is clamped to
the range. NaN and infinity are rejected as explicit values and ignored from controls.
"""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_message_builder import OscMessageBuilder

import nodegraph
from nodegraph.blocks.registry import node_types
from nodegraph.cli.errors import CommandError
from nodegraph.cli.patches import open_patch
from nodegraph.control.taper import position_of
from nodegraph.editor.commands.presets import apply_preset
from nodegraph.engine.core import EngineError
from nodegraph.graph import GraphError, build_graph
from nodegraph.graph.morph import recall
from nodegraph.node import Choice, In, Option
from nodegraph.patch import PatchError, SetBinding, SetControl, SetPreset, SetSnapshot
from tests.controllers import Played
from tests.editor.user import SimulatedUser
from tests.rendering import engine_of, patch_of

PORT = "osc.frequency"
LOW, HIGH, BEFORE = 0.01, 20000.0, 440.0  # of a sine, in Hz
ERRORS = (PatchError, GraphError, EngineError, CommandError)


def beep():
    return patch_of("osc.out out.audio", osc=("sine", {"frequency": BEFORE}), out="audio_out")


def frequency(patch):
    return patch.document.nodes["osc"].params["frequency"]


# -- explicit values -------------------------------------------------------------------------------------------
# Each function sets a value and returns the value in effect. It raises, or returns a message, if it is rejected.


def by_set(value, tmp_path):
    patch = beep()
    patch.set(PORT, value)
    return frequency(patch)


def by_add(value, tmp_path):
    patch = nodegraph.Patch()
    patch.add("sine", "osc", frequency=value)
    return frequency(patch)


def by_engine(value, tmp_path):
    engine = engine_of(beep())
    reader = engine.messages.reader()
    engine.set_parameter("osc", "frequency", value)
    engine.run_samples(256)
    [(_, node, port, _, new_value)] = engine.resolve_messages(reader.read())
    assert (node, port) == ("osc", "frequency")
    return new_value


def by_command_line(value, tmp_path):
    beep().save(tmp_path / "beep.json")
    return frequency(open_patch(tmp_path / "beep.json", [f"{PORT}={value}"]))


def by_file(value, tmp_path):
    nodes = [{"id": "osc", "type": "sine", "params": {"frequency": value}}]
    (tmp_path / "beep.json").write_text(json.dumps({"format": "nodegraph", "version": 1, "nodes": nodes}))
    return build_graph(nodegraph.load(tmp_path / "beep.json").document).node("osc").values["frequency"][0]


def by_snapshot(value, tmp_path):
    patch = beep()
    patch.do(SetSnapshot("bright", {PORT: value}))
    patch.do(recall(patch.document, "bright"))
    return frequency(patch)


def by_preset(value, tmp_path):
    user = SimulatedUser(tmp_path, beep())
    user.patch.do(SetPreset("sine", "bright", {"frequency": value}))
    apply_preset(user.desk, ("osc", "patch", "bright"))
    user.presenter.close()
    return user.message or frequency(user.patch)


def by_typing(value, tmp_path):
    user = SimulatedUser(tmp_path, beep())
    user.enter(PORT, str(value))
    user.presenter.close()
    return user.message or frequency(user.patch)


EXPLICIT = [by_set, by_add, by_engine, by_command_line, by_file, by_snapshot, by_preset, by_typing]


@pytest.mark.parametrize("value", [LOW, 220.0, 220, HIGH])
@pytest.mark.parametrize("set_value", EXPLICIT)
def test_explicit_value_in_the_range_is_set(set_value, value, tmp_path):
    assert set_value(value, tmp_path) == value


@pytest.mark.parametrize("value", [-3.0, 0.0, HIGH + 1, -math.inf, math.inf, math.nan, "high", None, {}])
@pytest.mark.parametrize("set_value", EXPLICIT)
def test_invalid_explicit_value_is_rejected_with_one_line(set_value, value, tmp_path):
    try:
        message = set_value(value, tmp_path)
    except ERRORS as error:
        message = str(error)
    assert isinstance(message, str) and "\n" not in message
    if isinstance(value, float) and math.isfinite(value):
        expected = (
            f"sine 'osc': frequency must lie in 0.01–20000 Hz, got {value:g}. Set it in the patch or wire a signal."
        )
        assert expected in message


# -- continuous controls ---------------------------------------------------------------------------------------


def by_drag(value, tmp_path):
    user = SimulatedUser(tmp_path, beep())
    outside = {-1: -5.0, 1: 5.0}.get((value > HIGH) - (value < LOW))
    start = position_of(BEFORE, LOW, HIGH, "log")
    user.slide(PORT, start, position_of(value, LOW, HIGH, "log") if outside is None else outside)
    user.presenter.close()
    return frequency(user.patch)


def by_osc(value, tmp_path):
    played = Played(beep())
    played.connections.open_osc(0)
    builder = OscMessageBuilder("/osc/frequency")
    builder.add_arg(value)
    played.connections.osc.on_datagram(builder.build().dgram)
    found = played.param(PORT)
    played.connections.close()
    return found


def by_midi(value, tmp_path):
    """Send a CC to a control whose range is only ``value``."""
    played = Played(beep())
    played.patch.do(SetControl("pitch", PORT, value, value))
    played.patch.do(SetBinding("pitch", 20))
    played.control(20, 64)
    return played.param(PORT)


CONTROLS = [by_drag, by_osc, by_midi]


@pytest.mark.parametrize(("value", "nearest"), [(220.0, 220.0), (-3.0, LOW), (0.0, LOW), (HIGH + 1, HIGH), (1e9, HIGH)])
@pytest.mark.parametrize("control", CONTROLS)
def test_control_message_sets_the_nearest_value_in_the_range(control, value, nearest, tmp_path):
    assert control(value, tmp_path) == pytest.approx(nearest, rel=1e-3)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "high"])
def test_control_message_without_a_finite_number_is_ignored(value, tmp_path):
    assert by_osc(value, tmp_path) == BEFORE


# -- declarations ----------------------------------------------------------------------------------------------

numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**62), 2**62)


@given(numbers, st.floats(-1e6, 1e6), st.floats(0.0, 1e6))
def test_clamp_returns_the_nearest_accepted_number(value, low, width):
    for declared in (In(low, min=low, max=low + width, name="x"), Option(0.0, min=low, max=low + width, name="x")):
        nearest = declared.clamp(value)
        assert declared.accepts(nearest) and bool(declared.problem(value)) is not declared.accepts(value)
        assert (nearest == value) is declared.accepts(value)
        assert nearest in (value, low, low + width)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_nan_and_infinity_are_not_accepted_or_clamped(value):
    for declared in (In(name="x"), Option(0.0, name="x"), Option(0.0, min=0.0, name="x")):
        assert "must be a finite number" in declared.problem(value)
        with pytest.raises(ValueError, match="finite"):
            declared.clamp(value)


@pytest.mark.parametrize(
    ("declared", "value", "problem"),
    [
        (Option(1, name="x"), True, "x must be a whole number, got True."),
        (Option(True, name="x"), 1, "x must be true or false, got 1."),
        (Option("", name="x"), 1, "x must be text, got 1."),
        (Option(0, min=0, name="x"), -1, "x must be at least 0, got -1."),
        (Option(0.0, max=1.0, unit="s", name="x"), 2, "x must be at most 1 s, got 2."),
        (Option((1.0,), name="x"), [1, math.nan], "x must be a list of numbers, got [1, nan]."),
        (Option(("a",), name="x"), ["b", 1], "x must be a list of strings, got ['b', 1]."),
        (Option(((0, 1),), name="x"), [[0, 1], 2], "x must be a list of lists, got [[0, 1], 2]."),
        (Option((), name="x"), 1, "x must be a list of numbers, got 1."),
        (Choice("a", "b", name="x"), ["a"], "x must be one of a, b, got ['a']."),
        (In(name="x"), [True], "x must be a number or a list of numbers, got [True]."),
    ],
)
def test_value_of_another_type_has_a_problem(declared, value, problem):
    assert declared.problem(value) == problem


def test_defaults_of_all_blocks_are_accepted_and_keep_their_type():
    for cls in node_types().values():
        for declared in cls.spec.parameters.values():
            assert declared.accepts(declared.default), (cls.type, declared.name)
        for option in cls.spec.options.values():
            value = option.convert(json.loads(json.dumps(option.default)))
            assert (type(value), value) == (type(option.default), option.default), (cls.type, option.name)


def test_ports_of_a_block_are_listed_by_kind_in_order():
    for cls in node_types().values():
        spec = cls.spec
        ins = {**spec.inputs, **spec.frame_inputs, **spec.event_inputs}
        outs = {**spec.outputs, **spec.frame_outputs, **spec.event_outputs}
        assert (list(spec.input_ports.items()), list(spec.output_ports.items())) == (
            list(ins.items()),
            list(outs.items()),
        )
        assert {port.kind for port in (*spec.inputs.values(), *spec.outputs.values())} <= {"signal"}
        assert {port.carries for port in (*spec.event_inputs.values(), *spec.event_outputs.values())} <= {"events"}
        frames = (*spec.frame_inputs.values(), *spec.frame_outputs.values())
        assert all(port.carries == f"{port.kind} frames" for port in frames)
