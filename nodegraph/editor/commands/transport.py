"""Play, pause and rewind of the patch's transports, or of its file players if it has no transport.

Play and pause set the ``play`` parameter, which is saved and can be undone. Rewind sends a trigger to the engine
and does not change the document.
"""

from __future__ import annotations

from dataclasses import dataclass

from nodegraph.control.gain_bank import targets
from nodegraph.control.parameters import node_record, parameter
from nodegraph.patch import Document, PatchError, SetParams, nodes_of

from ..command import command, in_status
from ..desk import Desk, State
from ..external import external_control
from ..sound.protocol import SoundState


@dataclass
class KnownPlayers(State):
    """Cached players of a document."""

    document: Document | None = None
    players: tuple[tuple[str, str], ...] = ()


def players(desk: Desk) -> tuple[tuple[str, str], ...]:
    """Return (node id, rewind input) of each transport, or of each file player if there is no transport."""
    document = desk.patch.document
    known = desk.state(KnownPlayers)
    if known.document is not document:
        found = targets(document).players
        leaders = tuple(one for one in found if node_record(document, one[0]).type == "transport")
        known.document, known.players = document, leaders or found
    return known.players


def is_playing(desk: Desk) -> bool:
    """Return whether the first player is playing."""
    document, found = desk.patch.document, players(desk)
    return bool(found) and _value(node_record(document, found[0][0]).params.get("play", 1.0)) > 0.5


def _value(value: object) -> float:
    first = value[0] if isinstance(value, list | tuple) and value else value
    return float(first) if isinstance(first, int | float) else 0.0


@command("Play", "shift+space", menu="Sound", section=0, possible=lambda desk: bool(players(desk)), checked=is_playing)
def play(desk: Desk, payload: object) -> None:
    """Start or stop the transports, or the file players if the patch has no transport."""
    now = 0.0 if is_playing(desk) else 1.0
    desk.do_in((), SetParams({f"{id}.play": now for id, _ in players(desk)}))


@command("Rewind", "ctrl+home", menu="Sound", section=0, possible=lambda desk: bool(players(desk)))
def rewind(desk: Desk, payload: object) -> None:
    """Return the transports, or the file players, to their start position."""
    changes = external_control(desk).attach(desk).parameter_changes
    for id, port in players(desk):
        try:
            changes.pulse(parameter(desk.patch.document, f"{id}.{port}", None, desk.patch.path, desk.allow_outside))
        except PatchError as error:
            desk.notify(str(error), alarm=True)


@in_status("transport")
def position(desk: Desk, state: SoundState) -> str:
    """Return bar and beat of the first transport, both counted from 1, and its tempo."""
    document = desk.patch.document
    first = next((id for id, record in nodes_of(document) if record.type == "transport"), None)
    if first is None:
        return ""
    bar, phase, beat, bpm, run = (_now(desk, f"{first}.{port}") for port in ("bar", "phase", "beat", "bpm", "run"))
    if bar is None or phase is None or beat is None or bpm is None:
        return ""
    bars = bar + phase
    meter = beat / bars if bars > 0 else 1.0
    stopped = "" if run is not None and run > 0.5 else ", stopped"
    return f"bar {bar + 1:.0f} beat {int(phase * meter + 1e-6) + 1}, {bpm:g} bpm{stopped}"


def _now(desk: Desk, port_ref: str) -> float | None:
    values = desk.sound.value(port_ref)
    return float(values[0]) if values is not None and len(values) else None
