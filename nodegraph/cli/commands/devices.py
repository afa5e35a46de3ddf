"""``nodegraph devices``: what sound can go to and come from."""

from __future__ import annotations

from ..options import Json
from ..quiet import quiet_libraries
from ..text import columns, print_json, say


def devices(json: Json = False) -> None:
    """List sound devices, as `run --device` takes them."""
    from nodegraph.engine import live

    with quiet_libraries():
        found = live.devices()
    if json:
        print_json(found)
    elif not found:
        say("no sound device here. Use `nodegraph render`, or play to nobody with `nodegraph run --null`.")
    else:
        heads = [("number", "name", "system", "in", "out", "Hz")]
        rows = [(d["index"], d["name"], d["api"], d["inputs"], d["outputs"], f"{d['rate']:g}") for d in found]
        columns([*heads, *rows])
