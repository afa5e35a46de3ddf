"""The fonts of the editor, and text widths read from the font file, without a display."""

from __future__ import annotations

import struct
from functools import cache, lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent / "fonts"
REGULAR = FOLDER / "Inter-Regular.otf"  # menus, panels, dialogs
MEDIUM = FOLDER / "Inter-Medium.otf"  # the canvas: legible at small sizes
MONO = FOLDER / "JetBrainsMono-Regular.ttf"  # source code
STAND_INS = str.maketrans({"⇢": "→", "▸": "›"})  # replacements for missing glyphs


def supported_text(text: str) -> str:
    """Replace characters that the font lacks."""
    return text.translate(STAND_INS)


@lru_cache(maxsize=16384)
def width(text: str, size: float) -> float:
    """Return the width of a line in pixels at a font size (pixels from ascent to descent)."""
    advances, missing, height = _metrics(MEDIUM)
    return sum(advances.get(letter, missing) for letter in text) * size / height


@lru_cache(maxsize=16384)
def ellipsize(text: str, size: float, room: float) -> str:
    """Shorten a text with an ellipsis to at most ``room`` pixels."""
    if width(text, size) <= room:
        return text
    while text and width(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip() + "…" if text else ""


@cache
def _metrics(path: Path) -> tuple[dict[str, int], int, int]:
    """Return the advance widths by character, that of a missing character, and the line height, in font units.

    Reads the tables hhea, hmtx and cmap (format 4) of the OpenType specification.
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
    """Return the glyph indices of the characters of the Basic Multilingual Plane."""
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
