"""Parse the bytes of a patch file into a document; errors are one line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from math import isfinite
from typing import Any, TypeVar

import msgspec

from nodegraph.files.syntax import json_mistake

from .document import (
    FORMAT,
    VERSION,
    Area,
    Binding,
    Control,
    Document,
    Extra,
    Look,
    NodeRecord,
    Note,
    Preset,
    Settings,
    Snapshot,
    SourceText,
    Wire,
    locate,
)
from .encode import compact
from .errors import InvalidValue, PatchError, quote, suggest
from .fileformat import (
    AreaFile,
    BindingFile,
    ControlFile,
    LookFile,
    NodeFile,
    NoteFile,
    PresetFile,
    SettingsFile,
    SnapshotFile,
    WireFile,
)
from .migrations import migrate
from .names import check_colour, check_name, split_port_ref
from .scan import JsonPiece, JsonSyntaxError, scan
from .steps import check_steps
from .values import plain, step
from .voices import check_voices

MAX_FILE_BYTES = 32 * 2**20
"""Maximum bytes of a patch file; sound and weights belong in separate files."""

MAX_PATCH_DEPTH = 16
"""Maximum levels of nested documents."""

MAX_NESTED_CHARACTERS = 2 * MAX_FILE_BYTES
"""Maximum characters of all nested documents, inner ones counted at every level, because each level is read again."""

MAX_FAULTS = 100
"""Maximum invalid records that are reported at once."""

WRONG_FILE = "Choose a patch, a .json file that the editor saves."
_SECTIONS = frozenset({"nodes", "wires", "controls", "snapshots", "presets", "notes", "areas", "looks", "layout"})
_FIELDS = ("title", "seed", "settings", *_SECTIONS, "extra")

T = TypeVar("T")


def parse_patch(data: bytes, name: str = "patch", limit: int = MAX_FILE_BYTES) -> Document:
    """Parse ``data`` into a document; ``name`` is its name in error messages.

    Raises :class:`PatchError`, with the JSON path or the line of the error, if ``data`` is not a valid patch. A patch
    of a newer format is accepted if its known fields are valid (``document.is_newer_format``).
    """
    if len(data) > limit:
        raise PatchError(f"{name}: larger than {limit} bytes. Move sound and weights to separate files.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PatchError(
            f"{name}: not UTF-8 at byte {error.start}. Choose a patch, a .json file that the editor saves."
        ) from None
    version = VERSION
    try:
        top = scan(text, _SECTIONS)
        version = _version(top)
        return _document(top, version, data)
    except JsonSyntaxError as fault:
        raise PatchError(f"{name}: {_syntax(fault, text)}") from None
    except InvalidValue as fault:
        newer = f"written in format version {version}, newer than this nodegraph reads ({VERSION}): "
        fix = " Update nodegraph." if version > VERSION else ""
        lines = [
            f"{name}: {newer if fix else ''}{each.path or '$'}: {each.text.rstrip('.')}.{fix}"
            for each in (fault, *fault.others)
        ]
        more = f" There are {len(lines) - 1} more problems; `nodegraph check` lists them." if len(lines) > 1 else ""
        raise PatchError(lines[0] + more, lines if more else None) from None


def _syntax(fault: JsonSyntaxError, text: str) -> str:
    if not text.strip():
        return "the file is empty. Restore it from a copy, or start a new patch."
    if fault.at >= len(text.rstrip()):
        return "the file is truncated. Restore it from a copy."
    line = text.count("\n", 0, fault.at) + 1
    column = fault.at - text.rfind("\n", 0, fault.at)
    if not fault.at:
        return f"line 1, column 1: invalid JSON. {WRONG_FILE}"
    return f"line {line}, column {column}: {json_mistake(fault.text, text, fault.at)}"


def _version(top: JsonPiece) -> int:
    if top.members is None:
        raise InvalidValue("a patch must be a JSON object { … }. Choose a patch file", "$")
    found = top.value.get("format")
    if found != FORMAT:
        statement = f"is {quote(found)}" if found is not None else "is missing"
        text = f'not a patch: "format" {statement}. A patch begins with "format": "{FORMAT}"'
        raise InvalidValue(text, "$.format")
    version = top.value.get("version")
    if type(version) is not int or not 0 <= version < 2**31:
        raise InvalidValue(f"must be a whole number; this nodegraph writes {VERSION}", "$.version")
    return version


def _document(top: JsonPiece, version: int, data: bytes) -> Document:
    if version < VERSION:
        top = _migrated(top, version)
    members = dict(top.members or {})
    for key in ("format", "version"):
        members.pop(key, None)
    document, texts = _read(members, _NestingLimits())
    document = replace(document, version=max(version, VERSION))
    if version < VERSION:
        return document
    return _with_source(document, data, top, texts)


def parse_nested(text: str, name: str) -> Document:
    """Parse ``text`` into a nested document; ``name`` is its name in error messages. Raises :class:`PatchError`."""
    try:
        return _nested(text, _NestingLimits())
    except JsonSyntaxError as fault:
        raise PatchError(f"{name}: {_syntax(fault, text)}") from None
    except InvalidValue as fault:
        raise PatchError(f"{name}: {fault.path or '$'}: {fault.text.rstrip('.')}.") from None


class _NestingLimits:
    """The depth of a nested document, and the total size of all of them, checked against the limits."""

    def __init__(self, outer: _NestingLimits | None = None) -> None:
        self.depth: int = outer.depth + 1 if outer else 0
        self.used: list[int] = outer.used if outer else [0]

    def inside(self, text: str) -> _NestingLimits:
        inner = _NestingLimits(self)
        self.used[0] += len(text)
        if inner.depth > MAX_PATCH_DEPTH:
            raise InvalidValue(
                f"patches are nested more than {MAX_PATCH_DEPTH} deep. Move inner ones to separate files"
            )
        if self.used[0] > MAX_NESTED_CHARACTERS:
            raise InvalidValue("the nested patches are too large. Move them to separate files")
        return inner


def _nested(text: str, nesting: _NestingLimits) -> Document:
    top = scan(text, _SECTIONS)
    if top.members is None:
        raise InvalidValue('a nested patch must be an object such as {"nodes": []}', "$")
    document, texts = _read(dict(top.members), nesting)
    return _with_source(document, None, top, texts)


def _read(members: dict[str, JsonPiece], nesting: _NestingLimits) -> tuple[Document, dict[tuple[str, Any], str]]:
    """Return the document with these members, and the text of each record."""
    reader = _Reader(members)
    nodes = reader.records("nodes", NodeFile, partial(_node, nesting=nesting), "id", "patch")
    wires = reader.records("wires", WireFile, partial(_wire, nodes=nodes), "wire")
    controls = reader.records("controls", ControlFile, partial(_control, nodes=nodes), "name", "midi")
    notes = reader.records("notes", NoteFile, _note, "id")
    document = Document(
        nodes=nodes,
        wires=tuple(wires.values()),
        title=reader.value("title", str, ""),
        seed=_seed(reader.value("seed", int, 0)),
        settings=_settings(reader.members.pop("settings", None)),
        controls=controls,
        snapshots=reader.records("snapshots", SnapshotFile, _snapshot, "name"),
        presets=reader.records("presets", PresetFile, _preset, "name"),
        notes=notes,
        areas=reader.records("areas", AreaFile, _area, "id"),
        looks=reader.records("looks", LookFile, partial(_look, nodes=nodes), "id"),
        layout=reader.layout(),
        extra={key: piece.text for key, piece in reader.members.items()},
    )
    if reader.faults:
        raise reader.fault()
    return document, reader.texts


def _migrated(top: JsonPiece, version: int) -> JsonPiece:
    """Return the file converted to the current version, with texts encoded again."""

    def piece(value: Any, depth: int = 2) -> JsonPiece:
        if depth and isinstance(value, dict):
            return JsonPiece(value, compact(value), members={k: piece(v, depth - 1) for k, v in value.items()})
        if depth and isinstance(value, list):
            return JsonPiece(value, compact(value), items=tuple(piece(v, depth - 1) for v in value))
        return JsonPiece(value, compact(value))

    return piece(plain_at(migrate(top.value, version), "$"))


def _with_source(document: Document, data: bytes | None, top: JsonPiece, texts: dict[tuple[str, Any], str]) -> Document:
    members = top.members or {}
    sections = {}
    for name in _FIELDS:
        found = members.get(name) if name != "extra" else None
        sections[name] = (getattr(document, name), found.text if found else "")
    records: dict[tuple[str, Any], tuple[Any, str]] = {}
    for (section, key), text in texts.items():
        held = key if section == "wires" else getattr(document, section)[key]
        records[section, key] = (held, text)
    return replace(document, source=SourceText(data, sections, records, top.text if data is None else ""))


class _Reader:
    """Removes the known members from those of a file, and stores the text of each record."""

    def __init__(self, members: dict[str, JsonPiece]) -> None:
        self.members = members
        self.faults: list[InvalidValue] = []
        self.texts: dict[tuple[str, Any], str] = {}

    def value(self, key: str, kind: type[T], default: T) -> T:
        piece = self.members.pop(key, None)
        return default if piece is None else _convert(plain_at(piece.value, f"$.{key}"), kind, f"$.{key}")

    def fault(self) -> InvalidValue:
        """Return all faults as one."""
        found = [each for fault in self.faults for each in (fault, *fault.others)][:MAX_FAULTS]
        return InvalidValue(found[0].text, found[0].path, found[1:])

    def records(
        self,
        section: str,
        kind: type[Any],
        build: Callable[..., tuple[Any, Any]],
        noun: str,
        inner: str = "",
    ) -> dict[Any, Any]:
        """Return the records of a section, by key.

        ``build`` receives the unknown fields, and the text of the field ``inner`` as a keyword, if it is present. An
        invalid record is noted in ``faults``; an invalid node keeps its id, so that its wires are no faults.
        """
        found: dict[Any, Any] = {}
        for index, piece in enumerate(self._items(section)):
            path = f"$.{section}[{index}]"
            try:
                fields = _convert(piece.value, kind, path)
                has_inner = inner and getattr(fields, inner) is not None
                texts = {inner: (scan(piece.text).members or {})[inner]} if has_inner else {}
                key, record = build(fields, _extra(piece, kind), **texts)
                if key in found:
                    raise InvalidValue(f"duplicate {noun} {quote(key)}. {_DUPLICATE_HINTS[section]}")
            except InvalidValue as fault:
                self.faults.append(fault.at("" if fault.path.startswith("$") else path))
                if len(self.faults) >= MAX_FAULTS:
                    raise self.fault() from None
                id = piece.value.get("id") if isinstance(piece.value, dict) else None
                if section == "nodes" and isinstance(id, str):
                    found.setdefault(id, NodeRecord(""))
                continue
            found[key] = record
            self.texts[section, record if section == "wires" else key] = piece.text
        return found

    def layout(self) -> dict[str, tuple[float, float]]:
        places: dict[str, tuple[float, float]] = {}
        piece = self.members.pop("layout", None)
        if piece is not None and piece.members is None:
            raise InvalidValue('the layout must be an object such as {"osc1": [40, 80]}', "$.layout")
        for id, place in (piece.members or {} if piece else {}).items():
            path = "$.layout" + step(id)
            places[id] = _place(_convert(place.value, tuple[float, float], path), path)
            self.texts["layout", id] = place.text
        return places

    def _items(self, section: str) -> Iterator[JsonPiece]:
        piece = self.members.pop(section, None)
        if piece is None:
            return iter(())
        if not isinstance(piece.value, list):
            raise InvalidValue(f"must be a list, such as [{_EXAMPLE[section]}]", f"$.{section}")
        return iter(piece.items)


_EXAMPLE = {
    "nodes": '{"id": "osc1", "type": "sine"}',
    "wires": '{"from": "osc1.out", "to": "lp1.audio"}',
    "controls": '{"name": "brightness", "target": "lp1.cutoff"}',
    "snapshots": '{"name": "bright", "values": {"lp1.cutoff": 4000}}',
    "presets": '{"type": "low_pass", "name": "dark", "params": {"cutoff": 200}}',
    "notes": '{"id": "note1", "text": "bright", "at": [40, 80]}',
    "areas": '{"id": "area1", "title": "voice", "at": [40, 80], "size": [300, 200]}',
    "looks": '{"id": "osc1", "title": "lead", "colour": "#aa3300"}',
    "layout": "[40, 80]",
    "settings": '{"rate": 48000}',
}
_DUPLICATE_HINTS = {
    "nodes": "Rename one of the nodes",
    "wires": "Remove one of them; to double a signal, wire a gain after it",
    "controls": "Rename one of the controls",
    "snapshots": "Rename one of the snapshots",
    "presets": "Rename one of the presets",
    "notes": "Rename one of the comments",
    "areas": "Rename one of the areas",
    "looks": "Remove one of them",
}


def _convert(value: Any, kind: Any, path: str) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        what, _, inner = str(error).partition(" - at ")
        section = path.removeprefix("$.").partition("[")[0].partition(".")[0]
        example = f". Write it like {_EXAMPLE[section]}" if section in _EXAMPLE else ""
        text = (what[0].lower() + what[1:]).replace("`", "")
        raise InvalidValue(text + example, path + inner.strip("`").removeprefix("$")) from None


def _extra(piece: JsonPiece, kind: type[Any]) -> Extra:
    """Return the fields of a record that are unknown to ``kind``, as text."""
    known = kind.__struct_encode_fields__
    if all(key in known for key in piece.value):
        return {}
    members = scan(piece.text).members or {}
    return {key: member.text for key, member in members.items() if key not in known}


def _node(
    node: NodeFile, extra: Extra, patch: JsonPiece | None = None, *, nesting: _NestingLimits
) -> tuple[str, NodeRecord]:
    _named(node.id, ".id")
    if not node.kind.isprintable():
        raise InvalidValue(f"{quote(node.kind)} must be printable. Name a type such as 'sine'", ".type")
    try:
        record = NodeRecord(node.kind, node.version, plain(node.params), extra)
    except InvalidValue as fault:
        raise fault.at(".params") from None
    if patch is None:
        return node.id, record
    try:
        return node.id, replace(record, patch=_nested(patch.text, nesting.inside(patch.text)))
    except InvalidValue as fault:
        raise fault.moved(lambda inside: ".patch" + inside.removeprefix("$")) from None


def _wire(wire: WireFile, extra: Extra, nodes: dict[str, NodeRecord]) -> tuple[str, Wire]:
    source, source_port = _split_ref(wire.source_ref, ".from", nodes)
    target, target_port = _split_ref(wire.target_ref, ".to", nodes)
    made = Wire(source, source_port, target, target_port, wire.feedback, extra)
    return f"{made.source_ref} → {made.target_ref}", made


def _control(
    control: ControlFile, extra: Extra, midi: JsonPiece | None = None, *, nodes: dict[str, NodeRecord]
) -> tuple[str, Control]:
    _named(control.name, ".name")
    _split_ref(control.target, ".target", nodes, nested=True)
    for key, bound in ((".min", control.min), (".max", control.max)):
        if bound is not None and not isfinite(bound):
            raise InvalidValue("must be a finite number", key)
    binding = None
    if control.midi is not None and midi is not None:
        binding = Binding(**msgspec.structs.asdict(control.midi), extra=_extra(midi, BindingFile))
    name, target, low, high = control.name, control.target, control.min, control.max
    try:
        steps = check_steps(control.steps, low, high)
    except InvalidValue as fault:
        raise fault.at(".steps") from None
    return name, Control(
        name, target, low, high, control.taper, control.doc, control.lane, binding, steps, control.group, extra
    )


def _note(note: NoteFile, extra: Extra) -> tuple[str, Note]:
    return _named(note.id, ".id"), Note(note.id, note.text, _place(note.at, ".at"), extra)


def _area(area: AreaFile, extra: Extra) -> tuple[str, Area]:
    at, size = _place(area.at, ".at"), _place(area.size, ".size")
    if min(size) <= 0:
        raise InvalidValue("must be above 0", ".size")
    return _named(area.id, ".id"), Area(area.id, area.title, at, size, _colour(area.colour), extra)


def _look(look: LookFile, extra: Extra, *, nodes: dict[str, NodeRecord]) -> tuple[str, Look]:
    if look.id not in nodes:
        raise InvalidValue(f"unknown node {quote(look.id)}. Add the node, or remove this", ".id")
    return look.id, Look(look.title, _colour(look.colour), look.folded, extra)


def _colour(text: str) -> str:
    try:
        return check_colour(text)
    except InvalidValue as fault:
        raise fault.at(".colour") from None


def _preset(preset: PresetFile, extra: Extra) -> tuple[tuple[str, str], Preset]:
    if not preset.kind.isprintable():
        raise InvalidValue(f"{quote(preset.kind)} must be printable. Name a type such as 'sine'", ".type")
    key = preset.kind, _named(preset.name, ".name")
    return key, Preset(*key, plain_at(preset.params, ".params"), preset.version, extra)


def _snapshot(snapshot: SnapshotFile, extra: Extra) -> tuple[str, Snapshot]:
    for port_ref in snapshot.values:
        try:
            split_port_ref(port_ref)
        except InvalidValue as fault:
            raise fault.at(".values" + step(port_ref)) from None
    values = plain_at(snapshot.values, ".values")
    return _named(snapshot.name, ".name"), Snapshot(snapshot.name, values, extra)


def _named(name: str, path: str) -> str:
    try:
        return check_name(name, path[1:])
    except InvalidValue as fault:
        raise fault.at(path) from None


def _split_ref(port_ref: str, path: str, nodes: dict[str, NodeRecord], nested: bool = False) -> tuple[str, str]:
    try:
        node, port = split_port_ref(port_ref)
        if node not in nodes and not (nested and _is_nested(node, nodes)):
            hint = suggest(node, nodes) or " Add the node, or remove this"
            raise InvalidValue(f"unknown node {quote(node)}.{hint}")
    except InvalidValue as fault:
        raise fault.at(path) from None
    return node, port


def _is_nested(node: str, nodes: dict[str, NodeRecord]) -> bool:
    try:
        locate(Document(nodes), node)
    except PatchError:
        return False
    return True


def _settings(piece: JsonPiece | None) -> Settings:
    if piece is None:
        return Settings()
    read = msgspec.structs.asdict(_convert(piece.value, SettingsFile, "$.settings"))
    try:
        check_voices(read)
    except InvalidValue as fault:
        raise fault.at("$.settings") from None
    return Settings(**read, extra=_extra(piece, SettingsFile))


def _seed(seed: int) -> int:
    if not 0 <= seed < 2**63:
        raise InvalidValue("the seed must lie in 0 … 2⁶³ - 1", "$.seed")
    return seed


def _place(place: tuple[float, float], path: str) -> tuple[float, float]:
    if not (isfinite(place[0]) and isfinite(place[1])):
        raise InvalidValue("a position must be two finite numbers", path)
    return place


def plain_at(value: Any, path: str) -> Any:
    """Return :func:`plain` of ``value``; errors have ``path`` prepended."""
    try:
        return plain(value)
    except InvalidValue as fault:
        raise fault.at(path) from None
