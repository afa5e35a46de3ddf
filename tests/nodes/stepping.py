"""Runs a single block sample by sample: compiled (fast) or in plain Python (the reference).

Choices are passed at run time here, so that each block is compiled once for all of its settings.
"""

import inspect
import types
from functools import cache

import numba
import numpy as np

from nodegraph.node import Node

SR = 44100.0


def settings_of(cls: type[Node], **given):
    """Return the settings by name: the defaults of the block, overridden by ``given``."""
    defaults = {name: o.default for name, o in {**cls.spec.choices, **cls.spec.options}.items()}
    return defaults | given


@cache
def compiled(function):
    """Return ``function``, and the plain functions that it calls, compiled with Numba."""
    namespace = dict(function.__globals__)
    for name in function.__code__.co_names:
        if inspect.isfunction(namespace.get(name)):
            namespace[name] = compiled(namespace[name])
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    cells = tuple(types.CellType(compiled(c) if inspect.isfunction(c) else c) for c in cells)
    clone = types.FunctionType(function.__code__, namespace, function.__name__, None, cells)
    return numba.njit(error_model="numpy")(clone)


def equation_of(cls, settings):
    return cls.block or (cls.formula(settings) if cls.formula else cls.tick)


def constants_of(cls, settings, sr):
    """Return the arguments of an equation other than signals, states and lines."""
    values = {"sr": sr, "dt": 1.0 / sr}
    for name, choice in cls.spec.choices.items():
        values[name] = choice.values.index(settings[name])
    for name in cls.spec.wired:
        values[name] = int(settings.get(name, False))
    for name, option in cls.spec.options.items():
        if isinstance(option.default, int | float):
            values[name] = type(option.default)(settings[name])
    for name, table in cls.spec.tables.items():
        values[name] = np.ascontiguousarray(table.make(settings, sr), dtype=np.float32)
        values[f"{name}_size"] = len(values[name])
    return values


def run(cls, samples, /, *, sr=SR, seed=12345, python=False, **given):
    """Return the outputs by name, float64 of shape (samples,) for ticks and float32 (samples, lanes) for blocks.

    ``given`` are settings (by value) and inputs (numbers or arrays); "states" holds the final states.
    """
    spec = cls.spec
    settings = settings_of(
        cls, **{k: v for k, v in given.items() if k in {**spec.choices, **spec.options, **spec.wired}}
    )
    unknown = set(given) - set(spec.inputs) - set(settings)
    assert not unknown, unknown
    values = constants_of(cls, settings, sr)
    function = equation_of(cls, settings)
    if cls.block:
        return _run_block(cls, function, values, samples, sr, seed, python, given, settings)
    for name, port in spec.inputs.items():
        signal = np.broadcast_to(given.get(name, port.default), samples)
        values[name] = np.ascontiguousarray(signal, np.float32)
    for name, line in spec.lines.items():
        values[name] = np.zeros(line.length(settings, sr), np.float32)
        values[f"{name}_size"] = len(values[name])
    for name, state in spec.states.items():
        values[name] = seed if state.seeded else state.init
    names = list(inspect.signature(function).parameters)
    states = [values[name] for name in spec.states]
    if python:
        outputs, final = _step(cls, function, names, values, states, samples)
    else:
        outputs, final = _loop(cls, function)(samples, *[values[name] for name in names], *states)
    result = {name: outputs[:, i] for i, name in enumerate(spec.outputs)}
    return result | {"states": tuple(final)}


def _step(cls, function, names, values, states, samples):
    outputs = np.zeros((samples, len(cls.spec.outputs)))
    with np.errstate(all="ignore"):
        for i in range(samples):
            held = dict(zip(cls.spec.states, states))
            arguments = [np.float64(values[n][i]) if n in cls.spec.inputs else held.get(n, values[n]) for n in names]
            results = function(*arguments)
            results = results if isinstance(results, tuple) else (results,)
            assert len(results) == len(cls.spec.outputs) + len(states), "wrong number of results"
            outputs[i] = results[: len(cls.spec.outputs)]
            states = [
                int(value) if isinstance(state.init, int) else np.float64(value)
                for value, state in zip(results[len(cls.spec.outputs) :], cls.spec.states.values())
            ]
    return outputs, states


_loops = {}


def _loop(cls, function):
    if function not in _loops:
        names = list(inspect.signature(function).parameters)
        states = list(cls.spec.states)
        indexed = [f"np.float64({n}[i])" if n in cls.spec.inputs else n for n in names]
        taken = [n if n not in states else f"s_{n}" for n in names]
        results = [f"o{k}" for k in range(len(cls.spec.outputs))] + states
        casts = {n: type(s.init).__name__ for n, s in cls.spec.states.items()}
        lines = [
            f"def loop(samples, {', '.join(taken)}, {', '.join(states)}):".replace(", )", ")"),
            f"    outputs = np.zeros((samples, {len(cls.spec.outputs)}))",
            "    for i in range(samples):",
            f"        values = f({', '.join(indexed)})",
        ]
        if len(results) == 1:
            lines.append(f"        {results[0]} = values")
        else:
            lines.append(f"        {', '.join(results)} = values")
        lines += [f"        {n} = {cast}({n})" for n, cast in casts.items()]
        lines += [f"        outputs[i, {k}] = o{k}" for k in range(len(cls.spec.outputs))]
        lines.append(f"    return outputs, ({''.join(n + ', ' for n in states)})")
        namespace = {"f": compiled(function), "np": np}
        exec("\n".join(lines), namespace)
        _loops[function] = numba.njit(error_model="numpy")(namespace["loop"])
    return _loops[function]


def _run_block(cls, function, values, samples, sr, seed, python, given, settings):
    spec = cls.spec
    for name, port in spec.inputs.items():
        signal = np.asarray(given.get(name, port.default), np.float32)
        signal = signal.reshape(-1, 1) if signal.ndim < 2 else signal
        values[name] = np.array(np.broadcast_to(signal, (samples, signal.shape[1])))  # writable: one compiled type
    widths = {name: values[name].shape[1] for name in spec.inputs}
    lanes = cls.lanes(widths, settings) if cls.lanes else {}
    widest = max([*widths.values(), *lanes.values()], default=1)
    for name in spec.outputs:
        values[name] = np.full((samples, lanes.get(name, widest)), np.nan, np.float32)
    for name, state in spec.states.items():
        values[name] = np.full(widest, seed if state.seeded else state.init)
    for name, memory in spec.memories.items():
        values[name] = np.zeros(memory.length(settings))
    for name, line in spec.lines.items():
        values[name] = np.zeros((widest, line.length(settings, sr)), np.float32)
        values[f"{name}_size"] = values[name].shape[1]
    names = list(inspect.signature(function).parameters)
    (function if python else compiled(function))(*[values[name] for name in names])
    result = {name: values[name] for name in spec.outputs}
    return result | {"states": tuple(values[name] for name in spec.states)}


def spectrum(signal, sr=SR):
    """Return amplitudes and frequencies of the partials of a signal (Blackman-Harris window)."""
    n = np.arange(len(signal))
    turn = 2 * np.pi * n / len(signal)
    window = 0.35875 - 0.48829 * np.cos(turn) + 0.14128 * np.cos(2 * turn) - 0.01168 * np.cos(3 * turn)
    return np.abs(np.fft.rfft(signal * window)) / window.sum() * 2, np.fft.rfftfreq(len(signal), 1 / sr)


def response(impulse_response, frequencies, sr=SR):
    """Return the magnitudes of a filter at the given frequencies, from its impulse response."""
    turns = np.outer(frequencies, np.arange(len(impulse_response))) / sr
    return np.abs(np.exp(-2j * np.pi * turns) @ impulse_response)


def impulse(samples):
    signal = np.zeros(samples)
    signal[0] = 1.0
    return signal
