"""Envelopes, slew limiting and ramps. A gate is high above 0.5; times are in seconds."""

from nodegraph.maths import clip, decay_factor, exp2, rising_edge
from nodegraph.node import Choice, In, Node, Out, State

LN_1000 = 6.907755278982137  # 60 dB as a natural logarithm
LN_6 = 1.791759469228055
ATTACK_TARGET = 1.2  # an RC attack towards 1.2 reaches 1 after ln 6 time constants
DB_90 = 3.0517578125e-05  # 2**-15

GATE = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="high while the note is held")
ATTACK = In(0.01, unit="s", min=0.0005, max=10.0, taper="log", doc="duration of the rise from 0 to 1")
RELEASE = In(0.3, unit="s", min=0.0005, max=20.0, taper="log", doc="duration of the fall to silence")

# Stages of an envelope.
REST, RISE, FALL = 0, 1, 2


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

    aliases = ("envelope", "env", "envgen")

    gate, attack = GATE, ATTACK
    decay = In(0.1, unit="s", min=0.0005, max=10.0, taper="log", doc="duration of the fall from 1 to sustain")
    sustain = In(0.7, unit="ratio", min=0.0, max=1.0, doc="level while the gate stays high")
    release = RELEASE
    shape = Choice("exponential", "linear", "jsyn", doc="curve of the segments")
    out = Out(unit="ratio", doc="envelope, 0 to 1")
    level, top, last_gate = State(), State(), State()
    stage = State(0)

    def tick(gate, attack, decay, sustain, release, shape, level, top, last_gate, stage, dt):
        held = gate > 0.5
        sustain = clip(sustain, 0.0, 1.0)
        stage = (RISE if rising_edge(gate, last_gate) else stage) if held else REST
        top = level if last_gate > 0.5 and not held else top  # level at the start of the release
        time = max(attack if stage == RISE else (decay if stage == FALL else release), dt)
        if shape == 0:
            tau = time / (LN_6 if stage == RISE else LN_1000)
            target = ATTACK_TARGET if stage == RISE else (sustain if stage == FALL else 0.0)
            level = target + (level - target) * decay_factor(tau, dt)
            level = level if stage != REST or level > 1e-6 else 0.0
        elif shape == 1:
            step = dt / time
            down = level - step * (1.0 - sustain)
            down = max(down, sustain) if level > sustain else min(level + step, sustain)
            fade = max(level - step * top, 0.0)
            level = level + step if stage == RISE else (down if stage == FALL else fade)
        else:
            factor = exp2(-15.0 * dt / time)
            down = max(level * factor, sustain) if level > sustain else min(level + dt / time, sustain)
            fade = level * factor if level > DB_90 else 0.0
            level = level + dt / time if stage == RISE else (down if stage == FALL else fade)
        stage = FALL if stage == RISE and level >= 1.0 else stage
        level = min(level, 1.0)
        return level, level, top, gate, stage


class Ar(Node):
    """Generates an attack-release envelope: rises to 1 while the gate is high, falls to 0 when it closes.

    In ``trigger`` mode each rising edge plays the complete envelope, for percussion. Segments are exponential,
    as in :class:`Adsr`, or linear.
    """

    aliases = ("envelope", "perc")

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


class Slew(Node):
    """Limits the speed at which a signal changes: glide, portamento, lag, smoothing.

    - linear: at most 1 unit per ``rise`` (or ``fall``) seconds.
    - exponential: a one-pole low-pass with ``rise`` and ``fall`` as time constants, ``y += (x - y)(1 - exp(-dt/τ))``.

    It starts at the first value.
    """

    aliases = ("lag", "portamento", "glide", "slide")

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

    aliases = ("line", "vline", "xline")

    target = In(0.0, min=-20000.0, max=20000.0, smooth=False, doc="value to reach")
    time = In(1.0, unit="s", min=0.0, max=60.0, doc="duration of the ramp; 0 is immediate")
    out = Out(doc="ramp")
    level, goal, speed = State(), State(), State()

    def tick(target, time, level, goal, speed, dt):
        speed = (target - level) * dt / max(time, dt) if target != goal else speed
        there = abs(target - level) <= abs(speed)
        level = target if there else level + speed
        return level, level, target, (0.0 if there else speed)
