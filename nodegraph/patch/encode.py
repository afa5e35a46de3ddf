"""From a document to the bytes of its file, written so that a diff of two reads like the change.

Defaults are left out, sections and fields have one order, a short record is one line, a long one a
parameter a line. Text that was read and not edited since is written back as it was.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from json import JSONEncoder
from typing import Any

from .document import FORMAT, VERSION, Binding, Control, Document, Extra, NodeRecord, Note, Settings, Wire
from .errors import PatchError

WIDTH = 100
"""Characters of a line before a record is spread over several."""


class Text(str):
    """JSON text that is written as it stands."""


def encode_patch(document: Document, downgrade: bool = False) -> bytes:
    """The file of ``document``: the very bytes it was read from while nothing was edited.

    An edited document of a newer format is refused with :class:`PatchError`, for the edits are in
    our version and the rest is not; ``downgrade=True`` writes it all the same, as our version.
    """
    source = document.source
    if source is not None and not document.edited and not (document.newer and downgrade):
        return source.data
    if document.newer and not downgrade:
        raise PatchError(
            f"this patch came in format version {document.version} and was edited here, where version"
            f" {VERSION} is written. Update nodegraph, or save with downgrade to risk what it does not know."
        )
    lines = [f'"format": "{FORMAT}"', f'"version": {VERSION}']
    lines += [f'"{key}": {text}' for key, text in _sections(document) if text]
    lines += [f"{compact(key)}: {text}" for key, text in document.extra.items()]
    return ("{\n  " + ",\n  ".join(lines) + "\n}\n").encode()


def compact(value: Any) -> str:
    """``value`` as JSON on one line. Raises :class:`PatchError` for what JSON cannot say."""
    try:
        text = _encode(value)
        text.encode()
    except UnicodeEncodeError:
        return _encode_ascii(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise PatchError(f"this patch cannot be written as JSON: {error}. Set that value again.") from None
    return text


def expand(value: Any, indent: int) -> str:
    """``value`` as JSON, on one line if it fits :data:`WIDTH`, else a member a line, two more indented."""
    if isinstance(value, Text) or not isinstance(value, dict | list) or not value:
        return value if isinstance(value, Text) else compact(value)
    if isinstance(value, dict):
        opening, closing = "{", "}"
        parts = [f"{compact(key)}: {expand(item, indent + 2)}" for key, item in value.items()]
    else:
        opening, closing = "[", "]"
        parts = [expand(item, indent + 2) for item in value]
    if sum(map(len, parts)) + 2 * len(parts) + indent <= WIDTH and not any("\n" in part for part in parts):
        return opening + ", ".join(parts) + closing
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        parts = _filled(parts, WIDTH - indent - 2)
    pad = "\n" + " " * (indent + 2)
    return opening + pad + f",{pad}".join(parts) + "\n" + " " * indent + closing


def _filled(parts: list[str], width: int) -> list[str]:
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


def _sections(document: Document) -> Iterable[tuple[str, str]]:
    kept = document.source.sections if document.source is not None else {}
    for name, build in _BUILDERS.items():
        value, text = kept.get(name, (None, ""))
        yield name, text if text and getattr(document, name) is value else build(document)


def _title(document: Document) -> str:
    return compact(document.title) if document.title else ""


def _seed(document: Document) -> str:
    return compact(document.seed) if document.seed else ""


def _settings(document: Document) -> str:
    fields = _settings_fields(document.settings)
    return expand(fields, 2) if fields else ""


def _nodes(document: Document) -> str:
    records = ((id, node, _node_fields(id, node)) for id, node in document.nodes.items())
    return _list(document, "nodes", records)


def _wires(document: Document) -> str:
    return _list(document, "wires", ((wire, wire, _wire_fields(wire)) for wire in document.wires))


def _controls(document: Document) -> str:
    records = ((name, one, _control_fields(name, one)) for name, one in document.controls.items())
    return _list(document, "controls", records) if document.controls else ""


def _notes(document: Document) -> str:
    records = ((id, note, _note_fields(id, note)) for id, note in document.notes.items())
    return _list(document, "notes", records) if document.notes else ""


def _layout(document: Document) -> str:
    lines = []
    for id, place in document.layout.items():
        lines.append(f"{compact(id)}: {_kept(document, 'layout', id, place) or expand(_place(place), 4)}")
    return "{\n    " + ",\n    ".join(lines) + "\n  }" if lines else ""


_BUILDERS = {
    "title": _title,
    "seed": _seed,
    "settings": _settings,
    "nodes": _nodes,
    "wires": _wires,
    "controls": _controls,
    "notes": _notes,
    "layout": _layout,
}


def _list(document: Document, section: str, records: Iterable[tuple[Hashable, Any, dict[str, Any]]]) -> str:
    lines = [_kept(document, section, key, value) or expand(fields, 4) for key, value, fields in records]
    return "[\n    " + ",\n    ".join(lines) + "\n  ]" if lines else "[]"


def _kept(document: Document, section: str, key: Hashable, value: Any) -> str:
    """The text that was read for this very record, or an empty string."""
    if document.source is None:
        return ""
    held, text = document.source.records.get((section, key), (None, ""))
    return text if held is value else ""


def _node_fields(id: str, node: NodeRecord) -> dict[str, Any]:
    fields: dict[str, Any] = {"id": id, "type": node.type}
    if node.version != 1:
        fields["version"] = node.version
    if node.params:
        fields["params"] = node.params
    return fields | _extra(node.extra)


def _wire_fields(wire: Wire) -> dict[str, Any]:
    fields: dict[str, Any] = {"from": wire.start, "to": wire.end}
    if wire.feedback:
        fields["feedback"] = True
    return fields | _extra(wire.extra)


def _control_fields(name: str, one: Control) -> dict[str, Any]:
    fields: dict[str, Any] = {"name": name, "target": one.target}
    for key, bound in (("min", one.min), ("max", one.max)):
        if bound is not None:
            fields[key] = _short(bound)
    if one.taper != "linear":
        fields["taper"] = one.taper
    if one.doc:
        fields["doc"] = one.doc
    if one.lane is not None:
        fields["lane"] = one.lane
    if one.midi is not None:
        fields["midi"] = _binding_fields(one.midi)
    return fields | _extra(one.extra)


def _binding_fields(midi: Binding) -> dict[str, Any]:
    fields: dict[str, Any] = {"number": midi.number}
    for key in ("message", "channel", "device", "mode", "takeover"):
        if getattr(midi, key) != getattr(_PLAIN_BINDING, key):
            fields[key] = getattr(midi, key)
    return fields | _extra(midi.extra)


def _note_fields(id: str, note: Note) -> dict[str, Any]:
    fields: dict[str, Any] = {"id": id, "text": note.text}
    if note.at != (0.0, 0.0):
        fields["at"] = _place(note.at)
    return fields | _extra(note.extra)


def _settings_fields(settings: Settings) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if not settings.latency_compensation:
        fields["latency_compensation"] = False
    if settings.rate is not None:
        fields["rate"] = _short(settings.rate)
    return fields | _extra(settings.extra)


def _extra(extra: Extra) -> dict[str, Any]:
    return {key: Text(text) for key, text in extra.items()}


def _place(place: tuple[float, float]) -> list[float]:
    return [_short(place[0]), _short(place[1])]


def _short(number: float) -> float:
    """``40.0`` as ``40``: these fields are floats however they are spelled."""
    whole = abs(number) < 2**53 and number == int(number)
    return int(number) if whole and str(number) != "-0.0" else number


_PLAIN_BINDING = Binding()
_encode = JSONEncoder(ensure_ascii=False, allow_nan=False).encode
_encode_ascii = JSONEncoder(allow_nan=False).encode
