"""``nodegraph nodes``: list the blocks, or show the page of one."""

from __future__ import annotations

import inspect
import textwrap
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nodegraph.files.wording import argument

from ..errors import CommandError
from ..options import Json
from ..output import columns, print_json, print_line, print_warning

if TYPE_CHECKING:
    from nodegraph.node import Node

MAX_FOUND = 12  # blocks that a search lists


def nodes(
    type: Annotated[str | None, typer.Argument(metavar="TYPE", show_default=False, help="Block to show.")] = None,
    search: Annotated[
        str | None, typer.Option("--search", metavar="WORDS", show_default=False, help="Find blocks by any words.")
    ] = None,
    json: Json = False,
) -> None:
    """List or search blocks, or show the ports and equation of one."""
    from nodegraph.blocks.page import page
    from nodegraph.blocks.registry import load_failures, node_types

    types = node_types()
    if search is not None:
        if type is not None:
            raise typer.BadParameter("takes no TYPE besides. Use one of both", param_hint="--search")
        _search(search, types, json)
        return
    if type is not None:
        cls = _find(type, types)
        data = page(cls)
        print_json(data) if json else _show(cls, data)
        return
    if json:
        print_json([page(cls) for cls in types.values()])
        return
    family = None
    rows: list[tuple[str, ...]] = []
    for name, cls in types.items():
        if cls.hidden:
            continue
        if cls.family != family:
            family = cls.family
            rows += [("",), (_title(cls),)] if rows else [(_title(cls),)]
        rows.append((f"  {name}", _first_line(cls)))
    width = max(len(row[0]) for row in rows if len(row) > 1)
    columns([(row[0].ljust(width), *row[1:]) if len(row) > 1 else (*row, "") for row in rows])
    for source, reason in load_failures().items():
        print_warning(f"{source} was not loaded: {reason}")


def _search(words: str, types: dict[str, type[Node]], json: bool) -> None:
    """Print the blocks that the palette of the editor finds, best first."""
    from nodegraph.blocks.page import page
    from nodegraph.editor.palettes import block_candidates, find

    found = [candidate for candidate, _ in find(words, block_candidates())][:MAX_FOUND]
    if not found:
        raise CommandError(f"no block matches '{words}'. List all blocks with `nodegraph nodes`.")
    if json:
        print_json([page(types[one.key]) for one in found])
        return
    width = max(len(one.label) for one in found)
    columns([(one.label.ljust(width), one.doc) for one in found])


def _find(name: str, types: dict[str, type[Node]]) -> type[Node]:
    from nodegraph.node import snake_case
    from nodegraph.patch.errors import suggest

    cls = types.get(name) or types.get(snake_case(name))
    if cls is None:
        hint = suggest(name, types) or f" Search for it: nodegraph nodes --search {argument(name)}"
        raise CommandError(f"unknown block '{name}'.{hint}")
    return cls


def _show(cls: type[Node], data: dict[str, Any]) -> None:
    print_line(f"{cls.type} ({_title(cls)})\n")
    print_line(textwrap.indent(data["doc"], "  "))
    for title, rows in (
        ("inputs", [_input_row(port) for port in data["inputs"]]),
        ("outputs", [(p["name"], p.get("unit") or p["carries"], p["doc"]) for p in data["outputs"]]),
        ("settings", [_setting_row(setting) for setting in data["settings"]]),
    ):
        if rows:
            print_line(f"\n{title}")
            columns(rows, "  ")
    if data["source"]:
        print_line("\nequation")
        print_line(textwrap.indent(data["source"], "  "))


def _input_row(port: dict[str, Any]) -> tuple[str, ...]:
    if port["carries"] != "signal":
        return port["name"], port["carries"], "", port["doc"]
    unit = f" {port['unit']}" if port["unit"] else ""
    range_text = f"{port['min']:g} … {port['max']:g}{unit}{', log' if port['taper'] == 'log' else ''}"
    range_text += f", one for each of {port['bank']}" if port["bank"] else ""
    return port["name"], f"{port['default']:g}", range_text, port["doc"]


def _setting_row(setting: dict[str, Any]) -> tuple[str, ...]:
    unit = f" {setting['unit']}" if setting.get("unit") else ""
    if "values" in setting:
        range_text = " | ".join(setting["values"])
    elif setting["min"] is not None and setting["max"] is not None:
        range_text = f"{setting['min']:g} … {setting['max']:g}{unit}"
    else:
        range_text = unit.strip()
    return setting["name"], str(setting["default"]), range_text, setting["doc"]


def _first_line(cls: type[Node]) -> str:
    return (inspect.getdoc(cls) or "").partition("\n")[0]


def _title(cls: type[Node]) -> str:
    from nodegraph.blocks.registry import USER_MODULE, family_name, is_user_family

    name = family_name(cls.family)
    return f"{name}: {cls.family.removeprefix(USER_MODULE)}" if is_user_family(cls.family) else name
