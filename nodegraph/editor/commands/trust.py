"""Trusting the programs of the patch: TorchScript models, which are silent until then."""

from __future__ import annotations

from pathlib import Path

from nodegraph.files.trust import TrustError, trust
from nodegraph.graph.ports import PatchLocation
from nodegraph.graph.programs import untrusted_programs

from ..command import command
from ..desk import Desk
from ..panel import QuestionPanel

LABEL = "Trust programs…"


def untrusted_of(desk: Desk) -> dict[Path, str]:
    """Return the untrusted programs of the patch, each with the name of a block that would run it."""
    if not desk.typed.placeholder_reasons:
        return {}
    return untrusted_programs(desk.patch.document, PatchLocation(desk.patch.path, desk.allow_outside))


def report_untrusted(desk: Desk) -> None:
    """Say which blocks of a patch that was opened are silent because their program is not trusted."""
    if found := untrusted_of(desk):
        path, title = next(iter(found.items()))
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        text = f"{title} is silent: {path.name} is a program that is not trusted{more}. See File > {LABEL}"
        desk.notify(text, alarm=True)


@command(LABEL, menu="File", section=2, possible=lambda desk: bool(untrusted_of(desk)))
def trust_programs(desk: Desk, payload: object) -> None:
    """Let the TorchScript models of the patch run, after a question."""
    found = untrusted_of(desk)
    if not found:
        desk.notify("All programs of the patch are trusted.")
        return

    def accept() -> None:
        try:
            for path in found:
                trust(path)
        except TrustError as error:
            desk.notify(str(error), alarm=True)
        desk.update_graph()

    lines = [f"{title} runs {path}" for path, title in found.items()]
    lines.append("A model is a program. Trust its author, from now on?")
    desk.open_panel(QuestionPanel("Trust programs", "\n".join(lines), {"Trust": accept, "Cancel": None}))
