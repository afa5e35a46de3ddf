"""A patch as a readable Python program that builds the same document.

The program uses the methods of :class:`nodegraph.Patch` where they accept the patch, and its actions for everything
else. Each statement is applied while it is written, so the result is known to be the same.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable
from functools import partial
from typing import Any

from nodegraph.api import Patch
from nodegraph.patch import (
    Action,
    AddNode,
    Connect,
    Document,
    MoveMany,
    NodeRecord,
    PatchError,
    SetArea,
    SetBinding,
    SetControl,
    SetLook,
    SetNote,
    SetPreset,
    SetSeed,
    SetSettings,
    SetSnapshot,
    SetTitle,
    encode_patch,
)
from nodegraph.patch.actions import within
from nodegraph.patch.document import Path, Settings
from nodegraph.patch.nested import data_of, standalone

WIDTH = 120
RESERVED = {"type", "id", "self"}  # parameters of Patch.add


def python_program(document: Document, file: str = "patch.json") -> str:
    """Return a Python program that builds a document as ``patch`` and, when it is run, saves it in ``file``.

    A document with fields that no action knows, such as those of a later version, is written as data.
    """
    writer = _Writer()
    document = standalone(document)
    try:
        _write_document(writer, document, ())
        is_same = writer.patch.document == document
    except PatchError:
        is_same = False
    body = writer.lines if is_same else _as_data(document)
    if not body[-1]:
        del body[-1]
    names = sorted(writer.names) if is_same else ["parse_patch"]
    imports = ["import nodegraph"] if is_same else ["from nodegraph import Patch"]
    imports += [_call("from nodegraph.patch import ", names, "", "(", ")")] if names else []
    title = [_docstring(document.title), ""] if document.title else []
    end = ["", 'if __name__ == "__main__":', f"    patch.save({literal(file)})"]
    return "\n".join([*title, *imports, "", *body, *end]) + "\n"


class _Writer:
    """The statements of a program, and the patch that they have built so far."""

    def __init__(self) -> None:
        self.patch = Patch()
        self.lines = ["patch = nodegraph.Patch()"]
        self.names: set[str] = set()

    def do(self, path: Path, action: Action) -> None:
        """Apply an action at a path, and write it."""
        action = within(path, action)
        self.patch.do(action)
        self.lines.append(_call("patch.do(", [self._expression(action)], ")"))

    def call(self, method: str, *arguments: Any, **options: Any) -> bool:
        """Call a method of the patch, and write the call; return False if the patch refuses it."""
        try:
            getattr(self.patch, method)(*arguments, **options)
        except PatchError:
            return False
        parts = [literal(value) for value in arguments] + [f"{key}={literal(value)}" for key, value in options.items()]
        self.lines.append(_call(f"patch.{method}(", parts, ")"))
        return True

    def section(self) -> None:
        """Begin a paragraph."""
        if self.lines and self.lines[-1]:
            self.lines.append("")

    def _expression(self, action: Action) -> str:
        """Return the constructor of an action: required fields by position, others by name if they differ."""
        self.names.add(type(action).__name__)
        fields, defaults = action.__struct_fields__, action.__struct_defaults__
        required = len(fields) - len(defaults)
        parts = [self._value(getattr(action, name)) for name in fields[:required]]
        for name, default in zip(fields[required:], defaults, strict=True):
            value = getattr(action, name)
            plain = default.factory() if hasattr(default, "factory") else default  # msgspec makes empty dicts anew
            if type(value) is not type(plain) or value != plain:
                parts.append(f"{name}={self._value(value)}")
        return f"{type(action).__name__}({', '.join(parts)})"

    def _value(self, value: Any) -> str:
        return self._expression(value) if isinstance(value, Action) else literal(value)


def literal(value: Any) -> str:
    """Return a plain value as Python text, with double quotes."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(key)}: {literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(literal, value)) + ("," if len(value) == 1 else "") + ")"
    text = repr(value)
    return f'"{text[1:-1]}"' if isinstance(value, str) and text[0] == "'" and '"' not in text else text


def _write_document(writer: _Writer, document: Document, path: Path) -> None:
    """Write the statements for a document, and for those nested in it."""
    if document.title:
        writer.do(path, SetTitle(document.title))
    if document.seed:
        writer.do(path, SetSeed(document.seed))
    if document.settings != Settings(extra=document.settings.extra):
        writer.do(path, _settings_action(document.settings))
    writer.section()
    for id, record in document.nodes.items():
        _write_node(writer, path, id, record)
    writer.section()
    for wire in document.wires:
        ends = _name(path, wire.source_ref), _name(path, wire.target_ref)
        mark = {"feedback": True} if wire.feedback else {}
        if wire.extra or not writer.call("connect", *ends, **mark):
            writer.do(path, Connect(wire.source_ref, wire.target_ref, wire.feedback, wire.extra))
    writer.section()
    for action in _look_actions(document):
        writer.do(path, action)


def _write_node(writer: _Writer, path: Path, id: str, record: NodeRecord) -> None:
    if record.patch is not None:
        add = partial(AddNode, id, record.type, record.version, record.params, extra=record.extra)
        before, lines, names = writer.patch.document, list(writer.lines), set(writer.names)
        writer.do(path, add(patch={}))
        try:
            writer.section()
            _write_document(writer, record.patch, (*path, id))
            if writer.patch.document.nested((*path, id)) == record.patch:
                writer.section()
                return
        except PatchError:
            pass
        writer.patch = Patch(before)
        writer.lines, writer.names = lines, names
        writer.do(path, add(patch=data_of(record.patch)))
        return
    name = _name(path, id)
    is_plain = all(key.isidentifier() and not keyword.iskeyword(key) and key not in RESERVED for key in record.params)
    if is_plain and not record.extra:
        before, count = writer.patch.document, len(writer.lines)
        if writer.call("add", record.type, name, **record.params):
            if writer.patch.document.nested(path).nodes.get(id) == record:
                return
            writer.patch = Patch(before)
            del writer.lines[count:]
    writer.do(path, AddNode(id, record.type, record.version, record.params, extra=record.extra))


def _look_actions(document: Document) -> Iterable[Action]:
    """Yield the actions for what does not sound: controls, snapshots, presets, comments, areas, looks, positions."""
    for control in document.controls.values():
        fields = {name: getattr(control, name) for name in SetControl.__struct_fields__}
        yield SetControl(**fields)
        if control.midi is not None:
            bound = {name: getattr(control.midi, name) for name in SetBinding.__struct_fields__ if name != "name"}
            yield SetBinding(control.name, **bound)
    for snapshot in document.snapshots.values():
        yield SetSnapshot(snapshot.name, snapshot.values)
    for preset in document.presets.values():
        yield SetPreset(preset.type, preset.name, preset.params, preset.version)
    for note in document.notes.values():
        yield SetNote(note.id, note.text, *note.at)
    for area in document.areas.values():
        yield SetArea(area.id, area.title, *area.at, *area.size, area.colour)
    for id, look in document.looks.items():
        yield SetLook(id, look.title or None, look.colour or None, look.folded or None)
    if document.layout:
        yield MoveMany(nodes=document.layout)


def _settings_action(settings: Settings) -> SetSettings:
    plain = Settings()
    names = SetSettings.__struct_fields__
    return SetSettings(
        **{name: getattr(settings, name) for name in names if getattr(settings, name) != getattr(plain, name)}
    )


def _name(path: Path, text: str) -> str:
    """Return the name of a node or port in a nested document: ``voice/osc``."""
    return "/".join((*path, text))


def _as_data(document: Document) -> list[str]:
    """Return statements that parse the file of a document."""
    return ["patch = Patch(", "    parse_patch(", f"        {encode_patch(document, downgrade=True)!r}", "    )", ")"]


def _docstring(title: str) -> str:
    """Return a title as the docstring of the program."""
    is_plain = title.isprintable() and not set(title) & {'"', "\\"}
    return f'"""{title}"""' if is_plain else literal(title)


def _call(opening: str, arguments: list[str], closing: str, left: str = "", right: str = "") -> str:
    """Return a call on one line, or with one argument per line if it is longer than 120 characters."""
    line = f"{opening}{', '.join(arguments)}{closing}"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"{opening}{left}", *(f"    {argument}," for argument in arguments), f"{right}{closing}"])
