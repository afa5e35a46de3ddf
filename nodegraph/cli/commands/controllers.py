"""``nodegraph controllers``: the controller files that `run --controller` takes, and what is on a device."""

from __future__ import annotations

from typing import Annotated

import typer

from ..options import Json
from ..output import columns, print_json, print_line, print_warning


def controllers(
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", show_default=False, help="One of them, or a .toml file: what is on it.")
    ] = "",
    json: Json = False,
) -> None:
    """List controller files, or show what one of them does."""
    import msgspec

    from nodegraph.control.controllers import controller_files, find_controller, user_folder
    from nodegraph.control.surface import FUNCTIONS

    if name:
        found = find_controller(name)
        if json:
            print_json(msgspec.to_builtins(found))
            return
        print_line(f"{found.name}, MIDI ports '{found.ports}…'" if found.ports else found.name)
        if found.help:
            print_line(found.help)
        rows = []
        for part in found.parts:
            numbers = f"{'CC' if part.cc else 'note'} {_range(part.numbers)}"
            doc = (FUNCTIONS[part.function].__doc__ or "").splitlines()[0] if part.function else ""
            rows.append((part.name, part.kind, numbers, part.function, doc.partition(": ")[2]))
        print_line()
        columns([("control", "kind", "sends", "function", "what it does"), *rows])
        return
    files = controller_files()
    if json:
        print_json({name: str(path) for name, path in files.items()})
        return
    columns([("name", "device", "file"), *((name, _device(name), path) for name, path in files.items())])
    print_line(f"\nyour own go into {user_folder()}")


def _device(name: str) -> str:
    """What a file is for; one that cannot be used must not hide the others."""
    from nodegraph.control.controllers import ControllerError, find_controller

    try:
        return find_controller(name).name
    except ControllerError as error:
        print_warning(str(error))
        return "cannot be used"


def _range(numbers: tuple[int, ...]) -> str:
    """``0–7``, or the numbers one by one."""
    if len(numbers) > 2 and list(numbers) == list(range(numbers[0], numbers[-1] + 1)):
        return f"{numbers[0]}–{numbers[-1]}"
    return ", ".join(map(str, numbers))
