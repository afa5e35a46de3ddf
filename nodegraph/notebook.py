"""The notebook display of patches (a drawing) and sounds (a waveform with a player), as SVG and HTML."""

from __future__ import annotations

import base64
import io
import math
import wave
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from nodegraph.patch import Document, Patch

MAX_NODES = 400  # larger patches are not drawn
MAX_CHANNELS = 8
MAX_PLAYER_BYTES = 16_000_000  # bytes of sound stored in a notebook
WIDTH, HEIGHT = 760, 84  # size of the waveform of a channel in pixels

NODE_WIDTH, ROW, TOP = 132, 15, 34
GAP_X, GAP_Y, MARGIN, DIP = 60, 18, 14, 90
INK, PAPER, FRAME, SIGNAL, FEEDBACK = "#1d2733", "#ffffff", "#8a97a6", "#2b6cb0", "#c05621"
FONT = "font-family='system-ui,sans-serif' font-size='12'"

Place = tuple[float, float]


# -- a patch -----------------------------------------------------------------------------------------------


def patch_html(patch: Patch | Document) -> str:
    """Return a drawing of a patch with its title, or only its size if it has more than ``MAX_NODES``."""
    document = patch.document if hasattr(patch, "document") else patch
    nodes, wires = len(document.nodes), len(document.wires)
    size = f"{nodes} node{'' if nodes == 1 else 's'}, {wires} wire{'' if wires == 1 else 's'}"
    title = f"<b>{escape(document.title)}</b> " if document.title else ""
    caption = f"<div style='font-family:system-ui,sans-serif'>{title}{size}</div>"
    return caption if not 0 < nodes <= MAX_NODES else f"<div>{caption}{graph_svg(document)}</div>"


def graph_svg(document: Document) -> str:
    """Return an SVG drawing: a box per node with its wired ports; feedback wires are dashed."""
    inputs: dict[str, list[str]] = {id: [] for id in document.nodes}
    outputs: dict[str, list[str]] = {id: [] for id in document.nodes}
    wires = [w for w in document.wires if w.source in document.nodes and w.target in document.nodes]
    for wire in wires:
        if wire.source_port not in outputs[wire.source]:
            outputs[wire.source].append(wire.source_port)
        if wire.target_port not in inputs[wire.target]:
            inputs[wire.target].append(wire.target_port)
    heights = {id: TOP + ROW * max(len(inputs[id]), len(outputs[id]), 1) for id in document.nodes}
    places = _places(document, heights)
    parts = []
    for wire in wires:
        start = _port(places[wire.source], NODE_WIDTH, outputs[wire.source].index(wire.source_port))
        end = _port(places[wire.target], 0, inputs[wire.target].index(wire.target_port))
        parts.append(_wire(start, end, wire.feedback, str(wire)))
    for id, record in document.nodes.items():
        parts.append(_box(places[id], heights[id], id, record.type, record.params, inputs[id], outputs[id]))
    width = max(x for x, _ in places.values()) + NODE_WIDTH + MARGIN
    height = max(y + heights[id] for id, (_, y) in places.items()) + MARGIN
    left = any(places[wire.source][0] >= places[wire.target][0] for wire in wires)
    width, height = width + MARGIN * left, height + DIP / 2 * left
    size = f"width='{width:.0f}' height='{height:.0f}' viewBox='0 0 {width:.0f} {height:.0f}'"
    paper = f"<rect width='100%' height='100%' fill='{PAPER}'/>"
    style = "style='max-width:100%;height:auto'"
    return f"<svg xmlns='http://www.w3.org/2000/svg' {size} {style} {FONT}>{paper}{''.join(parts)}</svg>"


def _box(
    place: Place,
    height: float,
    id: str,
    type: str,
    params: dict[str, object],
    inputs: list[str],
    outputs: list[str],
) -> str:
    x, y = place
    set_to = "\n".join(f"{name} = {value}"[:80] for name, value in list(params.items())[:20])
    hover = f"<title>{escape(f'{type}: {id}')}{escape(chr(10) + set_to) if set_to else ''}</title>"
    frame = f"<rect x='{x:.1f}' y='{y:.1f}' width='{NODE_WIDTH}' height='{height}' rx='5' fill='#f4f6f9'"
    parts = [f"<g>{hover}{frame} stroke='{FRAME}'/>"]
    parts.append(_text(x + NODE_WIDTH / 2, y + 14, id, "middle", 18, weight="600"))
    if not id.startswith(type):
        parts.append(_text(x + NODE_WIDTH / 2, y + 26, type, "middle", 22, size=10))
    for side, ports in ((0, inputs), (NODE_WIDTH, outputs)):
        for k, name in enumerate(ports):
            px, py = _port(place, side, k)
            anchor, shift = ("start", 7) if side == 0 else ("end", -7)
            parts.append(f"<circle cx='{px:.1f}' cy='{py:.1f}' r='3' fill='{SIGNAL}'/>")
            parts.append(_text(px + shift, py + 3.5, name, anchor, 11, size=10))
    return "".join([*parts, "</g>"])


def _wire(start: Place, end: Place, feedback: bool, name: str) -> str:
    (x0, y0), (x1, y1) = start, end
    if x1 > x0:
        pull, dip = max(30.0, (x1 - x0) / 2), 0.0
    else:  # a wire to the left runs below the boxes
        pull, dip = 70.0, DIP
    curve = f"M{x0:.1f},{y0:.1f} C{x0 + pull:.1f},{y0 + dip:.1f} {x1 - pull:.1f},{y1 + dip:.1f} {x1:.1f},{y1:.1f}"
    look = f"stroke='{FEEDBACK}' stroke-dasharray='5 4'" if feedback else f"stroke='{SIGNAL}'"
    return f"<path d='{curve}' fill='none' stroke-width='1.5' {look}><title>{escape(name)}</title></path>"


def _text(x: float, y: float, text: str, anchor: str, max_length: int, size: int = 12, weight: str = "400") -> str:
    shown = text if len(text) <= max_length else f"{text[: max_length - 1]}…"
    look = f"text-anchor='{anchor}' font-size='{size}' font-weight='{weight}' fill='{INK}'"
    return f"<text x='{x:.1f}' y='{y:.1f}' {look}>{escape(shown)}</text>"


def _port(place: Place, side: float, number: int) -> Place:
    return place[0] + side, place[1] + TOP + ROW * number + 3


def _places(document: Document, heights: Mapping[str, float]) -> dict[str, Place]:
    """Return the positions of the nodes: the layout if it has all of them, else columns from left to right."""
    if document.nodes and all(id in document.layout for id in document.nodes):
        left = min(document.layout[id][0] for id in document.nodes)
        top = min(document.layout[id][1] for id in document.nodes)
        return {
            id: (document.layout[id][0] - left + MARGIN, document.layout[id][1] - top + MARGIN) for id in document.nodes
        }
    columns: dict[int, list[str]] = {}
    for id, depth in _depths(document).items():
        columns.setdefault(depth, []).append(id)
    sources: dict[str, list[str]] = {}
    for wire in document.wires:
        sources.setdefault(wire.target, []).append(wire.source)
    places: dict[str, Place] = {}
    tall = {depth: sum(heights[id] + GAP_Y for id in ids) for depth, ids in columns.items()}
    for column, depth in enumerate(sorted(columns)):

        def middle(id: str) -> float:
            known = [places[source][1] for source in sources.get(id, []) if source in places]
            return sum(known) / len(known) if known else math.inf

        y = MARGIN + (max(tall.values()) - tall[depth]) / 2
        for id in sorted(columns[depth], key=middle):
            places[id] = (MARGIN + column * (NODE_WIDTH + GAP_X), y)
            y += heights[id] + GAP_Y
    return places


def _depths(document: Document) -> dict[str, int]:
    """Return the column of each node: the longest path to it; nodes of unmarked loops are last."""
    after: dict[str, list[str]] = {id: [] for id in document.nodes}
    waiting = dict.fromkeys(document.nodes, 0)
    for wire in document.wires:
        if not wire.feedback and wire.source in after and wire.target in waiting:
            after[wire.source].append(wire.target)
            waiting[wire.target] += 1
    depths = dict.fromkeys(document.nodes, 0)
    ready = [id for id, count in waiting.items() if count == 0]
    for id in ready:
        for target in after[id]:
            depths[target] = max(depths[target], depths[id] + 1)
            waiting[target] -= 1
            if waiting[target] == 0:
                ready.append(target)
    deepest = max((depths[id] for id in ready), default=0)
    done = set(ready)
    return {id: depth if id in done else deepest + 1 for id, depth in depths.items()}


# -- a sound -----------------------------------------------------------------------------------------------


def sound_html(values: np.ndarray, rate: float) -> str:
    """Return the waveform and a player of a sound, (samples,) or (samples, channels)."""
    values = np.asarray(values)
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim != 2 or values.size == 0 or not np.issubdtype(values.dtype, np.floating):
        shape = " × ".join(map(str, values.shape))
        return f"<div>not a sound: {shape or 'a number'}</div>"
    finite = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    samples, channels = values.shape
    peak = float(np.abs(finite).max())
    level = f"{20 * math.log10(peak) + 0.0:.1f} dBFS" if peak > 0 else "silent"
    summary = f"{samples / rate:.2f} s, {channels} channel{'' if channels == 1 else 's'}, {rate:g} Hz, {level}"
    notes = [summary]
    if not np.isfinite(values).all():
        notes.append(f"{int((~np.isfinite(values)).sum())} samples are NaN or Inf")
    if channels > MAX_CHANNELS:
        notes.append(f"the first {MAX_CHANNELS} channels are drawn")
    gain = 1.0 / max(peak, 1.0)
    if gain < 1.0:
        notes.append("the player is attenuated to avoid clipping")
    player, played = _player(finite * gain, rate)
    if played < samples:
        notes.append(f"the player has only the first {played / rate:.0f} s")
    waves = "".join(waveform_svg(finite[:, k]) for k in range(min(channels, MAX_CHANNELS)))
    caption = f"<div style='font-family:system-ui,sans-serif;font-size:12px'>{escape('; '.join(notes))}</div>"
    return f"<div style='max-width:{WIDTH}px'>{waves}{player}{caption}</div>"


def waveform_svg(signal: np.ndarray) -> str:
    """Return a waveform: minimum and maximum per pixel, at full scale or at the peak if it is higher."""
    edges = np.linspace(0, len(signal), min(WIDTH, len(signal)) + 1).astype(int)[:-1]
    high, low = np.maximum.reduceat(signal, edges), np.minimum.reduceat(signal, edges)
    scale = (HEIGHT / 2 - 2) / max(1.0, float(np.abs(signal).max()))
    x = np.linspace(0, WIDTH, len(edges)) if len(edges) > 1 else np.array([0.0])
    above = [f"{a:.1f},{HEIGHT / 2 - b * scale:.1f}" for a, b in zip(x, high)]
    below = [f"{a:.1f},{HEIGHT / 2 - b * scale:.1f}" for a, b in zip(x[::-1], low[::-1])]
    shape = f"<polygon points='{' '.join(above + below)}' fill='{SIGNAL}' stroke='{SIGNAL}' stroke-width='0.8'/>"
    middle = f"<line x1='0' x2='{WIDTH}' y1='{HEIGHT / 2}' y2='{HEIGHT / 2}' stroke='{FRAME}' stroke-width='0.5'/>"
    paper = f"<rect width='{WIDTH}' height='{HEIGHT}' fill='{PAPER}'/>"
    size = f"viewBox='0 0 {WIDTH} {HEIGHT}' style='width:100%;display:block'"
    return f"<svg xmlns='http://www.w3.org/2000/svg' {size}>{paper}{middle}{shape}</svg>"


def _player(values: np.ndarray, rate: float) -> tuple[str, int]:
    """Return an audio element with the sound as 16-bit WAV, and the number of its samples."""
    channels = min(values.shape[1], 2)
    sound = values[: MAX_PLAYER_BYTES // (2 * channels), :channels]
    if values.shape[1] > 2:  # browsers play two channels
        sound = np.stack([values[: len(sound), k::2].mean(axis=1) for k in range(2)], axis=1)
    wav = io.BytesIO()
    with wave.open(wav, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(round(rate))
        file.writeframes(np.round(sound * 32767.0).astype("<i2").tobytes())
    data = base64.b64encode(wav.getvalue()).decode()
    return f"<audio controls style='width:100%' src='data:audio/wav;base64,{data}'></audio>", len(sound)
