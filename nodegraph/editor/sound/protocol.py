"""Interface between the editor and the audio engine.

No method raises; errors are reported in :attr:`SoundState.problem`, and the output is silent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from nodegraph.graph import Graph
from nodegraph.graph.knobs import KnobChange
from nodegraph.patch import Change
from nodegraph.patch.document import Path as Place


@dataclass(frozen=True)
class SoundState:
    """State of the engine.

    ``rate`` is in Hz, ``blocksize`` in samples; ``clock`` is the number of computed samples. ``load`` is the fraction
    of the callback period spent computing (mean of the last second). ``latency`` is the latency of the patch and
    ``device_latency`` that of the device, in samples. ``recording`` and ``wires`` (by output) describe the running
    recordings, ``flight`` is the name of the open flight log, "" if there is none; ``notices`` lists all finished files
    of the session, one line each. ``problem`` is the reason for silence, "" if there is none. ``faults`` maps the path
    of each muted node to the reason; ``times`` maps the path of each node to its time in µs per quantum, summed over
    its voices (subpatches have no entry). ``late_answers`` is the number of late answers of all models. ``tier`` is
    "rows", "compiling" (rows, while fused kernels are compiled) or "fused".
    """

    device: str = ""
    rate: float = 44100.0
    blocksize: int = 256
    playing: bool = False
    paused: bool = False
    clock: int = 0
    load: float = 0.0
    xruns: int = 0
    latency: int = 0
    device_latency: int = 0
    recording: str = ""
    wires: dict[str, str] = field(default_factory=dict)
    flight: str = ""
    notices: tuple[str, ...] = ()
    problem: str = ""
    faults: dict[Place, str] = field(default_factory=dict)
    times: dict[Place, float] = field(default_factory=dict)
    late_answers: int = 0
    tier: str = "rows"


@dataclass(frozen=True)
class Reading:
    """The latest samples or frames of an output.

    Signals: ``samples`` (lanes, count), newest last. Frames: ``frames`` (count, bins), newest last; magnitudes for a
    spectrum. ``nans`` is the number of NaN or infinite values among them; ``rate`` is in Hz; ``latency`` is the path
    latency in samples.
    """

    kind: str
    rate: float
    samples: np.ndarray | None = None
    frames: np.ndarray | None = None
    nans: int = 0
    latency: int = 0
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class OutputLevel:
    """Level of the output since the last call: ``rms`` and ``peak`` amplitude per channel, before the volume.

    ``limited``: the limiter lowered the output, or it was clipped.
    """

    rms: tuple[float, ...] = ()
    peak: tuple[float, ...] = ()
    limited: bool = False


class SoundEngine(Protocol):
    """Engine interface of the editor."""

    @property
    def engine(self) -> Any:
        """The current :class:`nodegraph.engine.core.Engine`, for MIDI and OSC, or None."""

    @property
    def rate(self) -> float:
        """Sample rate in Hz."""

    def play(self, graph: Graph) -> None:
        """Play a graph that was typed at ``rate``; nodes of the previous graph keep their state."""

    def set_values(self, change: Change, knobs: list[KnobChange]) -> None:
        """Apply a change of the document that sets only these knobs of the graph."""

    def state(self) -> SoundState: ...

    def devices(self) -> list[dict[str, Any]]:
        """Return the devices as in ``nodegraph.engine.live.devices``; empty if there are none."""

    def supported_rates(self, rates: tuple[float, ...]) -> tuple[float, ...]:
        """Return those of ``rates`` (Hz) at which the selected device runs, and the present one; empty without one."""

    def select_device(self, device: int | str | None, rate: float | None = None, blocksize: int | None = None) -> None:
        """Switch to a device ("none": no device; None: the default); the patch keeps its state if possible."""

    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def step(self, samples: int) -> None:
        """Compute ``samples`` (rounded up to whole quanta) while paused."""

    def watch(self, port_refs: frozenset[str]) -> None:
        """Set the outputs ("osc1.out") that can be read with ``read``."""

    def read(self, port_ref: str, count: int) -> Reading | None:
        """Return the last ``count`` samples or frames of a watched output, or None if there are none yet."""

    def value(self, port_ref: str) -> np.ndarray | None:
        """Return the latest sample of an output per lane, or None if unknown; needs no ``watch``."""

    def node_state(self, id: str, name: str) -> np.ndarray | None:
        """Return a state of a node per lane, as the audio thread left it, or None if unknown."""

    def output_level(self) -> OutputLevel:
        """Return the level of the output since the last call."""

    def set_volume(self, gain: float) -> None:
        """Set the gain 0…1 of what is heard, without clicks; recordings have the full level."""

    def preview(self, samples: np.ndarray, rate: float) -> None:
        """Play a mono sound (count,) at ``rate`` Hz once instead of the output; recordings do not contain it."""

    def record(self, path: Path | None, depth: str = "auto") -> None:
        """Start recording the output to a sound file of a depth in ``DEPTHS``; None stops and closes the file."""

    def record_input(self, seconds: float, stopped: Callable[[], bool]) -> tuple[np.ndarray, float]:
        """Record the audio input for at most ``seconds``, until ``stopped()``; called by a job.

        Return the samples (samples, channels) and the rate in Hz. Unlike the other methods, it raises EngineError.
        """

    def record_wire(self, port_ref: str, path: Path | None, depth: str = "auto") -> None:
        """Start recording an output ("osc1.out") to a sound file; None stops and closes the file."""

    def set_flight_log(self, path: Path | None) -> None:
        """Restart the engine with a flight log; None finishes the log while the engine keeps running."""

    def close(self) -> None: ...


class ReadsDisplays(Protocol):
    """The part of an engine that reads the buffers of display blocks."""

    @property
    def rate(self) -> float: ...
    def display(self, id: str, count: int) -> Reading | None:
        """Return the last ``count`` samples or frames of a display block, or None if there are none."""
