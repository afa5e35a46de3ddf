"""A page per block, from its declarations, its help patch and the patches that use it."""

from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path
from typing import Any

from nodegraph.blocks.page import page
from nodegraph.blocks.registry import family_name, node_types, words_of
from nodegraph.editor.help_patch import help_patch, silence_of
from nodegraph.editor.plain import first_line
from nodegraph.node import Node
from nodegraph.notebook import graph_svg
from nodegraph.patch import Document, encode_patch

from .cache import Cache, programs
from .markdown import from_docstring, html, plain, table
from .measured import measure, measure_shipped
from .plots import declared_plot, plot_of
from .shipped import documents, smallest_with, title_of, users_of_blocks
from .sounds import ogg, place, player
from .sources import Sources
from .svg import Plot, svg

ORPHAN = "---\norphan: true\n---"  # in no list of contents: hundreds of entries would be in the sidebar of every page
REASON = "no plot: "  # what a drawing without a plot begins with
BLOCKS = "blocks-"  # patches that are blocks of others, and silent by themselves
MAX_USERS = 12  # patches that are listed


def shown_blocks() -> dict[str, type[Node]]:
    """Return the blocks that have a page, by type."""
    return {name: cls for name, cls in node_types().items() if not cls.hidden}


def write_block_pages(site: Sources, cache: Cache) -> dict[str, str]:
    """Write the page of each block, and the list of all; return the blocks without a plot, with the reason."""
    unplotted, users = {}, users_of_blocks()
    for type, cls in shown_blocks().items():
        drawing, sound = _measured(cls, cache)
        if drawing.startswith(REASON):
            unplotted[type] = drawing.removeprefix(REASON)
        if sound:
            site.write(place(f"blocks/{type}.ogg"), sound)
        site.write(f"blocks/{type}.md", block_page(cls, drawing, bool(sound), users.get(type, [])))
    site.write("blocks/index.md", _index())
    return unplotted


def _measured(cls: type[Node], cache: Cache) -> tuple[str, bytes]:
    """Return the plot of a block, as SVG or the reason why there is none, and the sound of its help patch.

    A block that is silent by itself is measured in the smallest patch that has one.
    """
    shipped = smallest_with(cls.type) if silence_of(cls) and not cls.container else None
    document = documents()[shipped[0]] if shipped else help_patch(cls.type)
    origin = encode_patch(document) + Path(inspect.getfile(cls)).read_bytes() + programs("measured")
    made: list[Any] = []

    def measured() -> Any:
        made[:] = made or [measure_shipped(*shipped) if shipped else measure(cls.type)]
        return made[0]

    def drawing() -> bytes:
        found = [declared_plot(cls), plot_of(cls, measured())]
        shown = [plot for plot in found if isinstance(plot, Plot)]
        reason = next((plot for plot in found if isinstance(plot, str)), "")
        return ("".join(svg(plot) + f"<p>{plot.caption}.</p>" for plot in shown) or REASON + reason).encode()

    plot = cache.get(f"{cls.type}.svg", origin + programs("plots", "svg"), drawing).decode()
    if silence_of(cls):
        return plot, b""
    return plot, cache.get(f"{cls.type}.ogg", origin + programs("sounds"), lambda: ogg(measured().sound))


def block_page(cls: type[Node], drawing: str, has_sound: bool, users: list[str]) -> str:
    """Return the page of a block as Markdown.

    ``drawing`` is an SVG, or says why there is none; ``users`` are the names of the patches that use the block.
    """
    data = page(cls)
    document = help_patch(cls.type)
    note = " ".join(note.text for note in document.notes.values()).removeprefix(first_line(cls)).strip()
    parts = [ORPHAN, f"# {cls.type}", from_docstring(data["doc"])]
    parts.append(f"[Blocks](index.md) › {_family_links(cls)}.{_words(cls)}")
    parts.append("## What it does")
    if drawing.startswith(REASON):
        parts.append(f"There is no plot. {drawing.removeprefix(REASON)}")
    else:
        parts.append(html(drawing))
    parts.append("## Help patch")
    if note:
        parts.append(plain(note))
    sound = player(f"blocks/{cls.type}", f"blocks/{cls.type}.ogg") if has_sound else ""
    parts.append(html(sound, picture(document)))
    parts.append("In the editor, F1 on the block opens this patch in a window of its own.")
    parts += _ports(data)
    if data["source"]:
        parts += ["## Equation", _equation_words(cls), f"```python\n{data['source']}\n```"]
    if users:
        listed = ", ".join(f"[{plain(title_of(name))}](../gallery/{name}.md)" for name in users[:MAX_USERS])
        parts += ["## Used in", f"{listed}."]
        heard = [name for name in users if not name.startswith(BLOCKS)]
        if heard and not has_sound:
            parts += [f"{plain(title_of(heard[0]))}:", html(player("blocks/", f"gallery/{heard[0]}.ogg"))]
    return "\n\n".join(part for part in parts if part) + "\n"


def picture(document: Document) -> str:
    """Return the drawing of a patch, in columns from left to right."""
    return graph_svg(replace(document, layout={})).replace("<svg ", "<svg class='patch' ", 1)


def _words(cls: type[Node]) -> str:
    names = ", ".join(f"`{word}`" for word in words_of(cls))
    return f" The palette also finds it as {names}." if names else ""


def _family_links(cls: type[Node]) -> str:
    """Return the family of a block, with links to its other blocks."""
    names = [name for name, other in shown_blocks().items() if other.family == cls.family]
    links = (f"**{name}**" if name == cls.type else f"[{name}]({name}.md)" for name in names)
    return f"{family_name(cls.family)}: {', '.join(links)}"


def _equation_words(cls: type[Node]) -> str:
    place = f"`{'/'.join(cls.__module__.split('.'))}.py`"
    if cls.formula:
        return f"Its function is made from the text that you type, in {place}."
    what = "one sample of one lane" if cls.tick else "one frame of one lane" if cls.frame else "a block of samples"
    return f"The function that computes {what}, in {place}:"


def _ports(data: dict[str, Any]) -> list[str]:
    parts = []
    if data["inputs"]:
        inputs = [
            (f"`{p['name']}`", _unit(p), _range(p), _number(p.get("default")), from_docstring(p["doc"]))
            for p in data["inputs"]
        ]
        parts += ["## Inputs", table(("input", "unit", "range", "default", ""), inputs)]
    if data["outputs"]:
        outputs = [(f"`{p['name']}`", _unit(p), from_docstring(p["doc"])) for p in data["outputs"]]
        parts += ["## Outputs", table(("output", "unit", ""), outputs)]
    if data["settings"]:
        settings = [
            (f"`{s['name']}`", _values(s), _code(s["default"]), from_docstring(s["doc"])) for s in data["settings"]
        ]
        parts += ["## Settings", table(("setting", "values", "default", ""), settings)]
    return parts


def _unit(port: dict[str, Any]) -> str:
    return port.get("unit") or ("" if port["carries"] == "signal" else port["carries"])


def _range(port: dict[str, Any]) -> str:
    if "min" not in port:
        return ""
    taper = ", logarithmic" if port.get("taper") == "log" else ""
    bank = f", one for each member of `{port['bank']}`" if port.get("bank") else ""
    return f"{_number(port['min'])} to {_number(port['max'])}{taper}{bank}"


def _values(setting: dict[str, Any]) -> str:
    if "values" in setting:
        return ", ".join(f"`{value}`" for value in setting["values"])
    low, high, unit = setting.get("min"), setting.get("max"), setting.get("unit") or ""
    if low is None and high is None:
        return unit
    if low is None or high is None:
        return f"at most {_number(high)} {unit}" if low is None else f"at least {_number(low)} {unit}"
    return f"{_number(low)} to {_number(high)} {unit}".strip()


def _number(value: Any) -> str:
    return "" if value is None else f"{value:.7g}"


def _code(value: Any) -> str:
    text = str(value)
    return f"`{text[:60]}{'…' if len(text) > 60 else ''}`" if text else ""


def _first_line(cls: type[Node]) -> str:
    return (inspect.getdoc(cls) or "").partition("\n")[0]


def _index() -> str:
    """Return the list of all blocks by family."""
    families: dict[str, list[type[Node]]] = {}
    for cls in shown_blocks().values():
        families.setdefault(cls.family, []).append(cls)
    count = sum(map(len, families.values()))
    parts = ["# Blocks", f"All {count} blocks by family. `nodegraph nodes TYPE` prints the same in a terminal."]
    for family, classes in families.items():
        rows = [(f"[`{cls.type}`]({cls.type}.md)", from_docstring(_first_line(cls))) for cls in classes]
        parts += [f"## {family_name(family)}", table(("block", "what it does"), rows)]
    return "\n\n".join(parts) + "\n"
