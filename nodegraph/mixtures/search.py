"""The searches of all pieces of a mixture in turn, with a checkpoint after each round."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from nodegraph.learn.checkpoint import read_state, write_state

from .mixing import Mixing, Problem
from .optimise import Search, Step, minimise
from .recipe import SearchConfig


@dataclass
class MixObserver:
    """Callbacks of a mixture.

    ``note`` is called with each note for the user, ``plan`` before the optimisation, ``progress`` after each
    evaluation; ``stop`` returns whether to stop before the next one.
    """

    plan: Callable[[Mixing], None] = lambda mixing: None
    note: Callable[[str], None] = lambda text: None
    progress: Callable[[Step], None] = lambda step: None
    stop: Callable[[], bool] = lambda: False


def search_pieces(
    problems: Sequence[Problem],
    config: SearchConfig,
    searches: list[Search],
    observer: MixObserver,
    store: Callable[[Sequence[Search]], None],
) -> bool:
    """Continue the searches of the pieces, and append those of the next ones; return whether it was stopped before.

    ``store`` is called after each round. A search that was stopped before its first evaluation is left out.
    """
    total = config.iterations * len(problems)
    stopped = False
    for number, problem in enumerate(problems):
        if number == len(searches):
            searches.append(_search(problem))

        def show(step: Step, before: int = number * config.iterations) -> None:
            observer.progress(Step(before + step.done, total, step.loss, step.terms))

        stopped = minimise(
            problem.losses,
            searches[number],
            config.iterations,
            config.optimiser,
            config.rate,
            config.rounds_of,
            show,
            lambda search: store(searches),
            observer.stop,
        )
        if stopped:
            break
    if stopped and not searches[-1].done:
        searches.pop()
    if stopped and searches:
        store(searches)
    return stopped


def _search(problem: Problem) -> Search:
    """Return the search of a problem before its first evaluation."""
    search = Search(problem.start)
    if problem.origin is not None:
        with torch.no_grad():
            search.start_terms = {name: term.item() for name, term in problem.losses(problem.origin).items()}
        search.start_loss = sum(search.start_terms.values())
    return search


def write_searches(path: Path, stages: Sequence[Sequence[Search]], key: str) -> None:
    """Write the searches of the first pieces, of each stage. Raises OSError."""
    write_state(path, {"stages": [[vars(search) for search in searches] for searches in stages]}, key)


def read_searches(path: Path, key: str, device: torch.device) -> list[list[Search]]:
    """Read the searches that :func:`write_searches` wrote. Raises LearnError."""
    stages = read_state(path, key, device, "mixture")["stages"]
    return [[Search(**state) for state in searches] for searches in stages]
