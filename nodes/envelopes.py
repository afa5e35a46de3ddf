"""Envelopes, slew limiting and ramps. A gate is high above 0.5; times are in seconds."""

import math

import numpy as np

from nodegraph.maths import LN_1000, clip, decay_factor, exp, exp2, rising_edge
from nodegraph.node import Axis, Choice, Curves, DrawnCurve, Example, In, Node, Option, Out, State, Table

LN_6 = 1.791759469228055
ATTACK_TARGET = 1.2  # an RC attack towards 1.2 reaches 1 after ln 6 time constants
DB_90 = 3.0517578125e-05  # 2**-15

GATE = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="high while the note is held")
ATTACK = In(0.01, unit="s", min=0.0005, max=10.0, taper="log", doc="duration of the rise from 0 to 1")
RELEASE = In(0.3, unit="s", min=0.0005, max=20.0, taper="log", doc="duration of the fall to silence")

# Stages of an envelope.
RISE, FALL = 1, 2

STAGE = np.linspace(0.0, 1.0, 65)  # places in a drawn stage
HOLD = 0.2  # of the other stages of a drawn note


def in_series(stages):
    """Return the times and levels of stages, given as (duration in s, levels at STAGE), from the start of the first."""
    starts = np.cumsum([0.0, *(duration for duration, _ in stages)])
    return [(start + duration * STAGE, levels) for start, (duration, levels) in zip(starts, stages)]


def adsr_stages(attack, decay, sustain, release, shape):
    """Return the attack, decay, hold and release of a note, as (times in s, levels), in the closed form of Adsr."""
    sustain = clip(sustain, 0.0, 1.0)
    if shape == 0:
        rise = ATTACK_TARGET * (1.0 - np.exp(-LN_6 * STAGE))
        fall, fade = sustain + (1.0 - sustain) * np.exp(-LN_1000 * STAGE), sustain * np.exp(-LN_1000 * STAGE)
    elif shape == 1:
        rise, fall, fade = STAGE, 1.0 - (1.0 - sustain) * STAGE, sustain * (1.0 - STAGE)
    else:
        octaves = -math.log2(max(sustain, DB_90))  # the decay ends early, at the sustain level
        rise, fall, fade = STAGE, np.exp2(-octaves * STAGE), sustain * np.exp2(-15.0 * STAGE)
        decay *= octaves / 15.0
    hold = HOLD * (attack + decay + release)
    return in_series([(attack, rise), (decay, fall), (hold, np.full_like(STAGE, sustain)), (release, fade)])


def ar_stages(attack, release, mode, shape):
    """Return the attack, hold (only if the gate holds the note) and release of Ar, as (times in s, levels)."""
    hold = HOLD * (attack + release) if mode == 0 else 0.0
    rise = ATTACK_TARGET * (1.0 - np.exp(-LN_6 * STAGE)) if shape == 0 else STAGE
    fade = np.exp(-LN_1000 * STAGE) if shape == 0 else 1.0 - STAGE
    return in_series([(attack, rise), (hold, np.ones_like(STAGE)), (release, fade)])


def contour(stages):
    """Return stages as the curve of a note."""
    times, levels = np.concatenate(stages, axis=1)
    return Curves(Axis("time", 0.0, float(times[-1]), "s"), Axis("level", 0.0, 1.0), times, {"": levels})


def point_on(stage, level):
    """Return the point (s, level) of a stage at the height of a level."""
    times, levels = stage if stage[1][0] <= stage[1][-1] else (stage[0][::-1], stage[1][::-1])
    return float(np.interp(level, levels, times)), float(level)


class Adsr(Node):
    """Generates an attack, decay, sustain, release envelope: up to 1, down to ``sustain``, to 0 after the gate.

    - exponential: RC segments, ``y += (target - y)(1 - exp(-dt/τ))``. The attack approaches 1.2 and reaches 1
      in ``attack``; decay and release cover 60 dB of their range in ``decay`` and ``release``.
    - linear: straight segments of exactly the given times.
    - jsyn: linear attack; decay and release are exponentials that fall from 1 by 90 dB in their times, and the
      decay ends when it reaches ``sustain``; a higher ``sustain`` is approached linearly. The envelope of Burk's
      JSyn (1998) and of Barkan & Tsiris, Deep synthesizer parameter estimation (2019).

    A new gate starts from the current level. After Moog's contour generator (1965).
    """

    words = (
        "envelope, env, EG, envelope generator, EnvGen, attack, decay, sustain, release, vadsr, contour, transient "
        "generator, function generator, amp envelope, filter envelope, Hüllkurve, Huellkurve, enveloppe, DADSR, fade "
        "in, fade out, envolvente"
    )

    gate, attack = GATE, ATTACK
    decay = In(0.1, unit="s", min=0.0005, max=10.0, taper="log", doc="duration of the fall from 1 to sustain")
    sustain = In(0.7, unit="ratio", min=0.0, max=1.0, doc="level while the gate stays high")
    release = RELEASE
    shape = Choice("exponential", "linear", "jsyn", doc="curve of the segments")
    out = Out(unit="ratio", doc="envelope, 0 to 1")
    level, top, last_gate = State(), State(), State()
    stage = State(0)

    def tick(gate, attack, decay, sustain, release, shape, level, top, last_gate, stage, dt):
        held, was_held = gate > 0.5, last_gate > 0.5
        rises = held & ((stage == RISE) | (not was_held))
        sustain = clip(sustain, 0.0, 1.0)
        top = level if was_held else top  # level at the start of the release
        # the speeds of all stages: those of constant times are computed once
        rise, fall, rest = max(attack, dt), max(decay, dt), max(release, dt)
        if shape == 0:
            rising = ATTACK_TARGET + (level - ATTACK_TARGET) * decay_factor(rise / LN_6, dt)
            falling = sustain + (level - sustain) * decay_factor(fall / LN_1000, dt)
            fading = level * decay_factor(rest / LN_1000, dt)
            fading = fading if fading > 1e-6 else 0.0
        elif shape == 1:
            rising = level + dt / rise
            falling = clip(sustain, level - dt / fall * (1.0 - sustain), level + dt / fall)
            fading = max(level - dt / rest * top, 0.0)
        else:
            rising = level + dt / rise
            falling = clip(sustain, level * exp2(-15.0 * dt / fall), level + dt / fall)
            fading = level * exp2(-15.0 * dt / rest) if level > DB_90 else 0.0
        level = min((rising if rises else falling) if held else fading, 1.0)
        return level, level, top, gate, RISE if rises & (level < 1.0) else FALL

    display = "curves"

    def drawing(attack, decay, sustain, release, shape):
        return contour(adsr_stages(attack, decay, sustain, release, shape))

    def dot(attack, decay, sustain, release, shape, level, last_gate, stage):
        rise, fall, _, fade = adsr_stages(attack, decay, sustain, release, shape)
        if last_gate <= 0.5:
            return point_on(fade, level) if level > 0.0 else None
        return point_on(rise if stage == RISE else fall, level)


class Ar(Node):
    """Generates an attack-release envelope: rises to 1 while the gate is high, falls to 0 when it closes.

    In ``trigger`` mode each rising edge plays the complete envelope, for percussion. Segments are exponential,
    as in :class:`Adsr`, or linear.
    """

    words = (
        "perc, percussive envelope, AD, AHR, attack release, one shot envelope, decay envelope, Linen, vline~, "
        "Decay2, Decay, envelope, env, attack decay, fade in, fade out, pluck envelope"
    )

    gate, attack, release = GATE, ATTACK, RELEASE
    mode = Choice("gate", "trigger", doc="gate: hold while high; trigger: rise and fall at each edge")
    shape = Choice("exponential", "linear", doc="curve of the segments")
    out = Out(unit="ratio", doc="envelope, 0 to 1")
    level, last_gate = State(), State()
    stage = State(0)

    def tick(gate, attack, release, mode, shape, level, last_gate, stage, dt):
        stage = RISE if rising_edge(gate, last_gate) else stage
        stage = FALL if mode == 0 and gate <= 0.5 else stage
        up = stage == RISE
        time = max(attack if up else release, dt)
        if shape == 0:
            target = ATTACK_TARGET if up else 0.0
            level = target + (level - target) * decay_factor(time / (LN_6 if up else LN_1000), dt)
            level = level if up or level > 1e-6 else 0.0
        else:
            level = max(level + (dt if up else -dt) / time, 0.0)
        stage = FALL if mode == 1 and level >= 1.0 else stage
        level = min(level, 1.0)
        return level, level, gate, stage

    display = "curves"

    def drawing(attack, release, mode, shape):
        return contour(ar_stages(attack, release, mode, shape))

    def dot(attack, release, mode, shape, level, stage):
        rise, _, fade = ar_stages(attack, release, mode, shape)
        return point_on(rise if stage == RISE else fade, level) if level > 0.0 else None


MAX_POINTS = 256
MAX_TIME, MAX_VALUE, MAX_CURVE = 3600.0, 20000.0, 20.0
SEGMENT = 4  # numbers of a segment in the table: duration, target, curve, factor of the curve


def parse_points(text):
    """Return the points of a list such as ``0.01:1, 0.3:0.5:-4`` as (seconds, value, curve). Raises ValueError."""
    points = []
    for word in text.replace(",", " ").split():
        try:
            time, value, curve = [*map(float, word.split(":")), 0.0][:3]
            is_point = word.count(":") < 3 and all(map(math.isfinite, (time, value, curve)))
        except ValueError:
            is_point = False
        if not is_point:
            raise ValueError(f"points must be time:value or time:value:curve, got '{word[:40]}'.")
        points.append((time, value, curve))
    times = [0.0, *(time for time, _, _ in points)]
    if not 1 <= len(points) <= MAX_POINTS:
        raise ValueError(f"points must be a list of 1 to {MAX_POINTS}, got {len(points)}.")
    if times != sorted(times) or times[-1] > MAX_TIME:
        raise ValueError(f"the times of points must rise from 0 to at most {MAX_TIME:g} s. Sort them.")
    for _, value, curve in points:
        if abs(value) > MAX_VALUE:
            raise ValueError(f"values of points must lie in ±{MAX_VALUE:g}, got {value:g}.")
        if abs(curve) > MAX_CURVE:
            raise ValueError(f"curves of points must lie in ±{MAX_CURVE:g}, got {curve:g}.")
    return points


def segments_table(settings, sr):
    """Return duration, target, curve c and 1 / (1 - e^c) of each segment, the last 0 for a straight one."""
    table, before = [], 0.0
    for time, value, curve in parse_points(settings["points"]):
        curve = curve if abs(curve) > 1e-3 else 0.0
        table += [time - before, value, curve, -1.0 / math.expm1(curve) if curve else 0.0]
        before = time
    return table


def envelope_at(settings, x):
    """Return the envelope from level 0 at times x in s, without hold and loop."""
    y = np.zeros_like(x)
    start = level = 0.0
    for time, value, curve in parse_points(settings["points"]):
        t = np.clip((x - start) / max(time - start, 1e-9), 0.0, 1.0)
        bent = np.expm1(curve * t) / math.expm1(curve) if abs(curve) > 1e-3 else t
        y = np.where(x >= start, level + (value - level) * bent, y)
        start, level = time, value
    return y


class Breakpoints(Node):
    """Generates an envelope of any number of straight or curved segments, with a hold and a loop.

    ``points`` is a list of ``time:value:curve``, with seconds from the gate: ``0.01:1, 0.3:0.5:-4, 1:0``. A segment
    goes from a to b as ``a + (b - a)(1 - e^(c t)) / (1 - e^c)``, t from 0 to 1: straight for ``c = 0``, fast at first
    for ``c < 0``, slow at first for ``c > 0``. It starts from the current level; a first point at time 0 sets the level
    at once.

    While the gate is high, the envelope holds at point number ``hold``, or repeats the segments from point ``loop`` to
    it; a falling gate goes on with the next segment. With ``hold = 0`` it plays to the end. After the ``Env`` of
    McCartney's SuperCollider (1996).
    """

    words = (
        "curve~, multisegment, break point, MSEG, AHDSR, function, DAHDSR, envelope editor, drawn envelope, "
        "breakpoint function, draw, envelope, Env, DemandEnvGen, custom envelope, hold, trapezoid~"
    )

    display = "curve"
    drawn = DrawnCurve("points", x=(0.0, None), y=(0.0, 1.0), unit="s", numbers=("hold", "loop"))

    gate = GATE
    speed = In(1.0, unit="ratio", min=0.0, max=100.0, doc="factor of the speed; 0 stops")
    points = Option("0.01:1, 0.3:0.5:-4, 1:0:-4", kind="text", doc="list of time:value or time:value:curve")
    hold = Option(2, min=0, max=MAX_POINTS, doc="number of the point that is held while the gate is high; 0: none")
    loop = Option(0, min=0, max=MAX_POINTS, doc="number of the point from which segments to hold repeat; 0: none")
    out = Out(doc="envelope")
    done = Out(unit="gate", doc="1 after the last point")
    segments = Table(segments_table)
    level, origin, elapsed, last_gate = State(), State(), State(), State()
    at = State(MAX_POINTS)  # index of the segment that is played; at rest the number of points

    def block(gate, speed, hold, loop, out, done, segments, level, origin, elapsed, last_gate, at, dt):
        count = segments.shape[0] // SEGMENT
        for lane in range(out.shape[1]):
            gate_lane, speed_lane = min(lane, gate.shape[1] - 1), min(lane, speed.shape[1] - 1)
            here, value, start, t = min(at[lane], count), level[lane], origin[lane], elapsed[lane]
            before = last_gate[lane]
            for i in range(out.shape[0]):
                now = np.float64(gate[i, gate_lane])
                held = hold > 0 and now > 0.5
                if rising_edge(now, before):
                    here, start, t = 0, value, 0.0
                elif before > 0.5 and now <= 0.5 and here < hold:
                    here, start, t = min(hold, count), value, 0.0
                before = now
                steps = 0  # a loop of no duration must not repeat for ever
                while here < count and steps <= count and not (held and here == hold):
                    duration = np.float64(segments[SEGMENT * here])
                    if t < duration:
                        break
                    t -= duration
                    start = np.float64(segments[SEGMENT * here + 1])
                    here += 1
                    steps += 1
                    if held and here == hold:
                        if loop > 0:
                            here = loop
                        else:
                            t = 0.0
                if here >= count or steps > count or (held and here == hold):
                    value, t = start, 0.0
                else:
                    x = t / np.float64(segments[SEGMENT * here])
                    curve, factor = np.float64(segments[SEGMENT * here + 2]), np.float64(segments[SEGMENT * here + 3])
                    x = (1.0 - exp(curve * x)) * factor if factor != 0.0 else x
                    value = start + (np.float64(segments[SEGMENT * here + 1]) - start) * x
                    t += dt * max(np.float64(speed[i, speed_lane]), 0.0)
                out[i, lane] = value
                done[i, lane] = 1.0 if here >= count and not (held and here == hold) else 0.0
            at[lane] = here if here < count else MAX_POINTS
            level[lane], origin[lane], elapsed[lane], last_gate[lane] = value, start, t, before

    curve_at = envelope_at

    def dot(points, level, elapsed, at):
        times = [0.0, *(time for time, _, _ in parse_points(points))]
        return (times[at] + elapsed, level) if at < len(times) - 1 else None

    def check(settings):
        try:
            count = len(parse_points(settings["points"]))
        except ValueError as error:
            return str(error)
        if settings["hold"] > count:
            return f"hold must be the number of a point, 0–{count}, got {settings['hold']}."
        if settings["loop"] and settings["loop"] >= settings["hold"]:
            return f"loop must be below hold, {settings['hold']}, got {settings['loop']}. Set 0 for no loop."
        return ""


class Slew(Node):
    """Limits the speed at which a signal changes: glide, portamento, lag, smoothing.

    - linear: at most 1 unit per ``rise`` (or ``fall``) seconds.
    - exponential: a one-pole low-pass with ``rise`` and ``fall`` as time constants, ``y += (x - y)(1 - exp(-dt/τ))``.

    It starts at the first value.
    """

    words = (
        "lag, glide, portamento, smooth, smoothing, slide~, slew limiter, LagUD, Lag2, VarLag, glissando, lop "
        "control, ramp smooth, interpolate, line smoother, inertia, integrator, lissage, glätten"
    )
    example = Example(inputs={"value": "gate"}, heard="value")

    value = In(0.0, min=-20000.0, max=20000.0, doc="signal to follow")
    rise = In(0.1, unit="s", min=0.0, max=10.0, doc="time of a rise; 0 is immediate")
    fall = In(0.1, unit="s", min=0.0, max=10.0, doc="time of a fall; 0 is immediate")
    shape = Choice("linear", "exponential", doc="constant speed, or slower near the target")
    out = Out(doc="smoothed signal")
    level, has_started = State(), State(0)

    def tick(value, rise, fall, shape, level, has_started, dt):
        level = level if has_started else value
        time = max(rise if value > level else fall, 0.0)
        if shape == 0:
            step = dt / max(time, 1e-12)
            level = min(level + step, value) if value > level else max(level - step, value)
        else:
            level = value + (level - value) * decay_factor(time, dt)
        return level, level, 1


class Ramp(Node):
    """Moves linearly from the current value to ``target`` in ``time`` seconds whenever ``target`` changes."""

    words = (
        "line~, vline~, xline, fade, fade in, fade out, crescendo, sweep, transition, riser, glissando, linear, "
        "interpolate, rampsmooth~, Rampe, chirp, tape stop, trapezoid~"
    )
    example = Example(vary="", inputs={"target": "gate"}, values={"time": 0.2}, heard="value")

    target = In(0.0, min=-20000.0, max=20000.0, smooth=False, doc="value to reach")
    time = In(1.0, unit="s", min=0.0, max=60.0, doc="duration of the ramp; 0 is immediate")
    out = Out(doc="ramp")
    level, goal, speed = State(), State(), State()

    def tick(target, time, level, goal, speed, dt):
        speed = (target - level) * dt / max(time, dt) if target != goal else speed
        there = abs(target - level) <= abs(speed)
        level = target if there else level + speed
        return level, level, target, (0.0 if there else speed)
