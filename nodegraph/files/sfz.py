"""SFZ files: the zones of a sampled instrument, a subset of the format (sfzformat.com)."""

from __future__ import annotations

import re
from pathlib import Path

from .sample_zone import LOOP_MODES, MAX_ZONES, SampleZone

MAX_BYTES = 1 << 20
LEVELS = ("global", "master", "group", "region")  # headers, outermost first
NOTES = {name: k for k, name in enumerate(("c", "c#", "d", "d#", "e", "f", "f#", "g", "g#", "a", "a#", "b"))}
NOTES |= {"db": 1, "eb": 3, "gb": 6, "ab": 8, "bb": 10}

_TOKEN = re.compile(r"<(?P<header>\w+)>|(?P<name>\w+)=(?P<value>.*?)(?=\s+\w+=|\s*<\w+>|\s*$)")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


class SfzError(Exception):
    """An SFZ file that cannot be read; the message is one line."""


_TYPES: dict[str, type] = {name: type(value) for name, value in vars(SampleZone()).items()}
_KEYS = ("lokey", "hikey", "pitch_keycenter")
_RANGES = {
    "volume": (-144.0, 24.0),
    "pan": (-100.0, 100.0),
    "tune": (-2400.0, 2400.0),
    "transpose": (-127.0, 127.0),
    "ampeg_sustain": (0.0, 100.0),
}


def read_sfz(path: Path) -> tuple[list[SampleZone], str]:
    """Return the zones of an SFZ file, and one sentence about what was ignored, or "". Raises SfzError."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SfzError(f"{path.name}: longer than {MAX_BYTES >> 20} MB. Use a smaller instrument.")
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise SfzError(f"{path.name}: not readable ({error.strerror}). Check the name.") from None
    return parse_sfz(text, path.name)


def parse_sfz(text: str, name: str) -> tuple[list[SampleZone], str]:
    """Return the zones of the text of an SFZ file, and one sentence about what was ignored, or "". Raises SfzError.

    ``key`` sets the lowest and highest key and the key centre. Values that do not fit count as ignored.
    """
    found: dict[str, dict[str, str]] = {level: {} for level in LEVELS}
    zones: list[SampleZone] = []
    ignored: dict[str, None] = {}
    level, folder = "", ""
    for line in _COMMENT.sub("", text).splitlines():
        if line.lstrip().startswith("#"):
            ignored[line.split()[0]] = None
            continue
        for token in _TOKEN.finditer(line):
            if header := token["header"]:
                if level == "region":
                    zones.append(_zone(found, folder, ignored))
                level = header
                if header in LEVELS:
                    for inner in LEVELS[LEVELS.index(header) :]:
                        found[inner] = {}
                elif header != "control":
                    ignored[f"<{header}>"] = None
                if len(zones) > MAX_ZONES:
                    raise SfzError(f"{name}: more than {MAX_ZONES} regions. Use a smaller instrument.")
            elif level == "control" and token["name"] == "default_path":
                folder = token["value"].strip()
            elif level in LEVELS and (token["name"] in _TYPES or token["name"] == "key"):
                found[level][token["name"]] = token["value"].strip()
            elif level in LEVELS or level == "control":
                ignored[token["name"]] = None
    if level == "region":
        zones.append(_zone(found, folder, ignored))
    zones = [zone for zone in zones if zone.sample]
    if not zones:
        raise SfzError(f"{name}: no region with a sample. Add one: <region> sample=sound.wav")
    return zones, f"{name}: ignored {', '.join(ignored)}" if ignored else ""


def _zone(found: dict[str, dict[str, str]], folder: str, ignored: dict[str, None]) -> SampleZone:
    stated: dict[str, str] = {}
    for level in LEVELS:
        stated |= found[level]
        if "key" in found[level]:
            stated |= {name: found[level]["key"] for name in _KEYS if name not in found[level]}
    values: dict[str, object] = {}
    for name, text in stated.items():
        if name == "key":
            continue
        value = _value(name, text)
        if value is None:
            ignored[f"{name}={text[:40]}"] = None
        else:
            values[name] = value
    if "sample" in values:
        values["sample"] = (folder + str(values["sample"])).replace("\\", "/")
    return SampleZone(**values)  # type: ignore[arg-type]


def _value(name: str, text: str) -> object:
    """Return the value of an opcode, or None if it does not fit."""
    if name == "sample":
        return text
    if name == "loop_mode":
        return text if text in LOOP_MODES else None
    if name in _KEYS and (note := re.fullmatch(r"([a-g][#b]?)(-?\d)", text.lower())) and note[1] in NOTES:
        return min(max(NOTES[note[1]] + 12 * (int(note[2]) + 1), -1), 127)
    if not re.fullmatch(r"[-+]?\d{1,12}(\.\d{1,12})?", text):
        return None
    low, high = _RANGES.get(name, (-1.0, 127.0 if name in (*_KEYS, "lovel", "hivel") else 1e9))
    return _TYPES[name](min(max(float(text), low), high))
