"""``nodegraph challenge``: set the knobs of a patch until it sounds like a hidden one."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..challenge_loop import ChallengeLoop, answers_in, print_knobs, print_result
from ..options import Json, Trust
from ..output import print_json, print_line, printable
from .demo import playback_problem

if TYPE_CHECKING:
    from nodegraph.challenges import Challenge, ChallengeResult

SEEDS = 10_000  # of challenges that are drawn without --seed


def challenge(
    grade: Annotated[int, typer.Option("--grade", "-g", metavar="1-5", min=1, max=5, help="Difficulty.")] = 1,
    seed: Annotated[
        int | None, typer.Option("--seed", "-s", metavar="N", min=0, help="Equal seeds give equal challenges.")
    ] = None,
    patch: Annotated[
        Path | None,
        typer.Option("--patch", "-p", metavar="PATCH", help="Patch with controls. Default: an included one."),
    ] = None,
    check: Annotated[
        str | None,
        typer.Option("--check", "-c", metavar="ANSWERS", help="Judge KNOB=VALUE,…, a file of such lines or a patch."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FOLDER", help="Write sounds and patch here instead of playing."),
    ] = None,
    trust: Trust = None,
    json: Json = False,
) -> int:
    """Set the knobs of a patch by ear to match a hidden one.

    A hidden patch is heard; it differs from the given one by the values of some knobs. Type KNOB=VALUE to set them, t
    to hear the target, m to hear your setting, b for both, c to check, s for the solution. Grade 1 has one knob far
    from its target and wide tolerances, grade 5 six near ones with narrow tolerances. A knob whose value makes no
    audible difference counts as right. With --check the exit status is 1 if a knob is wrong.
    """
    from nodegraph.challenges import ChallengeListener, make_challenge

    made = make_challenge(grade, random.randrange(SEEDS) if seed is None else seed, patch)
    with ChallengeListener(made) as listener:
        if check is not None:
            result = listener.judge(made.values(answers_in(made, check)))
            print_json(_result_data(result)) if json else print_result(result)
            return 0 if result.solved else 1
        problem = "" if output is not None else playback_problem()
        folder = output or Path(f"challenge-{made.grade}-{made.seed}")
        loop = ChallengeLoop(listener, folder if problem or output else None)
        if json:
            print_json(_data(made) | {"files": [str(path) for path in loop.write_files()]})
            return 0
        print_line(f"{printable(made.title)}. Grade {made.grade}, seed {made.seed}.")
        if problem:
            print_line(f"Playback is unavailable ({problem}). The sounds are written to {folder}.")
        print_knobs(made, made.start)
        return loop.run()


def _data(challenge: Challenge) -> dict[str, Any]:
    knobs = [
        {
            "name": knob.name,
            "value": float(value),
            "min": knob.parameter.low,
            "max": knob.parameter.high,
            "unit": knob.unit,
            "tolerance": knob.tolerance.describe(),
        }
        for knob, value in zip(challenge.knobs, challenge.start, strict=True)
    ]
    place = {"grade": challenge.grade, "seed": challenge.seed, "patch": str(challenge.path)}
    return place | {"title": challenge.title, "knobs": knobs}


def _result_data(result: ChallengeResult) -> dict[str, Any]:
    knobs = [
        {"name": one.knob.name, "value": one.value, "right": one.right, "reason": one.reason, "text": one.text}
        for one in result.verdicts
    ]
    return {"grade": result.challenge.grade, "seed": result.challenge.seed, "solved": result.solved, "knobs": knobs}
