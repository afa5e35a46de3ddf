"""The colours of the editor: a dark theme, a light one, and one of high contrast.

All texts have a contrast of at least 4.5 to their ground (Web Content Accessibility Guidelines 2.2, 1.4.3): colours
that have less are shifted towards white or black when a theme is made.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from zlib import crc32

Colour = tuple[int, int, int, int]
CLEAR: Colour = (0, 0, 0, 0)


def rgb(text: str, alpha: int = 255) -> Colour:
    """Convert ``"#4fb3ff"`` to RGBA numbers 0…255."""
    value = int(text.lstrip("#"), 16)
    return (value >> 16 & 255, value >> 8 & 255, value & 255, alpha)


def mixed(first: Colour, second: Colour, fraction: float) -> Colour:
    """Interpolate between two colours; ``fraction`` 0…1."""
    r, g, b, a = (round(x + (y - x) * fraction) for x, y in zip(first, second))
    return (r, g, b, a)


CONTRAST = 4.5  # least contrast of text
BLACK, WHITE = rgb("#000000"), rgb("#ffffff")


def contrast(first: Colour, second: Colour) -> float:
    """Return the contrast of two opaque colours, 1…21."""
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: Colour) -> float:
    """Return the relative luminance 0…1 of a colour in sRGB."""
    linear = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c / 255.0 for c in colour[:3]))
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear))


@lru_cache(maxsize=1024)
def readable(colour: Colour, *grounds: Colour, least: float = CONTRAST) -> Colour:
    """Shift a colour towards white or black until its contrast to all grounds is ``least``, as far as possible."""
    end = max((WHITE, BLACK), key=lambda end: min(contrast(end, ground) for ground in grounds))
    for step in range(51):
        shifted = mixed(colour, end, step / 50)
        if all(contrast(shifted, ground) >= least for ground in grounds):
            return shifted
    return end


def colours(text: str) -> tuple[Colour, ...]:
    """Convert several colours separated by spaces."""
    return tuple(rgb(one) for one in text.split())


@dataclass(frozen=True)
class Theme:
    """Colours by purpose. ``kinds`` are the colours of pins and wires."""

    canvas: Colour
    grid: Colour
    grid_strong: Colour
    node: Colour
    node_edge: Colour
    title_text: Colour
    text: Colour
    faint: Colour
    track: Colour
    fill: Colour
    selected: Colour
    focus: Colour
    alarm: Colour
    good: Colour
    warn: Colour
    display: Colour
    trace: tuple[Colour, ...]
    panel: Colour
    panel_deep: Colour
    control: Colour
    control_hover: Colour
    accent: Colour
    shadow: Colour
    silent: Colour
    kinds: dict[str, Colour]
    heat: tuple[Colour, ...]


KINDS = {
    "signal": rgb("#59b0f2"),
    "spectrum": rgb("#e58bf0"),
    "magnitude": rgb("#f0a35b"),
    "phase": rgb("#b49bff"),
    "latent": rgb("#5fd6a4"),
    "events": rgb("#f2d74e"),
}


def _made_readable(theme: Theme) -> Theme:
    """Return a theme whose texts and curves have enough contrast to every ground on which they are drawn."""
    panels = (theme.panel, theme.panel_deep, theme.control)
    grounds = (theme.canvas, theme.node, theme.track, theme.fill, theme.display, *panels)
    kinds = {kind: readable(colour, theme.canvas, theme.node, theme.track) for kind, colour in theme.kinds.items()}
    return replace(
        theme,
        text=readable(theme.text, *grounds),
        faint=readable(theme.faint, *grounds),
        warn=readable(theme.warn, *grounds),
        alarm=readable(theme.alarm, *grounds),
        good=readable(theme.good, *grounds),
        focus=readable(theme.focus, *grounds),
        trace=tuple(readable(colour, theme.display) for colour in theme.trace),
        kinds=kinds,
    )


DARK = Theme(
    canvas=rgb("#16181c"),
    grid=rgb("#1f2227"),
    grid_strong=rgb("#262a31"),
    node=rgb("#262a31"),
    node_edge=rgb("#0d0e11"),
    title_text=rgb("#f2f4f7"),
    text=rgb("#c9ced6"),
    faint=rgb("#a3abb7"),
    track=rgb("#1b1e23"),
    fill=rgb("#26405a"),
    selected=rgb("#ffffff"),
    focus=rgb("#ffd166"),
    alarm=rgb("#ff5d5d"),
    good=rgb("#5fd68b"),
    warn=rgb("#f2c14e"),
    display=rgb("#0e1013"),
    trace=tuple(
        rgb(c) for c in ("#7fd4ff", "#ffb86b", "#9be58a", "#ff8fb3", "#c7a8ff", "#f2e279", "#6fe3d2", "#d0d6de")
    ),
    panel=rgb("#202329"),
    panel_deep=rgb("#191b20"),
    control=rgb("#2d323a"),
    control_hover=rgb("#3a414c"),
    accent=rgb("#4b8fd6"),
    shadow=rgb("#000000", 90),
    silent=rgb("#5b626d"),
    kinds=KINDS,
    heat=colours("#0e1013 #2b1a52 #6b1f73 #b5365f #ee6c3c #fbb93d #fdf6b5"),
)

LIGHT = Theme(
    canvas=rgb("#e9ebee"),
    grid=rgb("#dfe2e6"),
    grid_strong=rgb("#d3d7dd"),
    node=rgb("#fbfbfc"),
    node_edge=rgb("#b3b9c2"),
    title_text=rgb("#ffffff"),
    text=rgb("#2c3138"),
    faint=rgb("#5a626d"),
    track=rgb("#e6e9ed"),
    fill=rgb("#c9e0f5"),
    selected=rgb("#10131a"),
    focus=rgb("#d08700"),
    alarm=rgb("#d0342c"),
    good=rgb("#2e9e5b"),
    warn=rgb("#c08a00"),
    display=rgb("#ffffff"),
    trace=tuple(
        rgb(c) for c in ("#1672b8", "#c26a12", "#3c8f2c", "#c2386b", "#6d4fc0", "#8a7a00", "#0f8a7a", "#444b55")
    ),
    panel=rgb("#f4f5f7"),
    panel_deep=rgb("#e4e7eb"),
    control=rgb("#dde1e6"),
    control_hover=rgb("#ccd2d9"),
    accent=rgb("#3f86cf"),
    shadow=rgb("#000000", 40),
    silent=rgb("#a0a7b0"),
    kinds={
        "signal": rgb("#1f7fc9"),
        "spectrum": rgb("#b03fc0"),
        "magnitude": rgb("#c7741e"),
        "phase": rgb("#7455d6"),
        "latent": rgb("#1d9a66"),
        "events": rgb("#b09400"),
    },
    heat=colours("#ffffff #fde3a7 #f9b45f #e8684a #b0316a #66217a #241346"),
)

HIGH_CONTRAST = Theme(
    canvas=rgb("#000000"),
    grid=rgb("#1c1c1c"),
    grid_strong=rgb("#8a8a8a"),
    node=rgb("#000000"),
    node_edge=rgb("#ffffff"),
    title_text=rgb("#ffffff"),
    text=rgb("#ffffff"),
    faint=rgb("#e4e4e4"),
    track=rgb("#000000"),
    fill=rgb("#003a70"),
    selected=rgb("#ffff00"),
    focus=rgb("#ffff00"),
    alarm=rgb("#ff8080"),
    good=rgb("#60ff90"),
    warn=rgb("#ffe060"),
    display=rgb("#000000"),
    trace=DARK.trace,
    panel=rgb("#000000"),
    panel_deep=rgb("#000000"),
    control=rgb("#202020"),
    control_hover=rgb("#404040"),
    accent=rgb("#60b0ff"),
    shadow=rgb("#000000", 0),
    silent=rgb("#b0b0b0"),
    kinds={
        "signal": rgb("#80c8ff"),
        "spectrum": rgb("#ff9cff"),
        "magnitude": rgb("#ffb870"),
        "phase": rgb("#c8b4ff"),
        "latent": rgb("#70ffb8"),
        "events": rgb("#ffe860"),
    },
    heat=DARK.heat,
)

THEMES = {
    "dark": _made_readable(DARK),
    "light": _made_readable(LIGHT),
    "contrast": _made_readable(HIGH_CONTRAST),
}

FAMILIES = {
    "oscillators": "#3f7fb8",
    "noise": "#5d7186",
    "envelopes": "#a8783a",
    "filters": "#3d8f76",
    "dynamics": "#9a5b4a",
    "delays": "#4d6fb5",
    "mixing": "#66717e",
    "values and logic": "#86863a",
    "sequencing": "#a3852b",
    "files": "#6d6f96",
    "input output": "#b04a54",
    "meters": "#46808c",
    "midi": "#96832a",
    "stft": "#8a4fa3",
    "spectrum": "#9a4f95",
    "magnitude": "#7d57ad",
    "frame arithmetic": "#85588f",
    "mel and views": "#6f5aa8",
    "frames and signals": "#5f63b2",
    "phase reconstruction": "#6a5fc0",
    "stretching": "#8f5570",
    "spectrogram files": "#7a4f8a",
    "neural": "#2f8f68",
    "estimator": "#3a8a7c",
    "subpatches": "#7a6a52",
}
OTHERS = ("#5b7a99", "#7a6a99", "#99705b", "#5b9980", "#99885b", "#996a7e")


def family_colour(family: str) -> Colour:
    """Return the colour of a block family; any other family gets a fixed colour derived from its name."""
    return rgb(FAMILIES.get(family) or OTHERS[crc32(family.encode()) % len(OTHERS)])


def title_colour(colour: Colour) -> Colour:
    """Darken the colour of a title bar until the title on it is readable in all themes."""
    return readable(colour, *{theme.title_text for theme in THEMES.values()})


def faded(colour: Colour, alpha: float) -> Colour:
    """Multiply the alpha of a colour by ``alpha`` 0…1."""
    return (*colour[:3], round(colour[3] * alpha))


def area_title_ground(theme: Theme, colour: Colour) -> Colour:
    """Return the colour of the title bar of an area, which is drawn translucently on the canvas."""
    return mixed(mixed(theme.canvas, colour, 0.14), colour, 0.4)
