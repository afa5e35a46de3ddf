"""Live knobs and meters of a playing patch in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nodegraph.engine.live import Live
from nodegraph.installation import install_command
from nodegraph.patch import Patch
from nodegraph.patch.errors import quote

if TYPE_CHECKING:
    from .live_panel import LivePanel


class WidgetError(Exception):
    """A widget cannot be made; the message is one line for the user."""


def widget(
    patch: Patch, player: Live | None = None, knobs: Sequence[str] | None = None, meters: Sequence[str] = ()
) -> LivePanel:
    """Return live knobs and meters of a patch, for the last line of a notebook cell. ::

        player = nodegraph.play(patch)
        nodegraph.widget(patch, player, meters=["filter.out"])

    ``knobs`` are names of controls or inputs ("filter.cutoff"), by default all controls, or without them the inputs
    that dice would vary, at most 16. A drag is heard at once and is one undo step; edits of the patch move the knobs.
    ``player``, from :func:`nodegraph.play`, has a meter for its output and for each output named by ``meters``. Raises
    WidgetError if anywidget is missing or there is no knob, PatchError for an unknown one.
    """
    if not isinstance(patch, Patch):
        raise WidgetError(f"a widget needs a patch, got {quote(patch)}. Load it: patch = nodegraph.load('patch.json')")
    if not isinstance(player, Live | None):
        raise WidgetError(
            f"a player comes from nodegraph.play, got {quote(player)}. Write player = nodegraph.play(patch)"
        )
    try:
        from .live_panel import LivePanel
    except ImportError as error:
        if error.name not in ("anywidget", "traitlets"):
            raise
        raise WidgetError(f"live knobs need anywidget. Install it: {install_command('nodegraph[notebook]')}") from None
    from .knobs import knobs_of

    chosen = knobs_of(patch, [knobs] if isinstance(knobs, str) else knobs)
    if not chosen:
        raise WidgetError("the patch has no knobs. Add controls, or name inputs such as knobs=['osc.frequency'].")
    return LivePanel(patch, player, chosen, (meters,) if isinstance(meters, str) else tuple(meters))
