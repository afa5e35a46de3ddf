"""Encode a document as the bytes of a patch file, in a form that gives readable diffs.

Defaults are omitted, sections and fields have a fixed order; a short record is on one line, a long one has one
parameter per line. Unedited text is written back unchanged; all lines end as most lines of the file did.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from functools import partial
from json import JSONEncoder
from typing import Any

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
)
from .errors import PatchError

WIDTH = 100
"""Maximum characters per line; longer records are split."""


Builder = Callable[[Document, int], str]
Record = tuple[Hashable, Any, Callable[[], dict[str, Any]]]
"""The key of a record in its section, the record, and a function that builds its fields if its text is unavailable."""


class RawJson(str):
    """JSON text that is written unchanged."""


def encode_patch(document: Document, downgrade: bool = False) -> bytes:
    """Return the bytes of the patch file; for an unedited document, the bytes it was read from.

    Raises :class:`PatchError` for an edited document of a newer format, which would mix two versions;
    ``downgrade=True`` writes it in the version of this program.
    """
    source = document.source
    if (
        source is not None
        and source.data is not None
        and not document.is_edited
        and not (document.is_newer_format and downgrade)
    ):
        return source.data
    if document.is_newer_format and not downgrade:
        raise PatchError(
            f"this patch has format version {document.version} and was edited; this nodegraph writes version"
            f" {VERSION}. Update nodegraph, or save with downgrade, which may lose unknown fields."
        )
    lines = [f'"format": "{FORMAT}"', f'"version": {VERSION}', *_members(document, 2)]
    text = "{\n  " + ",\n  ".join(lines) + "\n}\n"
    # JSON text has line ends only between its values
    text = text.replace("\r\n", "\n")
    return (text.replace("\n", "\r\n") if _has_windows_lines(source) else text).encode()


def _has_windows_lines(source: SourceText | None) -> bool:
    data = source.data if source is not None else None
    return data is not None and 2 * data.count(b"\r\n") > data.count(b"\n")


def encode_nested(document: Document, indent: int = 0) -> str:
    """Return a nested document as JSON, its members indented by ``indent`` + 2 spaces, without ``format``."""
    lines = _members(document, indent + 2)
    pad = "\n" + " " * (indent + 2)
    return "{" + pad + f",{pad}".join(lines) + "\n" + " " * indent + "}" if lines else "{}"


def _members(document: Document, indent: int) -> list[str]:
    lines = [f'"{key}": {text}' for key, text in _sections(document, indent) if text]
    return lines + [f"{compact(key)}: {text}" for key, text in document.extra.items()]


def compact(value: Any) -> str:
    """Return ``value`` as JSON on one line. Raises :class:`PatchError` for values that JSON cannot represent."""
    try:
        text = _encode(value)
        text.encode()
    except UnicodeEncodeError:
        return _encode_ascii(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise PatchError(f"this patch cannot be written as JSON: {error}. Set that value again.") from None
    return text


def expand(value: Any, indent: int) -> str:
    """Return ``value`` as JSON: on one line if it fits :data:`WIDTH`, else one member per line, indented by two."""
    if isinstance(value, RawJson) or not isinstance(value, dict | list) or not value:
        return value if isinstance(value, RawJson) else compact(value)
    if isinstance(value, dict):
        opening, closing = "{", "}"
        parts = [f"{compact(key)}: {expand(item, indent + 2)}" for key, item in value.items()]
    else:
        opening, closing = "[", "]"
        parts = [expand(item, indent + 2) for item in value]
    if sum(map(len, parts)) + 2 * len(parts) + indent <= WIDTH and not any("\n" in part for part in parts):
        return opening + ", ".join(parts) + closing
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        parts = _wrap_lines(parts, WIDTH - indent - 2)
    pad = "\n" + " " * (indent + 2)
    return opening + pad + f",{pad}".join(parts) + "\n" + " " * indent + closing


def _wrap_lines(parts: list[str], width: int) -> list[str]:
    lines: list[str] = []
    line: list[str] = []
    used = 0
    for part in parts:
        if line and used + len(part) > width:
            lines.append(", ".join(line))
            line, used = [], 0
        line.append(part)
        used += len(part) + 2
    return [*lines, ", ".join(line)] if line else lines


def _sections(document: Document, indent: int) -> Iterable[tuple[str, str]]:
    originals = document.source.sections if document.source is not None else {}
    for name, build in _BUILDERS.items():
        value, text = originals.get(name, (None, ""))
        yield name, text if text and getattr(document, name) is value else build(document, indent)


def _title(document: Document, indent: int) -> str:
    return compact(document.title) if document.title else ""


def _seed(document: Document, indent: int) -> str:
    return compact(document.seed) if document.seed else ""


def _settings(document: Document, indent: int) -> str:
    fields = _settings_fields(document.settings)
    return expand(fields, indent) if fields else ""


def _nodes(document: Document, indent: int) -> str:
    records = ((id, node, partial(_node_fields, id, node, indent + 2)) for id, node in document.nodes.items())
    return _list(document, "nodes", records, indent) or ("[]" if indent == 2 else "")


def _wires(document: Document, indent: int) -> str:
    records = ((wire, wire, partial(_wire_fields, wire)) for wire in document.wires)
    return _list(document, "wires", records, indent) or ("[]" if indent == 2 else "")


def _named(section: str, fields: Callable[[Any], dict[str, Any]]) -> Builder:
    """Return the builder of a section whose records are stored by name."""

    def build(document: Document, indent: int) -> str:
        records = getattr(document, section)
        items = ((key, record, partial(fields, record)) for key, record in records.items())
        return _list(document, section, items, indent)

    return build


def _looks(document: Document, indent: int) -> str:
    records = ((id, look, partial(_look_fields, id, look)) for id, look in document.looks.items())
    return _list(document, "looks", records, indent)


def _layout(document: Document, indent: int) -> str:
    lines = []
    for id, place in document.layout.items():
        text = _original_text(document, "layout", id, place) or expand(_place(place), indent + 2)
        lines.append(f"{compact(id)}: {text}")
    return _spread("{", lines, "}", indent)


def _list(document: Document, section: str, records: Iterable[Record], indent: int) -> str:
    lines = []
    for key, value, fields in records:
        lines.append(_original_text(document, section, key, value) or expand(fields(), indent + 2))
    return _spread("[", lines, "]", indent)


def _spread(opening: str, lines: list[str], closing: str, indent: int) -> str:
    pad = "\n" + " " * (indent + 2)
    return opening + pad + f",{pad}".join(lines) + "\n" + " " * indent + closing if lines else ""


def _original_text(document: Document, section: str, key: Hashable, value: Any) -> str:
    """Return the text that this record was read from, or "" if the record was edited."""
    if document.source is None:
        return ""
    held, text = document.source.records.get((section, key), (None, ""))
    return text if held is value else ""


def _node_fields(id: str, node: NodeRecord, indent: int) -> dict[str, Any]:
    fields: dict[str, Any] = {"id": id, "type": node.type}
    if node.version != 1:
        fields["version"] = node.version
    if node.params:
        fields["params"] = node.params
    if node.patch is not None:
        source = node.patch.source
        unedited = source is not None and not node.patch.is_edited
        fields["patch"] = RawJson(source.text if unedited and source else encode_nested(node.patch, indent + 2))
    return fields | _extra(node.extra)


def _wire_fields(wire: Wire) -> dict[str, Any]:
    fields: dict[str, Any] = {"from": wire.source_ref, "to": wire.target_ref}
    if wire.feedback:
        fields["feedback"] = True
    return fields | _extra(wire.extra)


def _control_fields(control: Control) -> dict[str, Any]:
    fields: dict[str, Any] = {"name": control.name, "target": control.target}
    for key, bound in (("min", control.min), ("max", control.max)):
        if bound is not None:
            fields[key] = _short(bound)
    if control.taper != "linear":
        fields["taper"] = control.taper
    if control.doc:
        fields["doc"] = control.doc
    if control.lane is not None:
        fields["lane"] = control.lane
    if control.steps is not None:
        steps = control.steps
        fields["steps"] = steps if isinstance(steps, int) else [_short(value) for value in steps]
    if control.group:
        fields["group"] = control.group
    if control.midi is not None:
        fields["midi"] = _binding_fields(control.midi)
    return fields | _extra(control.extra)


def _binding_fields(midi: Binding) -> dict[str, Any]:
    fields: dict[str, Any] = {"number": midi.number}
    for key in ("message", "channel", "device", "mode", "takeover"):
        if getattr(midi, key) != getattr(_PLAIN_BINDING, key):
            fields[key] = getattr(midi, key)
    return fields | _extra(midi.extra)


def _note_fields(note: Note) -> dict[str, Any]:
    fields: dict[str, Any] = {"id": note.id, "text": note.text}
    if note.at != (0.0, 0.0):
        fields["at"] = _place(note.at)
    return fields | _extra(note.extra)


def _area_fields(area: Area) -> dict[str, Any]:
    fields: dict[str, Any] = {"id": area.id}
    if area.title:
        fields["title"] = area.title
    fields |= {"at": _place(area.at), "size": _place(area.size)}
    if area.colour:
        fields["colour"] = area.colour
    return fields | _extra(area.extra)


def _look_fields(id: str, look: Look) -> dict[str, Any]:
    fields: dict[str, Any] = {"id": id}
    for name in ("title", "colour", "folded"):
        if getattr(look, name):
            fields[name] = getattr(look, name)
    return fields | _extra(look.extra)


def _preset_fields(preset: Preset) -> dict[str, Any]:
    fields: dict[str, Any] = {"type": preset.type, "name": preset.name}
    if preset.version != 1:
        fields["version"] = preset.version
    if preset.params:
        fields["params"] = preset.params
    return fields | _extra(preset.extra)


def _snapshot_fields(snapshot: Snapshot) -> dict[str, Any]:
    fields: dict[str, Any] = {"name": snapshot.name}
    if snapshot.values:
        fields["values"] = snapshot.values
    return fields | _extra(snapshot.extra)


def _settings_fields(settings: Settings) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if not settings.latency_compensation:
        fields["latency_compensation"] = False
    if settings.rate is not None:
        fields["rate"] = _short(settings.rate)
    for name in ("voices", "unison", "mix", "width", "shows_first"):
        if getattr(settings, name) != getattr(_PLAIN_SETTINGS, name):
            fields[name] = getattr(settings, name)
    return fields | _extra(settings.extra)


def _extra(extra: Extra) -> dict[str, Any]:
    return {key: RawJson(text) for key, text in extra.items()}


def _place(place: tuple[float, float]) -> list[float]:
    return [_short(place[0]), _short(place[1])]


def _short(number: float) -> float:
    """Return ``40.0`` as ``40``; these fields are read as floats."""
    is_integer = abs(number) < 2**53 and number == int(number)
    return int(number) if is_integer and str(number) != "-0.0" else number


_PLAIN_BINDING = Binding()
_PLAIN_SETTINGS = Settings()
_BUILDERS: dict[str, Builder] = {
    "title": _title,
    "seed": _seed,
    "settings": _settings,
    "nodes": _nodes,
    "wires": _wires,
    "controls": _named("controls", _control_fields),
    "snapshots": _named("snapshots", _snapshot_fields),
    "presets": _named("presets", _preset_fields),
    "notes": _named("notes", _note_fields),
    "areas": _named("areas", _area_fields),
    "looks": _looks,
    "layout": _layout,
}
_encode = JSONEncoder(ensure_ascii=False, allow_nan=False).encode
_encode_ascii = JSONEncoder(allow_nan=False).encode
