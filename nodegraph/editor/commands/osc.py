"""OSC server: other programs and machines set the parameters of the patch by address."""

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
    """Panel that starts and stops the OSC server and lists the addresses."""

    key = "osc"
    is_per_patch = True

    def __init__(self) -> None:
        self.texts = {"port": str(OscEndpoint.port), "host": OscEndpoint.host, "send": ""}
        self._listed: object = None

    def visual(self, desk: Desk) -> PanelVisual:
        external = external_control(desk)
        free = external.osc is None
        self._listed = desk.patch.document
        rows = tuple((address,) for address in _addresses(desk))
        items = (
            Item("entry", "port", "Port", self.texts["port"], enabled=free),
            Item(
                "entry",
                "host",
                "Bind address",
                self.texts["host"],
                enabled=free,
                tip="0.0.0.0 accepts messages from the network",
            ),
            Item(
                "entry",
                "send",
                "Send to",
                self.texts["send"],
                enabled=free,
                tip="HOST:PORT that receives value changes",
            ),
            Item("button", "go", "Start" if free else "Stop"),
            Item("text", "state", value=_describe(external.osc) or "OSC is off."),
            Item("table", "table", value=(("Address",), rows), tip="click to copy"),
        )
        return PanelVisual(self.key, "OSC", items, size=(420.0, 0.0))

    def react(self, desk: Desk, event: PanelEvent) -> None:
        external = external_control(desk)
        if event.item in self.texts:
            self.texts[event.item] = str(event.value).strip()
        elif event.item == "table" and event.value is not None:
            self._copy(desk, event.value[0])
        elif event.item == "go":
            if external.osc is not None:
                external.stop_osc()
            else:
                self._start(desk)
            desk.open_panel(self)

    def _start(self, desk: Desk) -> None:
        port, send = _port(self.texts["port"]), _peer(self.texts["send"])
        if port is None:
            desk.notify(f"invalid UDP port '{self.texts['port']}'. Type a number from 1 to 65535.", alarm=True)
        elif self.texts["send"] and send is None:
            desk.notify(f"invalid address '{self.texts['send']}'. Type HOST:PORT, such as 127.0.0.1:9001.", alarm=True)
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


def _describe(endpoint: OscEndpoint | None) -> str:
    return f"OSC at {endpoint.host}:{endpoint.port}" if endpoint is not None else ""


@command("OSC…", menu="Tools", section=2, checked=lambda desk: external_control(desk).osc is not None)
def osc(desk: Desk, payload: object) -> None:
    """Set up remote control of the patch by Open Sound Control."""
    desk.open_panel(OscPanel())


@in_status("osc")
def osc_status(desk: Desk, state: SoundState) -> str:
    """Return the address of the OSC server."""
    return _describe(external_control(desk).osc)
