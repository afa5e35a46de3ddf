"""The notebook display of a plan: its rows as a table."""

from __future__ import annotations

from typing import Any

from nodegraph.notebook.tables import table_html

MAX_NAMED = 4  # nodes of a row that are all named


def row_cells(info: Any, number: str) -> list[tuple[str, str, str, str]]:
    """Return number, kernel, lanes and nodes of a row (`result.RowInfo`), and of the rows of a loop in it."""
    ids = [node for node, *_ in info.places]
    shown = ", ".join(ids) if len(ids) <= MAX_NAMED else f"{ids[0]}, {ids[1]} … {ids[-1]} ({len(ids)} nodes)"
    rows = [(number, info.kernel, str(info.lanes or ""), shown)]
    for k, inner in enumerate(info.inner):
        rows += row_cells(inner, f"{number}.{k}")
    return rows


def plan_html(plan: Any) -> str:
    """Return the rows of a plan as a table, in the order in which they run, with the memory of its buffers."""
    rows = [cells for number, info in enumerate(plan.rows) for cells in row_cells(info, str(number))]
    kernels = len({leaf.kernel for info in plan.rows for leaf in info.flat})
    saved = plan.bytes_unshared - plan.bytes_used
    caption = f"{len(plan.rows)} rows, {kernels} kernels, latency {plan.latency} samples, "
    caption += f"buffers of {plan.bytes_used} bytes, {saved} saved by sharing"
    return table_html(caption, ("row", "kernel", "lanes", "nodes"), rows)
