"""Playback of recorded parameter changes, exact to the sample."""

import numpy as np

from nodegraph.maths import read_double
from nodegraph.node import Example, In, Node, Option, Out, State, Table

QUANTUM = 64
MOVE = 6  # numbers per change: quantum, sample in the quantum, lane (-1: all), value in three parts


def moves_table(settings, sr):
    """Return the changes in order of time, with times and values split into parts that are exact in float32."""
    moves = sorted((round(move[0] * sr), k, *move[1:]) for k, move in enumerate(settings["points"]))
    table = [(at // QUANTUM, at % QUANTUM, lane[0] if lane else -1, *in_parts(value)) for at, _, value, *lane in moves]
    return [number for move in table for number in move]


def in_parts(value):
    """Return three float32 numbers whose sum is the double ``value``."""
    high = float(np.float32(value))
    middle = float(np.float32(value - high))
    return high, middle, value - high - middle


def value_at(table, place):
    """Return the double that is stored as three numbers of a table."""
    return read_double(table, place) + read_double(table, place + 1) + read_double(table, place + 2)


class Automation(Node):
    """Plays recorded parameter changes: at the time of each point the output starts to move to the point's value.

    ``points`` are ``[seconds, value]``, or ``[seconds, value, lane]`` for a single lane. Each change takes ``glide``
    seconds, as when a knob is set, so playback repeats the recorded samples exactly. To follow a transport, wire its
    ``run``, ``jump`` and ``seconds`` to ``play``, ``restart`` and ``position``.
    """

    words = "record moves, automate, keyframes, lane, playback moves, Automatisierung"
    example = Example(values={"points": [[0.0, 0.0], [0.5, 1.0], [1.5, -0.5], [3.0, 0.3]], "glide": 0.2}, heard="value")

    play = In(1.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="plays while above 0.5")
    restart = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="a rising edge jumps to position")
    position = In(0.0, unit="s", min=0.0, max=360000.0, smooth=False, doc="position that restart jumps to")
    points = Option(((0.0, 0.0),), doc="recorded changes: [[s, value], …]")
    start = Option((0.0,), doc="value before the first change: one, or one per lane")
    glide = Option(0.01, unit="s", min=0.0, max=10.0, doc="duration of each change; 0 is immediate")
    out = Out(doc="automated value")
    moves = Table(moves_table)
    first = Table(lambda settings, sr: [part for value in settings["start"] for part in in_parts(value)])
    now, ahead, last_restart = State(0), State(0), State()
    current, target, step, left, ready = State(), State(), State(), State(0), State()

    def block(
        play, restart, position, glide, out, moves, first, now, ahead, last_restart,
        current, target, step, left, ready, sr,
    ):  # fmt: skip
        lanes, count = out.shape[1], moves.shape[0] // MOVE
        ramp = max(1, int(glide * sr + 0.5)) if glide > 0.0 else 0
        for lane in range(lanes):
            n, k = now[lane], ahead[lane]
            for i in range(out.shape[0]):
                edge = 1.0 * restart[i, 0]
                back = (edge > 0.5) & (last_restart[lane] <= 0.5)
                last_restart[lane] = edge
                if back or ready[lane] == 0.0:
                    n = int(position[i, 0] * sr + 0.5) if back else 0
                    current[lane] = value_at(first, 3 * min(lane, first.shape[0] // 3 - 1))
                    k = 0
                    while k < count and QUANTUM * int(moves[MOVE * k]) + int(moves[MOVE * k + 1]) < n:
                        if moves[MOVE * k + 2] < 0 or int(moves[MOVE * k + 2]) == lane:
                            current[lane] = value_at(moves, MOVE * k + 3)
                        k += 1
                    target[lane], left[lane], ready[lane] = current[lane], 0, 1.0
                if play[i, 0] > 0.5:
                    while k < count and QUANTUM * int(moves[MOVE * k]) + int(moves[MOVE * k + 1]) <= n:
                        if moves[MOVE * k + 2] < 0 or int(moves[MOVE * k + 2]) == lane:
                            target[lane], left[lane] = value_at(moves, MOVE * k + 3), ramp
                            if ramp > 0:
                                step[lane] = (target[lane] - current[lane]) / ramp
                            else:
                                current[lane] = target[lane]
                        k += 1
                    n += 1
                    if left[lane] > 0:
                        left[lane] -= 1
                        current[lane] = current[lane] + step[lane] if left[lane] > 0 else target[lane]
                out[i, lane] = current[lane]
            now[lane], ahead[lane] = n, k

    def lanes(inputs, settings):
        named = [int(move[2]) + 1 for move in settings["points"] if len(move) > 2]
        return {"out": max([len(settings["start"]), *named])}

    def check(settings):
        for move in settings["points"]:
            if not 2 <= len(move) <= 3 or not all(isinstance(part, int | float) for part in move):
                return f"points must be [seconds, value] or [seconds, value, lane], got {list(move)}."
            if not 0.0 <= move[0] <= 360000.0 or (len(move) > 2 and not 0 <= move[2] < 1024):
                return f"points must lie in 0–360000 s and lanes in 0–1023, got {list(move)}."
        return "" if settings["start"] else "start must hold a value."
