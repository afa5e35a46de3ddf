"""``nodegraph controllers``: list controller files, or show one."""

from __future__ import annotations

from typing import Annotated

import typer

from ..options import Json
from ..output import columns, print_json, print_line, print_warning


def controllers(
    name: Annotated[
        str, typer.Argument(metavar="NAME", show_default=False, help="Controller to show: a name or a .toml file.")
    ] = "",
    json: Json = False,
) -> None:
    """List controllers, or show the functions of one."""
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
        for element in found.parts:
            numbers = f"{'CC' if element.cc else 'note'} {_range(element.numbers)}"
            doc = (FUNCTIONS[element.function].__doc__ or "").splitlines()[0] if element.function else ""
            rows.append((element.name, element.kind, numbers, element.function, doc.partition(": ")[2]))
        print_line()
        columns([("control", "kind", "sends", "function", "description"), *rows])
        return
    files = controller_files()
    if json:
        print_json({name: str(path) for name, path in files.items()})
        return
    columns([("name", "device", "file"), *((name, _device(name), path) for name, path in files.items())])
    print_line(f"\nfolder of user controllers: {user_folder()}")


def _device(name: str) -> str:
    """Return the device of a controller file; a broken file must not hide the others."""
    from nodegraph.control.controllers import ControllerError, find_controller

    try:
        return find_controller(name).name
    except ControllerError as error:
        print_warning(str(error))
        return "invalid"


def _range(numbers: tuple[int, ...]) -> str:
    """Format numbers as a range, ``0–7``, or as a list."""
    if len(numbers) > 2 and list(numbers) == list(range(numbers[0], numbers[-1] + 1)):
        return f"{numbers[0]}–{numbers[-1]}"
    return ", ".join(map(str, numbers))
