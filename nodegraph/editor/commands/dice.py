"""Dice: random values of knobs, within ranges that are safe for the ears."""

from __future__ import annotations

import random

from nodegraph.control.random_values import random_values, safe_knobs
from nodegraph.patch import PatchError

from ..command import command
from ..desk import Desk, State

SEEDS = 1_000_000


class Dice(State):
    """The seed of the next throw."""

    is_per_patch = False

    def __init__(self) -> None:
        self.seed = random.randrange(SEEDS)


@command(
    "Dice",
    "d",
    menu="Edit",
    section=4,
    possible=lambda desk: bool(desk.selection.nodes),
    aliases=("random", "randomise", "randomize", "vary", "shuffle"),
)
def dice(desk: Desk, payload: object) -> None:
    """Set the knobs of the selected blocks to random values that are safe for the ears."""
    is_knob = isinstance(payload, tuple) and len(payload) == 2
    chosen = [payload[0]] if is_knob else sorted(desk.selection.nodes)  # type: ignore[index]
    nodes = [desk.flat_id(id) for id in chosen if id in desk.document.nodes]
    if not nodes:
        desk.notify("No block is selected. Select the blocks whose knobs are to vary.")
        return
    document, state = desk.patch.document, desk.state(Dice)
    try:
        knobs = safe_knobs(document, nodes, desk.patch.path, desk.allow_outside)
        if is_knob:
            target = f"{nodes[0]}.{payload[1]}"  # type: ignore[index]
            knobs = tuple(knob for knob in knobs if knob.target == target)
        if is_knob and not knobs:
            raise PatchError(f"{target} has no range that is safe at random. Add a control with a range.")
        action = random_values(knobs, state.seed)
    except PatchError as error:
        desk.notify(str(error), alarm=True)
        return
    if desk.do_in((), action):
        count = len(action.values)
        desk.notify(f"Dice {state.seed}: {count} random value{'s' if count > 1 else ''}. Undo restores the others.")
        state.seed = (state.seed + 1) % SEEDS
