"""Automatic layout: nodes in columns along the signal flow, with few crossing wires (Sugiyama's method).

The column of a node is the length of the longest path from a source. Within a column, nodes are sorted by the mean
position of their neighbours, in alternating sweeps; heights follow the neighbours without overlaps. A long row of
columns is split into bands, one below the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

Size = tuple[float, float]
Point = tuple[float, float]

ACROSS, DOWN = 64.0, 28.0  # pixels between columns, and between the nodes of a column
SWEEPS = 8
STRIP, NARROW = 2.4, 1200.0  # ratio of width to height, and width in pixels, above which a patch is split into bands


def layout_layers(
    sizes: Mapping[str, Size], wires: Iterable[tuple[str, str]], origin: Point = (40.0, 40.0)
) -> dict[str, Point]:
    """Return positions for nodes of these sizes. ``wires`` are (source, target) without feedback wires."""
    order = {id: i for i, id in enumerate(sizes)}
    edges = sorted(
        {(a, b) for a, b in wires if a != b and a in sizes and b in sizes}, key=lambda e: (order[e[0]], order[e[1]])
    )
    places: dict[str, Point] = {}
    top = origin[1]
    for part in _parts(sizes, edges):
        own = [edge for edge in edges if edge[0] in part]
        found = _one_part({id: sizes[id] for id in part}, own)
        for id, (x, y) in found.items():
            places[id] = (round(origin[0] + x), round(top + y))
        top += max(y + sizes[id][1] for id, (_, y) in found.items()) + 2 * DOWN
    return {id: places[id] for id in sizes}


def _parts(sizes: Mapping[str, Size], edges: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Return the connected components, largest first; nodes without wires form the last one."""
    near: dict[str, set[str]] = {id: set() for id in sizes}
    for a, b in edges:
        near[a].add(b)
        near[b].add(a)
    seen: set[str] = set()
    parts, alone = [], []
    for id in sizes:
        if id in seen:
            continue
        part, waiting = [], [id]
        seen.add(id)
        while waiting:
            first = waiting.pop()
            part.append(first)
            for second in sorted(near[first] - seen):
                seen.add(second)
                waiting.append(second)
        if len(part) == 1:
            alone += part
        else:
            parts.append([id for id in sizes if id in set(part)])
    parts.sort(key=len, reverse=True)
    return parts + ([alone] if alone else [])


def _one_part(sizes: Mapping[str, Size], edges: Sequence[tuple[str, str]]) -> dict[str, Point]:
    if not edges:
        return _place_unwired(sizes)
    columns = _columns(list(sizes), edges)
    _order(columns, edges)
    places, top = {}, 0.0
    for band in _bands(columns, sizes):
        found = _assign_heights(band, sizes, edges)
        places.update({id: (x, top + y) for id, (x, y) in found.items()})
        top += max(y + sizes[id][1] for id, (_, y) in found.items()) + 2 * DOWN
    return places


def _bands(columns: list[list[str]], sizes: Mapping[str, Size]) -> list[list[list[str]]]:
    """Split the columns of a long patch into bands, one below the other like lines of text, so that it is no strip."""
    wide = [max(sizes[id][0] for id in column) + ACROSS for column in columns]
    high = [sum(sizes[id][1] + DOWN for id in column) for column in columns]
    for count in range(1, len(columns) + 1):
        room = sum(wide) / count
        bands: list[list[int]] = [[]]
        for i, one in enumerate(wide):
            if bands[-1] and sum(wide[j] for j in bands[-1]) + one / 2 > room and len(bands) < count:
                bands.append([])
            bands[-1].append(i)
        width = max(sum(wide[i] for i in band) for band in bands)
        height = sum(max(high[i] for i in band) + 2 * DOWN for band in bands)
        if width <= STRIP * height or width <= NARROW:
            break
    return [[columns[i] for i in band] for band in bands]


def _place_unwired(sizes: Mapping[str, Size]) -> dict[str, Point]:
    """Place nodes without wires in rows of eight."""
    places, x, y, high = {}, 0.0, 0.0, 0.0
    for i, (id, (width, tall)) in enumerate(sizes.items()):
        if i and i % 8 == 0:
            x, y, high = 0.0, y + high + DOWN, 0.0
        places[id] = (x, y)
        x, high = x + width + ACROSS / 2, max(high, tall)
    return places


def _columns(ids: list[str], edges: Sequence[tuple[str, str]]) -> list[list[str]]:
    after: dict[str, list[str]] = {id: [] for id in ids}
    count = dict.fromkeys(ids, 0)
    for a, b in edges:
        after[a].append(b)
        count[b] += 1
    depth = dict.fromkeys(ids, 0)
    ready = [id for id in ids if count[id] == 0]
    done: list[str] = []
    while len(done) < len(ids):
        if not ready:  # a loop without a feedback wire: start at any node
            ready = [next(id for id in ids if id not in set(done))]
        id = ready.pop(0)
        if id in done:
            continue
        done.append(id)
        for other in after[id]:
            if other not in done:
                depth[other] = max(depth[other], depth[id] + 1)
            count[other] -= 1
            if count[other] == 0:
                ready.append(other)
    for id in reversed(done):  # sources are placed one column before their first target
        onward = [depth[other] for other in after[id] if depth[other] > depth[id]]
        if onward and not any(b == id for _, b in edges):
            depth[id] = min(onward) - 1
    columns: list[list[str]] = [[] for _ in range(max(depth.values()) + 1)]
    for id in ids:
        columns[depth[id]].append(id)
    return [column for column in columns if column]


def _order(columns: list[list[str]], edges: Sequence[tuple[str, str]]) -> None:
    near: dict[str, list[str]] = {}
    for a, b in edges:
        near.setdefault(a, []).append(b)
        near.setdefault(b, []).append(a)
    for sweep in range(SWEEPS):
        forth = sweep % 2 == 0
        for k in range(1, len(columns)) if forth else range(len(columns) - 2, -1, -1):
            adjacent = columns[k - 1] if forth else columns[k + 1]
            rank = {id: i for i, id in enumerate(adjacent)}
            own = {id: i for i, id in enumerate(columns[k])}

            def mean(id: str, rank: dict[str, int] = rank, own: dict[str, int] = own) -> float:
                found = [rank[other] for other in near.get(id, ()) if other in rank]
                return sum(found) / len(found) if found else float(own[id])

            columns[k].sort(key=mean)


def _assign_heights(
    columns: list[list[str]], sizes: Mapping[str, Size], edges: Sequence[tuple[str, str]]
) -> dict[str, Point]:
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    own = {id for column in columns for id in column}
    for a, b in edges:
        if a not in own or b not in own:
            continue
        before.setdefault(b, []).append(a)
        after.setdefault(a, []).append(b)
    y: dict[str, float] = {}
    for column in columns:
        top = 0.0
        for id in column:
            y[id] = top
            top += sizes[id][1] + DOWN
    for near, order in ((before, columns), (after, columns[::-1]), (before, columns)):
        for column in order:
            target_heights = {}
            for id in column:
                found = [y[other] + sizes[other][1] / 2 for other in near.get(id, ())]
                target_heights[id] = sum(found) / len(found) - sizes[id][1] / 2 if found else y[id]
            _resolve_overlaps(column, target_heights, sizes, y)
    lowest = min(y.values())
    places, x = {}, 0.0
    for column in columns:
        for id in column:
            places[id] = (x, y[id] - lowest)
        x += max(sizes[id][0] for id in column) + ACROSS
    return places


def _resolve_overlaps(
    column: list[str], target_heights: Mapping[str, float], sizes: Mapping[str, Size], y: dict[str, float]
) -> None:
    """Resolve overlaps in a column, staying as close as possible to the target heights."""
    groups: list[tuple[list[str], float, float]] = []  # (nodes, top, height)
    for id in column:
        group, top, height = [id], target_heights[id], sizes[id][1] + DOWN
        while groups and groups[-1][1] + groups[-1][2] > top:
            upper, upper_top, upper_height = groups.pop()
            many, few = len(upper), len(group)
            top = (upper_top * many + (top - upper_height) * few) / (many + few)
            group, height = upper + group, upper_height + height
        groups.append((group, top, height))
    for group, top, _ in groups:
        for id in group:
            y[id] = top
            top += sizes[id][1] + DOWN
