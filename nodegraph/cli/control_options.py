"""``--midi``, ``--controller``, ``--osc``, ``--learn``: the hands that play a patch from outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from .silence_stderr import silence_native_stderr

if TYPE_CHECKING:
    from nodegraph.control.connections import Connections
    from nodegraph.control.controllers import Controller
    from nodegraph.engine.live import Live
    from nodegraph.patch import Patch

Midi = Annotated[
    list[str] | None,
    typer.Option(
        "--midi", metavar="PORT", help="MIDI input by a part of its name, or `all`; may be given several times."
    ),
]
Virtual = Annotated[
    str, typer.Option("--midi-virtual", metavar="NAME", help="Open a MIDI input that other programs can be wired to.")
]
ControllerFile = Annotated[
    str, typer.Option("--controller", metavar="NAME", help="Play the patch's gain bank, such as by `nanokontrol2`.")
]
Learn = Annotated[
    list[str] | None,
    typer.Option(
        "--learn", metavar="NODE.PORT", help="What is moved next on a MIDI device turns it from then on; is saved."
    ),
]
Osc = Annotated[
    int | None, typer.Option("--osc", metavar="PORT", min=0, max=65535, help="Listen to OSC at this UDP port.")
]
OscHost = Annotated[
    str, typer.Option("--osc-host", metavar="ADDRESS", help="Address to listen at; 0.0.0.0 is the whole network.")
]
OscSend = Annotated[
    str, typer.Option("--osc-send", metavar="HOST:PORT", help="Tell by OSC what is turned and what meters measure.")
]

LOOPBACK = "127.0.0.1"


@dataclass
class ControlOptions:
    """What the command line says of playing from outside."""

    midi: list[str] | None = None
    virtual: str = ""
    controller: str = ""
    learn: list[str] | None = None
    osc: int | None = None
    osc_host: str = LOOPBACK
    osc_send: str = ""

    @property
    def enabled(self) -> bool:
        """Is there any of it?"""
        return bool(self.midi or self.virtual or self.controller or self.learn or self.osc_send) or self.osc is not None

    def open(self, patch: Patch, live: Live) -> Connections | None:
        """Open all of it for a patch that is about to be played; None where nothing is asked for."""
        if not self.enabled:
            return None
        from nodegraph.control.connections import Connections
        from nodegraph.control.midi_learn import LearnRequest

        controller, peer = self._controller(), _peer(self.osc_send)
        connections = Connections(patch, live)
        live.follow(patch)
        try:
            with silence_native_stderr():
                if controller is not None:
                    connections.use_controller(controller)
                connections.bindings.learn(*(LearnRequest(end) for end in self.learn or ()))
                if self.midi or self.virtual or controller is not None or self.learn:
                    everything = ["all"] if self.learn and not (self.virtual or controller) else []
                    connections.open_midi(self.midi or everything, self.virtual)
                if self.osc is not None or peer is not None:
                    connections.open_osc(self.osc or 0, self.osc_host, peer)
        except BaseException:
            connections.close()
            live.close()
            raise
        return connections

    def _controller(self) -> Controller | None:
        from nodegraph.control.controllers import find_controller

        return find_controller(self.controller) if self.controller else None


def save_learned_bindings(patch: Patch, connections: Connections) -> list[str]:
    """Save what was learnt, and nothing else, in the patch's file; returns lines that say so."""
    from nodegraph import api

    if not connections.bindings.learned_actions or patch.path is None:
        return []
    kept = api.load(patch.path)
    for action in connections.bindings.learned_actions:
        kept.do(action)
    kept.save()
    return [f"what was learnt is saved in {patch.path}"]


def _peer(text: str) -> tuple[str, int] | None:
    if not text:
        return None
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise typer.BadParameter(f"'{text}' is not HOST:PORT, such as 127.0.0.1:9001", param_hint="--osc-send")
    return host.strip("[]") or LOOPBACK, int(port)
