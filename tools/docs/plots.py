"""The plot of a block: what its declarations allow, else what its outputs do in its help patch."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from nodegraph.blocks.drawings import curves_of, names_in
from nodegraph.editor.drawn_curve import parse_curve_points
from nodegraph.editor.help_patch import Sweep, silence_of, sweep_of
from nodegraph.engine.offline import Offline
from nodegraph.node import Curves, In, Node
from nodegraph.patch import Patch

from .measured import HELP, RATE, Measured
from .svg import Axis, Plot, span

QUIETEST = -100.0  # dB, the lowest level that is drawn
WINDOW = 8192
LATE = 20011  # samples, of the second impulse that shows whether a block is the same at any time
SHORT = 0.02  # s: shorter impulse responses are shown as frequency responses
SLOW = 25.0  # Hz: slower signals are shown as a whole


def plot_of(cls: type[Node], measured: Measured) -> Plot | str:
    """Return the plot of a block, or why it has none."""
    for rule in (_chosen, _response, _curve, _transfer, _silence, _impulse_response, _outputs):
        found = rule(cls, measured)
        if found is not None:
            return found
    return _reason(cls)


def _silence(cls: type[Node], measured: Measured) -> str | None:
    return (silence_of(cls) or None) if measured.where == HELP else None


def _reason(cls: type[Node]) -> str:
    if not cls.spec.output_ports:
        return "It has no output."
    if cls.container:
        return silence_of(cls)
    if cls.spec.event_inputs:
        return "The notes of its help patch contain no such message."
    return "Its outputs stay at zero in the help patch."


# -- from declarations -----------------------------------------------------------------------------------------


def declared_plot(cls: type[Node]) -> Plot | None:
    """Return what the editor draws in a block, bars or curves, a single one for three values of an input; or None."""
    if cls.drawn_bars is not None:
        return _bars(cls.spec.default_settings[cls.drawn_bars.values])
    if cls.display != "curves":
        return None
    given, sweep = dict(cls.example.values), sweep_of(cls)
    drawn = [_curves(cls, given)]
    curves = [(drawn[0].places, y, name) for name, y in drawn[0].curves.items()]
    if sweep is not None and sweep.port.name in names_in(cls.drawing) and len(curves) == 1:
        swept = [sweep.low, _middle(sweep), sweep.high]
        drawn = [_curves(cls, given | {sweep.port.name: value}) for value in swept]
        labels = [f"{sweep.port.name} {_quantity(value, sweep.port.unit)}" for value in swept]
        curves = [(d.places, d.curves[""], label) for d, label in zip(drawn, labels)]
    x, y = drawn[0].x, drawn[0].y
    return Plot(
        f"{y.name.capitalize()} over {x.name}",
        Axis(_label(x.name, x.unit), x.low, max(d.x.high for d in drawn)),
        Axis(_label(y.name, y.unit), min(d.y.low for d in drawn), max(d.y.high for d in drawn)),
        curves,
    )


def _bars(values: Sequence[float]) -> Plot:
    steps = np.arange(1.0, len(values) + 2.0)
    places, heights = np.repeat(steps, 2)[1:-1], np.repeat(np.asarray(values, float), 2)
    x, y = Axis("step", 1.0, float(steps[-1])), Axis("value", *span([heights], 12.0))
    return Plot("Value of each step", x, y, [(places, heights, "")])


def _curves(cls: type[Node], values: dict[str, Any]) -> Curves:
    curves = curves_of(cls, values, values, RATE)
    assert curves is not None
    return curves


def _middle(sweep: Sweep) -> float:
    return float(np.sqrt(sweep.low * sweep.high)) if sweep.port.taper == "log" else sweep.port.default


def _response(cls: type[Node], measured: Measured) -> Plot | None:
    if cls.response is None:
        return None
    hertz = np.geomspace(20.0, 20000.0, 400)
    sweep = sweep_of(cls)
    settings, knobs = cls.spec.default_settings, dict(list(cls.spec.inputs.items())[1:])
    values = {name: _constant(port, settings) for name, port in knobs.items()}
    if any(port.bank for port in knobs.values()):
        values |= {"gain": np.resize([6.0, -9.0, 4.0], len(values["gain"]))} if "gain" in values else {}
        chosen, labels = [values], [""]
    elif sweep:
        swept = [sweep.low, _middle(sweep), sweep.high]
        chosen = [values | {sweep.port.name: value} for value in swept]
        labels = [f"{sweep.port.name} {_quantity(v, sweep.port.unit)}" for v in swept]
    else:
        chosen, labels = [values], [""]
    curves = []
    names = list(cls.spec.outputs)
    for setting, label in zip(chosen, labels):
        gains = np.atleast_2d(np.asarray(cls.response(hertz, setting, settings, RATE)))
        if len(gains) > 1:  # an output a curve
            curves = [(hertz, _decibels(np.abs(gain)), name) for gain, name in zip(gains[:4], names)]
        else:
            curves.append((hertz, _decibels(np.abs(gains[0])), label))
    low, high = span([np.maximum(y, -60.0) for _, y, _ in curves], 12.0)
    return Plot(
        "Magnitude of the frequency response",
        Axis("frequency, Hz", 20.0, 20000.0, log=True),
        Axis("gain, dB", max(low, -60.0), high),
        curves,
    )


def _constant(port: In, settings: dict[str, Any]) -> Any:
    return np.full(int(settings[port.bank]), port.default) if port.bank in settings else port.default


def _curve(cls: type[Node], measured: Measured) -> Plot | None:
    if cls.curve_at is None or cls.drawn is None:
        return None
    settings, declared = cls.spec.default_settings, cls.drawn
    points = parse_curve_points(str(settings[declared.points])) or []
    last = declared.x[1] if declared.x[1] is not None else 1.25 * points[-1][0]
    x = np.linspace(declared.x[0], last, 500)
    y = np.asarray(cls.curve_at(settings, x), float)
    unit = f", {declared.unit}" if declared.unit else ""
    x_name = f"time{unit}" if declared.unit == "s" else f"input{unit}"
    return Plot("The drawn curve", Axis(x_name, declared.x[0], last), Axis("output", *span([y])), [(x, y, "")])


def _transfer(cls: type[Node], measured: Measured) -> Plot | None:
    """Return output over input of a block without memory, by its equation in plain Python."""
    spec = cls.spec
    has_memory = spec.states or spec.lines or spec.memories or spec.helpers or spec.frame_inputs or spec.event_inputs
    main = next(iter(spec.inputs.values()), None)
    if cls.tick is None or has_memory or main is None or main.unit == "gate" or len(spec.outputs) != 1:
        return None
    arguments = _constants(cls)
    if arguments is None:
        return None
    low, high = (main.min, main.max) if main.max - main.min <= 20000.0 else (-1.0, 1.0)
    x = np.geomspace(low, high, 400) if main.taper == "log" and low > 0.0 else np.linspace(low, high, 400)
    other = next((p for p in list(spec.inputs.values())[1:] if p.smooth and p.unit != "gate"), None)
    named = spec.inputs.get(cls.example.vary or "", other)
    curves = []
    for value in _three_values(named) if named is not None and named is not main else [None]:
        given = arguments | ({} if value is None or named is None else {named.name: value})
        y = np.array([_first(cls.tick(**given | {main.name: float(v)})) for v in x], float)
        label = "" if value is None or named is None else f"{named.name} {_quantity(value, named.unit)}"
        curves.append((x, y, label))
    if all(np.array_equal(y, curves[0][1]) for _, y, _ in curves):
        curves = [(x, curves[0][1], "")]
    out = next(iter(spec.outputs.values()))
    return Plot(
        "Output over input",
        Axis(_label(main.name, main.unit), low, high, log=main.taper == "log" and low > 0.0),
        Axis(_label(out.name, out.unit), *span([y for _, y, _ in curves])),
        curves,
    )


def _three_values(port: In) -> list[float]:
    if port.max - port.min > 2000.0:
        return sorted({port.default, port.default + 0.5, port.default - 0.5})
    if port.default in (port.min, port.max):
        return [port.min, 0.5 * (port.min + port.max), port.max]
    return [0.5 * (port.min + port.default), port.default, 0.5 * (port.default + port.max)]


def _constants(cls: type[Node]) -> dict[str, Any] | None:
    """Return the arguments of a tick with all parameters at their defaults, or None if it needs more."""
    spec = cls.spec
    found: dict[str, Any] = {}
    assert cls.tick is not None
    for name in inspect.signature(cls.tick).parameters:
        if name in spec.inputs:
            found[name] = float(spec.inputs[name].default)
        elif name in spec.choices:
            found[name] = 0
        elif name in spec.options and isinstance(spec.options[name].default, int | float):
            found[name] = spec.options[name].default
        elif name in ("sr", "dt"):
            found[name] = RATE if name == "sr" else 1.0 / RATE
        elif name in spec.wired:
            found[name] = 0
        else:
            return None
    return found


def _first(result: Any) -> float:
    return float(result[0] if isinstance(result, tuple) else result)


# -- measured --------------------------------------------------------------------------------------------------


def _impulse_response(cls: type[Node], measured: Measured) -> Plot | None:
    """Return the output for one impulse, of a block that is found to be linear and the same at any time."""
    spec = cls.spec
    first = next(iter(spec.inputs.values()), None)
    if first is None or first.name != "audio" or spec.frame_outputs or not spec.outputs or cls.response is not None:
        return None
    if any(port.unit == "gate" for port in spec.inputs.values()):
        return None
    samples = round(1.5 * RATE)
    noise = np.random.default_rng(1).normal(0.0, 0.1, (2, samples)).astype(np.float32)
    impulse = np.zeros(samples, np.float32)
    impulse[0] = 1.0
    one, other, both, late, found = (
        _answer(cls, x) for x in (noise[0], noise[1], noise[0] + noise[1], np.roll(impulse, LATE), impulse)
    )
    is_linear = np.abs(one + other - both).max() < 1e-3
    if not is_linear or np.abs(late[LATE:] - found[:-LATE]).max() > 1e-3:
        return None
    heard = np.flatnonzero(np.abs(found) > 1e-3 * max(float(np.abs(found).max()), 1e-9))
    if len(heard) < 2 or np.abs(found).max() < 1e-6:  # a copy, or nothing
        return None
    if heard[-1] - heard[0] < SHORT * RATE:
        return _measured_response(found)
    end = min(max(int(heard[-1] * 1.1), 441), samples)
    time = np.arange(end) / RATE
    scale, unit = (1000.0, "ms") if end < 0.2 * RATE else (1.0, "s")
    return Plot(
        "Output for one impulse of height 1",
        Axis(f"time, {unit}", 0.0, scale * end / RATE),
        Axis("output", *span([found[:end]])),
        [(scale * time, found[:end], "")],
    )


def _measured_response(impulse_response: np.ndarray) -> Plot:
    hertz = np.fft.rfftfreq(len(impulse_response), 1.0 / RATE)
    levels = np.maximum(_decibels(np.abs(np.fft.rfft(impulse_response))), -60.0)
    shown = (hertz >= 1.0) & (hertz <= 20000.0)
    low, high = span([levels[shown]], 12.0)
    return Plot(
        "Magnitude of the frequency response",
        Axis("frequency, Hz", 1.0, 20000.0, log=True),
        Axis("gain, dB", low, high),
        [(hertz[shown], levels[shown], "")],
    )


def _answer(cls: type[Node], signal: np.ndarray) -> np.ndarray:
    """Return the output for a signal, of the block alone, (samples,)."""
    patch = Patch()
    patch.add("audio_in", id="in")
    patch.add(cls.type, id="block", **{k: v for k, v in cls.example.values.items() if k in cls.spec.parameters})
    patch.add("audio_out", id="out")
    patch.connect("in.out", "block.audio")
    patch.connect(f"block.{next(iter(cls.spec.outputs))}", "out.audio")
    engine = Offline(patch.document, RATE, inputs={"in": signal})
    try:
        return np.asarray(engine.run_samples(len(signal)), float)[:, 0]
    finally:
        engine.close()


def _chosen(cls: type[Node], measured: Measured) -> Plot | None:
    output = f"{measured.node}.{next(iter(cls.spec.outputs), '')}"
    if cls.example.plot == "spectrum" and output in measured.signals:
        return _spectra(cls, measured, output)
    if cls.example.plot == "wave" and output in measured.signals:
        return _waves(cls, measured, output)
    return None


def _outputs(cls: type[Node], measured: Measured) -> Plot | None:
    """Return what the heard output does in the help patch."""
    ports = cls.spec.output_ports
    for name in [cls.example.output] if cls.example.output else list(ports):
        port, output = ports[name], f"{measured.node}.{name}"
        if port.kind == "events":
            return _notes(measured) if not cls.example.heard else _received(measured)
        if output in measured.frames:
            return _frames(cls, measured, output)
        if output in measured.signals:
            return _waves(cls, measured, output)
    return None


def _waves(cls: type[Node], measured: Measured, output: str) -> Plot | None:
    """Return the output over time, with the signal input that it is made from."""
    values = measured.signals[output]
    if not np.abs(values).max() > 1e-9:
        return None
    start, end = _shown_samples(cls, measured, output)
    scale, unit = (1000.0, "ms") if end - start < 0.2 * RATE else (1.0, "s")
    time = scale * (np.arange(start, end) - start) / RATE
    peak = np.abs(values).max()
    curves = []
    for label, source in _shown_inputs(cls, measured):
        signal = measured.signals[source][start:end, 0]
        if 0.2 * peak < np.abs(signal).max() < 5.0 * peak:
            curves.append((time, signal, label))
    lanes = values.shape[1]
    if lanes == 1 and len(cls.spec.outputs) > 1:
        same_unit = [
            n for n, p in cls.spec.outputs.items() if p.unit == cls.spec.outputs[output.rpartition(".")[2]].unit
        ]
        for name in same_unit[:3]:
            other = measured.signals.get(f"{measured.node}.{name}")
            curves += [(time, other[start:end, 0], name)] if other is not None else []
    else:
        for lane in range(min(lanes, 3)):
            label = output.rpartition(".")[2] + (f", lane {lane}" if lanes > 1 else "")
            curves.append((time, values[start:end, lane], label))
    port = cls.spec.outputs[output.rpartition(".")[2]]
    return Plot(
        f"Output in {measured.where}",
        Axis(f"time, {unit}", 0.0, float(scale * (end - start) / RATE)),
        Axis(_label("value", port.unit), *span([y for _, y, _ in curves])),
        curves[:4],
    )


def _shown_samples(cls: type[Node], measured: Measured, output: str) -> tuple[int, int]:
    """Return the shown part: some periods of an audible signal, or all of a slow one."""
    values = measured.signals[output][:, 0]
    shown = _shown_inputs(cls, measured)
    source = measured.signals[shown[0][1]] if shown else None
    gated = any(port.unit == "gate" and measured.source_of(name) for name, port in cls.spec.inputs.items())
    size = len(values)
    kinds = set(cls.example.inputs.values())
    if gated or kinds & {"plucks", "clicks", "gate"} or cls.spec.event_inputs:
        return 0, min(size, round(2.0 * RATE))
    if "glide" in kinds or cls.example.output:
        return 0, size
    if any(port.unit == "Hz" and 0.0 < port.default < SLOW for port in cls.spec.inputs.values()):
        return 0, min(size, round(2.0 * RATE))
    strongest = _strongest(values if np.ptp(values) > 1e-6 or source is None else source[:, 0])
    if strongest < SLOW:
        return 0, size
    start = size // 2
    return start, min(size, start + round(max(4.0 / strongest, 0.004) * RATE))


def _strongest(values: np.ndarray) -> float:
    """Return the frequency of the strongest line in Hz, without the mean."""
    window = np.hanning(len(values))
    power = np.abs(np.fft.rfft((values - values.mean()) * window))
    return float(np.argmax(power)) * RATE / len(values)


def _shown_inputs(cls: type[Node], measured: Measured) -> list[tuple[str, str]]:
    """Return label and source of up to two signal inputs, without the one that is varied."""
    sweep = sweep_of(cls)
    found = []
    for name, port in cls.spec.inputs.items():
        source = measured.source_of(name)
        if source in measured.signals and port.unit in ("", "gate") and not (sweep and sweep.port.name == name):
            found.append((f"{name}: {measured.document.nodes[source.partition('.')[0]].type}", source))
    return found[:2]


def _spectra(cls: type[Node], measured: Measured, output: str) -> Plot | None:
    """Return the spectrum of the output in the help patch, with that of its input."""
    signals = [(output.rpartition(".")[2], measured.signals[output][:, 0])]
    signals = [(label, measured.signals[source][:, 0]) for label, source in _shown_inputs(cls, measured)[:1]] + signals
    curves = []
    for name, values in signals:
        hertz, levels = _spectrum(values)
        shown = (hertz >= 20.0) & (hertz <= 20000.0)
        curves.append((hertz[shown], levels[shown], name))
    top = max(float(y.max()) for _, y, _ in curves)
    if top < QUIETEST:
        return None
    return Plot(
        f"Spectrum in {measured.where}",
        Axis("frequency, Hz", 20.0, 20000.0, log=True),
        Axis("level, dB", max(top - 90.0, QUIETEST), top + 6.0),
        curves,
    )


def _spectrum(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return frequencies and mean levels in dB of a full-scale sine."""
    window = np.hanning(WINDOW + 1)[:WINDOW]
    starts = range(0, len(values) - WINDOW + 1, WINDOW // 2)
    power = np.mean([np.abs(np.fft.rfft(values[s : s + WINDOW] * window)) ** 2 for s in starts], axis=0)
    return np.fft.rfftfreq(WINDOW, 1.0 / RATE), _decibels(np.sqrt(power) * 2.0 / window.sum())


def _frames(cls: type[Node], measured: Measured, output: str) -> Plot | None:
    """Return the loudest frame of the output, with that of its input."""
    port = cls.spec.output_ports[output.rpartition(".")[2]]
    inputs = [(name, measured.source_of(name)) for name in cls.spec.frame_inputs]
    frames = [(name, source) for name, source in inputs if source in measured.frames] + [
        (output.rpartition(".")[2], output)
    ]
    loudest = int(np.abs(measured.frames[output]).sum(axis=1).argmax())
    if not np.abs(measured.frames[output][loudest]).max() > 1e-9:
        return None
    is_phase = port.kind == "phase"
    curves = []
    for name, ref in frames[-3:]:
        values, (size, _) = measured.frames[ref][loudest], measured.sizes[ref]
        is_full = len(values) == size // 2 + 1 and size > 1
        x = np.arange(len(values)) * (RATE / size) if is_full else np.arange(len(values), dtype=float)
        y = values if is_phase or not is_full else np.maximum(_decibels(values * (4.0 / size)), QUIETEST)
        curves.append((x, y, name, is_full))
    full = curves[-1][3]
    curves = [c for c in curves if c[3] == full]
    if is_phase:
        curves = curves[-1:]
    drawn = [(x, y, name) for x, y, name, _ in curves]
    top = 4000.0 if full else max(float(len(y) - 1) for _, y, _ in drawn)
    shown = [y[x <= top] for x, y, _ in drawn]
    return Plot(
        f"The loudest frame in {measured.where}",
        Axis("frequency, Hz" if full else "member", 0.0, max(top, 1.0)),
        Axis("phase, radians" if is_phase else "level, dB" if full else "value", *span(shown)),
        [(x[x <= top], y[x <= top], name) for x, y, name in drawn],
    )


def _received(measured: Measured) -> Plot | None:
    """Return what a block that receives the messages makes of them."""
    ref = next((ref for ref in measured.signals if ref.startswith(("control_change", "clock_in"))), "")
    if not ref:
        return None
    values = measured.signals[ref][:, 0]
    time = np.arange(len(values)) / RATE
    x = Axis("time, s", 0.0, float(time[-1]))
    return Plot(f"What {ref} makes of its messages", x, Axis("value", *span([values])), [(time, values, "")])


def _notes(measured: Measured) -> Plot | None:
    """Return the pitch of the sounding voices over time."""
    pitch = next((v for ref, v in measured.signals.items() if ref.endswith(".pitch") and "notes" in ref), None)
    gate = next((v for ref, v in measured.signals.items() if ref.endswith(".gate") and "notes" in ref), None)
    if pitch is None or gate is None or not (gate > 0.0).any():
        return None
    step = 64
    pitch, gate = pitch[::step], gate[::step]
    time = np.arange(len(pitch)) * step / RATE
    curves = [(time, np.where(g > 0.0, p, np.nan), "") for p, g in zip(pitch.T, gate.T) if (g > 0.0).any()]
    curves = [(x, y, f"voice {k + 1}") for k, (x, y, _) in enumerate(curves[:4])]
    return Plot(
        f"Notes that it plays in {measured.where}",
        Axis("time, s", 0.0, float(time[-1])),
        Axis("note number", *span([y for _, y, _ in curves], 12.0)),
        curves,
    )


def _label(name: str, unit: str) -> str:
    return f"{name}, {unit}" if unit and unit not in ("ratio", "gate") else name


def _quantity(value: float, unit: str) -> str:
    return f"{float(f'{value:.3g}'):g} {'' if unit in ('ratio', 'gain') else unit}".strip()


def _decibels(values: np.ndarray) -> np.ndarray:
    return 20.0 * np.log10(np.maximum(values, 1e-9))
