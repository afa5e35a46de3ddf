"""Display of the engine state: live values of wired inputs, loads, faults, status line."""

from __future__ import annotations

from nodegraph.node import In
from nodegraph.patch.document import Path as Place

from ..canvas import camera as canvas
from ..canvas.visuals import live_value_visual
from ..command import STATUS
from ..desk import Desk
from ..screen import ViewUpdater
from ..view import Status
from .master import Master, master_values
from .protocol import SoundState

QUANTUM = 64
REFRESH_FRAMES = 4  # display frames in which all live values are refreshed once
STATUS_PERIOD, LOAD_PERIOD, LEVEL_PERIOD = 0.25, 1.0, 1.0 / 25.0


class SoundMonitor:
    """Periodic display of the engine state, updated at every display frame."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, str, In, tuple[str, ...]]] = []
        self._of: object = None
        self._next = 0
        self._status_time = self._load_time = self._level_time = -1e9
        self._problem = ""
        self._faults: dict[Place, str] = {}
        self._shown_notices = 0  # number of notices already shown

    def tick(self, desk: Desk, screen: ViewUpdater, now: float) -> None:
        """Update live values, and periodically status line, loads and faults; ``now`` in seconds."""
        self._values(desk, screen)
        if now - self._level_time >= LEVEL_PERIOD:
            self._level_time = now
            self._master(desk, screen, now)
        if now - self._status_time >= STATUS_PERIOD:
            self._status_time = now
            state = desk.refresh_sound_state()
            self._notify(desk, state)
            screen.status(status(desk, state))
            if now - self._load_time >= LOAD_PERIOD:
                self._load_time = now
                self._loads(desk, screen, state)

    def _master(self, desk: Desk, screen: ViewUpdater, now: float) -> None:
        """Show the level of the output, and volume and mute in every ``audio_out``."""
        master = desk.state(Master)
        screen.master(master.update(desk.sound.output_level(), now))
        values = master_values(master)
        for id, visual in desk.visuals.items():
            if visual.display == "master":
                for port, value in values.items():
                    screen.show_value(id, port, value)

    def _values(self, desk: Desk, screen: ViewUpdater) -> None:
        document = desk.document
        if (document.wires, desk.subpatch_path) != self._of:
            self._of = (document.wires, desk.subpatch_path)
            arriving: dict[tuple[str, str], list[str]] = {}
            for wire in document.wires:
                arriving.setdefault((wire.target, wire.target_port), []).append(wire.source_ref)
            self._rows = []
            for (node, port), starts in arriving.items():
                found = desk.spec_of(document.nodes[node]).inputs.get(port)
                if found is not None:
                    self._rows.append((node, port, found, tuple(starts)))
        count = len(self._rows)
        if not count:
            return
        seen = canvas.visible(desk)
        for _ in range(-(-count // REFRESH_FRAMES)):
            self._next = (self._next + 1) % count
            node, port, spec, wired = self._rows[self._next]
            visual = desk.visuals.get(node)
            if visual is None or visual.folded or not (seen[0] - 300 < visual.at[0] < seen[2]):
                continue
            if not seen[1] - 600 < visual.at[1] < seen[3]:
                continue
            arrived = [desk.sound.value(desk.flat_id(start)) for start in wired]
            known = [values for values in arrived if values is not None and len(values)]
            if len(known) == len(wired):
                total = known[0] if len(known) == 1 else sum(known[1:], known[0])
                shown = next((row.value for row in visual.rows if row.port == port and row.side == "in"), None)
                screen.show_value(node, port, live_value_visual(spec, total, shown.mark if shown else ""))

    def _notify(self, desk: Desk, state: SoundState) -> None:
        if state.problem != self._problem:
            self._problem = state.problem
            if state.problem:
                desk.notify(state.problem, alarm=True)
        for line in state.notices[self._shown_notices :]:
            desk.notify(line)
        self._shown_notices = len(state.notices)
        if state.faults != self._faults:
            for path in state.faults.keys() - self._faults.keys():
                desk.notify(f"{'/'.join(path)} is muted: {state.faults[path]}", alarm=True)
            self._faults = dict(state.faults)
            desk.faults = self._faults

    def _loads(self, desk: Desk, screen: ViewUpdater, state: SoundState) -> None:
        span = QUANTUM / state.rate * 1e6
        totals: dict[str, float] = {}
        depth = len(desk.subpatch_path)
        for path, time in state.times.items():  # the load of a subpatch is the sum of its nodes
            if len(path) > depth and path[:depth] == desk.subpatch_path:
                totals[path[depth]] = totals.get(path[depth], 0.0) + time
        for id in desk.visuals:
            screen.show_load(id, percent(totals[id] / span) if id in totals else "")


def percent(fraction: float) -> str:
    """Format a fraction as a percentage: 0.0123 → ``1.2 %``."""
    return f"{100 * fraction:.0f} %" if fraction >= 0.1 else f"{100 * fraction:.1f} %"


def status(desk: Desk, state: SoundState) -> Status:
    """Return the status line."""
    alarm = set()
    latency = 1000.0 * (state.latency + state.device_latency) / state.rate
    parts = [
        ("device", state.device or "no device"),
        ("rate", f"{state.rate / 1000:g} kHz / {state.blocksize}"),
        ("load", f"load {percent(state.load)}"),
        ("tier", state.tier),
        ("xruns", f"xruns {state.xruns}"),
        ("latency", f"latency {latency:.1f} ms"),
    ]
    if state.late_answers:
        parts.append(("late", f"late model answers {state.late_answers}"))
        alarm.add("late")
    if state.load > 0.8:
        alarm.add("load")
    if state.paused:
        parts.append(("paused", f"paused at sample {state.clock}"))
        alarm.add("paused")
    if state.recording:
        parts.append(("recording", f"recording {state.recording}"))
        alarm.add("recording")
    parts += [(key, text) for key, text_of in STATUS.items() if (text := text_of(desk, state))]
    for job in desk.jobs.running:
        parts.append(("job", f"{job.title} {round(100 * job.part)} %"))
    if state.problem:
        parts.append(("problem", state.problem))
        alarm.add("problem")
    elif desk.typed.problems:
        more = len(desk.typed.problems) - 1
        text = f"{desk.typed.problems[0]}{f' {more} more in View › Problems.' if more else ''}"
        parts.append(("problem", text))
        alarm.add("problem")
    document = desk.document
    parts.append(("count", f"{len(document.nodes)} blocks, {len(document.wires)} wires"))
    return Status(tuple(parts), frozenset(alarm))
