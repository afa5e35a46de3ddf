"""Options for external control of a patch: ``--midi``, ``--controller``, ``--osc``, ``--learn``."""

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
    typer.Option("--midi", metavar="PORT", help="MIDI input by part of its name, or `all`; repeatable."),
]
Virtual = Annotated[
    str, typer.Option("--midi-virtual", metavar="NAME", help="Open a virtual MIDI input for other programs.")
]
ControllerFile = Annotated[
    str,
    typer.Option("--controller", metavar="NAME", help="Controller that plays the gain bank, such as nanokontrol2."),
]
Learn = Annotated[
    list[str] | None,
    typer.Option(
        "--learn",
        metavar="NODE.PORT",
        help="Bind the next MIDI control that is moved, and save it; repeatable.",
    ),
]
Osc = Annotated[
    int | None, typer.Option("--osc", metavar="PORT", min=0, max=65535, help="Receive OSC at this UDP port.")
]
OscHost = Annotated[
    str,
    typer.Option("--osc-host", metavar="ADDRESS", help="Address of the OSC port; 0.0.0.0 accepts the whole network."),
]
OscSend = Annotated[
    str, typer.Option("--osc-send", metavar="HOST:PORT", help="Send changed parameters and meter levels by OSC.")
]

LOOPBACK = "127.0.0.1"


@dataclass
class ControlOptions:
    """The values of the control options."""

    midi: list[str] | None = None
    virtual: str = ""
    controller: str = ""
    learn: list[str] | None = None
    osc: int | None = None
    osc_host: str = LOOPBACK
    osc_send: str = ""

    @property
    def enabled(self) -> bool:
        """True if any control option is set."""
        return bool(self.midi or self.virtual or self.controller or self.learn or self.osc_send) or self.osc is not None

    def open(self, patch: Patch, live: Live) -> Connections | None:
        """Open the requested inputs for a patch before it is played; return None if no option is set."""
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
                connections.bindings.learn(*(LearnRequest(port_ref) for port_ref in self.learn or ()))
                if self.midi or self.virtual or controller is not None or self.learn:
                    all_ports = ["all"] if self.learn and not (self.virtual or controller) else []
                    connections.open_midi(self.midi or all_ports, self.virtual)
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
    """Save learned bindings, and nothing else, in the patch file; return lines for the user."""
    from nodegraph import api

    if not connections.bindings.learned_actions or patch.path is None:
        return []
    saved = api.load(patch.path)
    for action in connections.bindings.learned_actions:
        saved.do(action)
    saved.save()
    return [f"saved the learned bindings in {patch.path}"]


def _peer(text: str) -> tuple[str, int] | None:
    if not text:
        return None
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise typer.BadParameter(f"must be HOST:PORT, such as 127.0.0.1:9001, got '{text}'", param_hint="--osc-send")
    return host.strip("[]") or LOOPBACK, int(port)
