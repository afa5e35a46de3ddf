"""Instruments as equations: modes of bodies, and waves in strings and tubes (digital waveguides).

Smith, Physical Audio Signal Processing (2010). A wave needs half a period, or a period, for its way; its losses are
those of a low-pass, which is the same at every sample rate and whose delay is subtracted, so that notes are in tune.
"""

import numpy as np

from nodegraph.maths import LN_1000, REFERENCE_RATE, TAU, clip, cos_turn, decay_factor, power, read_double, sin_turn
from nodegraph.node import Example, In, Line, Node, Out, State, Table

from .delays import cubic_tap, low_pass_delay, next_position

LOWEST = 20.0  # Hz; sets the lengths of strings and tubes
FREQUENCY = In(220.0, unit="Hz", min=LOWEST, max=5000.0, taper="log", doc="pitch")
LOSS_HZ = 14000.0  # cutoff of the losses at the end of a string or tube


def wave_line():
    """Return a delay line for the longest wave."""
    return Line(lambda settings, sr: int(sr / LOWEST) + 8)


class Mode(Node):
    """Rings at one frequency when it is struck, as one mode of a bar, plate or room: ``y = Σ g x[n-m] rᵐ sin(mθ)``.

    A rotating vector that shrinks: ``z = g x + r e^{jθ} z[n-1]``, stable whatever its frequency does. Lists of
    frequencies and decays make a modal bank, one lane per mode, for sum_lanes. ``g = 44100 / sr``: a pulse of 1 that
    lasts 1/44100 s, as those of ``impulse``, rings with a peak of 1 at any sample rate. Adrien, The missing link: modal
    synthesis (1991).
    """

    words = (
        "bell, bells, modal, modal synthesis, resonator, resonators~, Resonz, Ringz, Klank, DynKlank, bank, ring, "
        "ringing, gong, chime, glass, bar, xylophone, marimba, vibraphone, glockenspiel, metal, physical model, "
        "mallet, tuned percussion, damped sine, Glocke, cloche, resonance, ping, triangle instrument, singing bowl, "
        "cymbal, wood block, cowbell, struck, plate model, kalimba, steel drum, resonant body, phasefilter, physical "
        "modelling, Corpus resonator, Collision"
    )
    example = Example(inputs={"audio": "clicks"}, vary="decay", gain=0.4)

    audio = In(0.0, doc="excitation: an impulse, a burst of noise, a bow")
    frequency = In(440.0, unit="Hz", min=1.0, max=20000.0, taper="log", doc="frequency of the mode")
    decay = In(1.0, unit="s", min=0.001, max=60.0, taper="log", doc="time in which it falls by 60 dB")
    amplitude = In(1.0, unit="ratio", min=0.0, max=1.0, doc="level of the mode")
    out = Out(doc="vibration of the mode")
    re, im = State(), State()

    def tick(audio, frequency, decay, amplitude, re, im, dt):
        turn = clip(frequency * dt, 0.0, 0.5)
        r = decay_factor(max(decay, 0.001) * (1.0 / LN_1000), dt)
        c, s = r * cos_turn(turn), r * sin_turn(turn)
        re, im = REFERENCE_RATE * dt * audio + c * re - s * im, s * re + c * im
        return amplitude * im, re, im


MODES, PLACES = 16, 64


def membrane_modes():
    """Return order, zero of the Bessel function and ratio to the lowest one, of the lowest modes of a circular drum."""
    from scipy.special import jn_zeros

    found = sorted((zero, order) for order in range(MODES) for zero in jn_zeros(order, MODES))[:MODES]
    return [(order, zero, zero / found[0][0]) for zero, order in found]


def membrane_table(settings, sr):
    """Return the ratio of each mode, then its level by the place of the stroke, from the middle to the rim."""
    from scipy.special import jv

    modes = membrane_modes()
    places = np.linspace(0.0, 1.0, PLACES + 1)
    levels = [np.abs(jv(order, zero * places)) for order, zero, _ in modes]
    return np.concatenate([[ratio for _, _, ratio in modes], *levels, [0.0]])


class Membrane(Node):
    """Sounds like a drum when it is struck: the sixteen lowest modes of an ideal circular membrane.

    Mode (m, n) has the frequency ``f j_mn / j_01`` and, struck at the radius ``ρ``, the level ``|J_m(j_mn ρ)|``: a
    stroke in the middle excites only the round modes. Higher modes decay faster, ``decay ratio^-damping``. ``audio``
    strikes them as in ``mode``. Morse & Ingard, Theoretical Acoustics (1968), ch. 5.
    """

    words = (
        "tom, timpani, MembraneCircle, drum head, kick, kick drum, bass drum, conga, tabla, bongo, percussion, "
        "djembe, physical model, physical modelling, drum skin, tympani, beat, Trommel, Pauke, Schlagzeug, tambour, "
        "batterie, peau, hand drum, snare, thump, tom tom, 808, modal drum, frame drum, drum synth, Collision, Drum "
        "Rack drum, tambor, drum"
    )
    example = Example(inputs={"audio": "clicks"}, vary="decay", gain=0.4)

    audio = In(0.0, doc="stroke: an impulse or a short burst of noise")
    frequency = In(110.0, unit="Hz", min=LOWEST, max=2000.0, taper="log", doc="pitch of the lowest mode")
    decay = In(0.8, unit="s", min=0.01, max=20.0, taper="log", doc="time in which the lowest mode falls by 60 dB")
    damping = In(1.0, unit="ratio", min=0.0, max=3.0, doc="faster decay of the higher modes")
    position = In(0.3, unit="ratio", min=0.0, max=1.0, doc="place of the stroke: 0 is the middle, 1 the rim")
    out = Out(doc="sound of the drum")
    table = Table(membrane_table)
    modes = Line(lambda settings, sr: 2 * MODES)

    def tick(audio, frequency, decay, damping, position, table, modes, dt):
        place = clip(position, 0.0, 1.0) * PLACES
        index = int(min(place, PLACES - 1.0))
        stroke = REFERENCE_RATE * dt * audio
        total = 0.0
        for k in range(MODES):
            ratio = read_double(table, k)
            turn = clip(frequency * ratio * dt, 0.0, 0.49)
            r = decay_factor(max(decay, 0.001) * power(ratio, -clip(damping, 0.0, 3.0)) * (1.0 / LN_1000), dt)
            start = MODES + k * (PLACES + 1) + index
            near = read_double(table, start)
            level = near + (read_double(table, start + 1) - near) * (place - index)
            c, s = r * cos_turn(turn), r * sin_turn(turn)
            re, im = read_double(modes, 2 * k), read_double(modes, 2 * k + 1)
            modes[2 * k] = level * stroke + c * re - s * im
            modes[2 * k + 1] = s * re + c * im
            total += s * re + c * im
        return 0.5 * total


class BowedString(Node):
    """Sounds like a bowed string: waves run from the bow to both ends and back, and the hair sticks and slips.

    ``Δ = velocity - (v_bridge + v_nut)`` is the speed of the bow relative to the string. Friction adds ``Δ μ(Δ)`` to
    the waves in both directions, ``μ = clip((|Δ (5 - 4 force)| + 0.75)⁻⁴, 0.01, 0.98)``. As on a real string, a light
    or a slow bow makes other tones. Smith (1986); friction after McIntyre, Schumacher & Woodhouse, On the oscillations
    of musical instruments (J. Acoust. Soc. Am., 1983).
    """

    words = (
        "violin, bow, string, strings, cello, viola, fiddle, bowed, double bass, physical model, physical modelling, "
        "Geige, Streicher, violon, archet, cordes, erhu, contrabass, viol, waveguide, orchestra, string instrument, "
        "Tension, Streichinstrument"
    )
    example = Example(vary="force", values={"frequency": 110.0})

    frequency = FREQUENCY
    velocity = In(0.25, unit="ratio", min=0.0, max=1.0, doc="speed of the bow: the loudness; 0 lets the string ring")
    force = In(0.8, unit="ratio", min=0.0, max=1.0, doc="pressure of the bow")
    position = In(0.13, unit="ratio", min=0.02, max=0.5, doc="place of the bow, from the bridge; 1 is the nut")
    loss = In(0.05, unit="ratio", min=0.0, max=0.5, doc="part of a wave that is lost at the bridge")
    out = Out(doc="velocity of the string at the bridge")
    nut, bridge = wave_line(), wave_line()
    place, low = State(0), State()

    def tick(frequency, velocity, force, position, loss, nut, nut_size, bridge, place, low, sr, dt):
        frequency = clip(frequency, LOWEST, 0.2 * sr)
        d = decay_factor(1.0 / (TAU * 0.3 * LOSS_HZ), dt)
        whole = sr * 1.0 / frequency - low_pass_delay(d, frequency * dt)
        near = clip(position, 0.02, 0.5) * whole
        low = cubic_tap(bridge, nut_size, place, near) * (1.0 - d) + low * d
        from_bridge = -(1.0 - clip(loss, 0.0, 0.5)) * low
        from_nut = -cubic_tap(nut, nut_size, place, whole - near)
        slip = velocity - (from_bridge + from_nut)
        grip = abs(slip * (5.0 - 4.0 * clip(force, 0.0, 1.0))) + 0.75
        grip = grip * grip
        push = slip * clip(1.0 / (grip * grip), 0.01, 0.98) if velocity > 0.0 else 0.0
        nut[place] = from_bridge + push
        bridge[place] = from_nut + push
        return low, next_position(place, nut_size), low


class Reed(Node):
    """Sounds like a clarinet: pressure waves run through a tube, and a reed opens and closes its end.

    ``Δ = -0.95 p⁻ - breath`` is the pressure at the reed, less that of the mouth; the tube gets ``breath + Δ ρ(Δ)``,
    ``ρ = clip(0.7 + (0.26 stiffness - 0.44) Δ, -1, 1)``. It speaks from a breath of about 0.4 on. Smith, Efficient
    simulation of the reed-bore and bow-string mechanisms (ICMC, 1986).
    """

    words = (
        "clarinet, woodwind, saxophone, sax, wind instrument, oboe, blown, breath, physical model, physical "
        "modelling, wind, flute, tube, pipe, waveguide, horn, trumpet, blow, bassoon, didgeridoo, brass, Klarinette, "
        "Saxophon, clarinette, Rohrblatt, anche, harmonica, organ pipe, bagpipe, accordion, Bläser, duduk, recorder "
        "instrument, mouthpiece"
    )
    example = Example(vary="breath", values={"frequency": 110.0})

    frequency = FREQUENCY
    breath = In(0.7, unit="ratio", min=0.0, max=1.0, doc="pressure in the mouth: the loudness")
    stiffness = In(0.5, unit="ratio", min=0.0, max=1.0, doc="stiffness of the reed: bright to dark")
    out = Out(doc="pressure in the tube")
    tube = wave_line()
    place, low = State(0), State()

    def tick(frequency, breath, stiffness, tube, tube_size, place, low, sr, dt):
        frequency = clip(frequency, LOWEST, 0.2 * sr)
        d = decay_factor(1.0 / (TAU * LOSS_HZ), dt)
        delay = 0.5 * sr / frequency - low_pass_delay(d, frequency * dt)
        low = cubic_tap(tube, tube_size, place, delay) * (1.0 - d) + low * d
        pressure = -0.95 * low - breath
        tube[place] = breath + pressure * clip(0.7 + (0.26 * clip(stiffness, 0.0, 1.0) - 0.44) * pressure, -1.0, 1.0)
        return low, next_position(place, tube_size), low
