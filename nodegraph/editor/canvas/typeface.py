"""The typeface of the editor, and how wide a text comes out in it: read from the font file, without a display."""

from __future__ import annotations

import struct
from functools import cache, lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent / "fonts"
REGULAR = FOLDER / "Inter-Regular.otf"  # menus, panels, dialogs
MEDIUM = FOLDER / "Inter-Medium.otf"  # the canvas: strokes that stay readable when small
MONO = FOLDER / "JetBrainsMono-Regular.ttf"  # source code
STAND_INS = str.maketrans({"⇢": "→", "▸": "›"})  # what the typeface lacks


def supported_text(text: str) -> str:
    """``text`` in letters that the typeface has."""
    return text.translate(STAND_INS)


@lru_cache(maxsize=16384)
def width(text: str, size: float) -> float:
    """Pixels that a line of text takes at a size (px from ascent to descent)."""
    advances, missing, height = _metrics(MEDIUM)
    return sum(advances.get(letter, missing) for letter in text) * size / height


@lru_cache(maxsize=16384)
def ellipsize(text: str, size: float, room: float) -> str:
    """``text``, shortened with an ellipsis where it would take more than ``room`` pixels."""
    if width(text, size) <= room:
        return text
    while text and width(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip() + "…" if text else ""


@cache
def _metrics(path: Path) -> tuple[dict[str, int], int, int]:
    """Advance widths by letter, that of the missing letter, and the line's height, in font units.

    The tables are those of the OpenType specification: head, hhea, hmtx, and cmap of format 4.
    """
    data = path.read_bytes()
    tables = {}
    for i in range(struct.unpack_from(">H", data, 4)[0]):
        name, _, offset, _ = struct.unpack_from(">4sIII", data, 12 + 16 * i)
        tables[name.decode()] = offset
    ascent, descent = struct.unpack_from(">hh", data, tables["hhea"] + 4)
    count = struct.unpack_from(">H", data, tables["hhea"] + 34)[0]

    def advance(glyph: int) -> int:
        return struct.unpack_from(">H", data, tables["hmtx"] + 4 * min(glyph, count - 1))[0]

    letters = {letter: advance(glyph) for letter, glyph in _glyphs(data, tables["cmap"]).items()}
    return letters, advance(0), ascent - descent


def _glyphs(data: bytes, cmap: int) -> dict[str, int]:
    """Letters of the Basic Multilingual Plane with their glyphs."""
    for i in range(struct.unpack_from(">H", data, cmap + 2)[0]):
        *_, offset = struct.unpack_from(">HHI", data, cmap + 4 + 8 * i)
        table = cmap + offset
        if struct.unpack_from(">H", data, table)[0] == 4:
            break
    else:
        return {}
    double = struct.unpack_from(">H", data, table + 6)[0]
    ends, starts = table + 14, table + 16 + double
    deltas, ranges = starts + double, starts + 2 * double
    glyphs = {}
    for k in range(0, double, 2):
        end, start, delta, shift = (struct.unpack_from(">H", data, at + k)[0] for at in (ends, starts, deltas, ranges))
        for code in range(start, min(end, 0xFFFE) + 1):
            glyph = code
            if shift:
                glyph = struct.unpack_from(">H", data, ranges + k + shift + 2 * (code - start))[0]
                if not glyph:
                    continue
            glyphs[chr(code)] = (glyph + delta) & 0xFFFF
    return glyphs
