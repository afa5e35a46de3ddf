"""What the editor needs of the sound: an engine that follows a patch, whatever happens to the device.

No method raises: what goes wrong is told by :attr:`SoundState.problem` and heard as silence.
"""

from __future__ import annotations

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
    """How the sound stands.

    ``load`` is the part of a block's time that computing takes (mean of the last second); ``latency`` samples of
    the patch, ``device_latency`` those of the device; ``faults`` gives the reason for each node that is silent, by the
    node's path; ``times`` the µs per quantum of each node, all its voices together, by its path (a subpatch has no
    time of its own); ``problem`` is one sentence why there is silence, "" if there is none.
    ``clock`` is the count of samples computed, ``paused`` whether it stands still. ``recording`` and, by output,
    ``wires`` say what is being recorded, ``flight`` what log is being written; ``notices`` are lines on files that
    were finished, all since the beginning.
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


@dataclass(frozen=True)
class Reading:
    """What passed an output lately.

    Signals: ``samples`` (lanes, count) with the newest last. Frames: ``frames`` (count, bins), newest last
    (magnitudes of a spectrum). ``nans`` counts samples that were not numbers since the tap was set.
    """

    kind: str
    rate: float
    samples: np.ndarray | None = None
    frames: np.ndarray | None = None
    nans: int = 0
    latency: int = 0
    names: tuple[str, ...] = ()


class SoundEngine(Protocol):
    """An engine as the editor sees it."""

    @property
    def engine(self) -> Any:
        """The engine that plays now (a :class:`nodegraph.engine.core.Engine`), for MIDI and OSC, or None."""

    @property
    def rate(self) -> float:
        """Sample rate in Hz."""

    def play(self, graph: Graph) -> None:
        """Play this graph, typed at ``rate``, instead of the one before; nodes of both go on."""

    def set_values(self, change: Change, knobs: list[KnobChange]) -> None:
        """Follow a change of the document that sets nothing but these knobs of the graph."""

    def state(self) -> SoundState: ...

    def devices(self) -> list[dict[str, Any]]:
        """Devices as of ``nodegraph.engine.live.devices`` (empty where there are none)."""

    def select_device(self, device: int | str | None, rate: float | None = None, blocksize: int | None = None) -> None:
        """Go over to a device ("none": no device; None: the default), keeping the states of the patch where it can."""

    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def step(self, samples: int) -> None:
        """While paused, compute so many samples (rounded up to whole quanta) and stand still again."""

    def watch(self, port_refs: frozenset[str]) -> None:
        """The outputs ("osc1.out") that ``read`` will be asked for."""

    def read(self, port_ref: str, count: int) -> Reading | None:
        """The last ``count`` samples (or frames) of a watched output; None while there is nothing yet."""

    def value(self, port_ref: str) -> np.ndarray | None:
        """Latest sample of an output, one a lane; costs nothing and needs no ``watch``."""

    def record(self, path: Path | None) -> None:
        """Write what is heard into a sound file from now on; None ends that and closes the file."""

    def record_wire(self, port_ref: str, path: Path | None) -> None:
        """Write what an output ("osc1.out") carries into a sound file from now on; None ends that."""

    def set_flight_log(self, path: Path | None) -> None:
        """Begin the sound anew and log it into a flight log; None finishes the log, and the sound goes on."""

    def close(self) -> None: ...
