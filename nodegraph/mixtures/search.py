"""The searches of all pieces of a mixture in turn, with a checkpoint after each round."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from nodegraph.learn.checkpoint import read_state, write_state

from .mixing import Mixing
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
    mixing: Mixing,
    config: SearchConfig,
    searches: list[Search],
    observer: MixObserver,
    store: Callable[[Sequence[Search]], None],
) -> bool:
    """Continue the searches of the pieces, and append those of the next ones; return whether it was stopped before.

    ``store`` is called after each round. Raises KeyboardInterrupt if it was stopped before the first evaluation.
    """
    total = config.iterations * len(mixing.problems)
    stopped = False
    for number, problem in enumerate(mixing.problems):
        if number == len(searches):
            searches.append(Search(problem.start))

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
    if not searches:
        raise KeyboardInterrupt
    if stopped:
        store(searches)
    return stopped


def write_searches(path: Path, searches: Sequence[Search], key: str) -> None:
    """Write the searches of the first pieces. Raises OSError."""
    write_state(path, {"searches": [vars(search) for search in searches]}, key)


def read_searches(path: Path, key: str, device: torch.device) -> list[Search]:
    """Read the searches that :func:`write_searches` wrote. Raises LearnError."""
    return [Search(**state) for state in read_state(path, key, device, "mixture")["searches"]]
