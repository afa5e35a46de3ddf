"""OSC: every value of the patch has an address that programs and other machines can turn."""

from __future__ import annotations

from itertools import islice

from ..command import command, in_status
from ..desk import Desk, Panel
from ..events import PanelEvent
from ..external import OscEndpoint, external_control
from ..sound.protocol import SoundState
from ..view import Item, PanelVisual

MAX_SHOWN = 100


def _addresses(desk: Desk) -> list[str]:
    from nodegraph.control.osc import addresses

    return list(islice(addresses(desk.patch.document, desk.patch.path, desk.allow_outside), MAX_SHOWN))


class OscPanel(Panel):
    """Starts and stops the server; lists the addresses."""

    key = "osc"
    of_patch = True

    def __init__(self) -> None:
        self.texts = {"port": str(OscEndpoint.port), "host": OscEndpoint.host, "send": ""}
        self._listed: object = None

    def visual(self, desk: Desk) -> PanelVisual:
        there = external_control(desk)
        free = there.osc is None
        self._listed = desk.patch.document
        rows = tuple((one,) for one in _addresses(desk))
        items = (
            Item("entry", "port", "Port", self.texts["port"], enabled=free),
            Item("entry", "host", "Listen at", self.texts["host"], enabled=free, tip="0.0.0.0 is the whole network"),
            Item("entry", "send", "Tell", self.texts["send"], enabled=free, tip="HOST:PORT that hears what changes"),
            Item("button", "go", "Start" if free else "Stop"),
            Item("text", "state", value=_describe(there.osc) or "Nobody is listened to."),
            Item("table", "table", value=(("Address",), rows), tip="click copies it"),
        )
        return PanelVisual(self.key, "OSC", items, size=(420.0, 0.0))

    def react(self, desk: Desk, event: PanelEvent) -> None:
        there = external_control(desk)
        if event.item in self.texts:
            self.texts[event.item] = str(event.value).strip()
        elif event.item == "table" and event.value is not None:
            self._copy(desk, event.value[0])
        elif event.item == "go":
            if there.osc is not None:
                there.stop_osc()
            else:
                self._start(desk)
            desk.open_panel(self)

    def _start(self, desk: Desk) -> None:
        port, send = _port(self.texts["port"]), _peer(self.texts["send"])
        if port is None:
            desk.notify(f"'{self.texts['port']}' is no UDP port: give a number from 1 to 65535.", alarm=True)
        elif self.texts["send"] and send is None:
            desk.notify(f"'{self.texts['send']}' is not HOST:PORT, such as 127.0.0.1:9001.", alarm=True)
        else:
            problem = external_control(desk).listen_osc(
                desk, OscEndpoint(port, self.texts["host"] or OscEndpoint.host, send)
            )
            if problem:
                desk.notify(problem, alarm=True)

    def _copy(self, desk: Desk, row: int) -> None:
        found = _addresses(desk)
        if row < len(found):
            desk.view.set_clipboard(found[row])
            desk.notify(f"Copied {found[row]}.")

    def changed(self, desk: Desk) -> None:
        before, now = self._listed, desk.patch.document
        if before is None or before.nodes.keys() != now.nodes.keys() or before.controls != now.controls:  # type: ignore[attr-defined]
            desk.view.show_panel(self.visual(desk))


def _port(text: str) -> int | None:
    return int(text) if text.isdecimal() and 0 < int(text) < 65536 else None


def _peer(text: str) -> tuple[str, int] | None:
    host, _, port = text.rpartition(":")
    number = _port(port)
    return (host.strip("[]") or OscEndpoint.host, number) if number is not None else None


def _describe(place: OscEndpoint | None) -> str:
    return f"OSC at {place.host}:{place.port}" if place is not None else ""


@command("OSC…", menu="Tools", section=2, checked=lambda desk: external_control(desk).osc is not None)
def osc(desk: Desk, payload: object) -> None:
    """Let programs turn the values of the patch by Open Sound Control, on this machine or from others."""
    desk.open_panel(OscPanel())


@in_status("osc")
def osc_status(desk: Desk, state: SoundState) -> str:
    """Where OSC is listened to."""
    return _describe(external_control(desk).osc)
