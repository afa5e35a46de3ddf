"""Formant synthesis: voices as trains of damped sines."""

from nodegraph.maths import PI, clip, cos_turn, decay_factor, sin_turn
from nodegraph.node import Example, In, Node, Out, State


class Formant(Node):
    """Sings one formant of a vowel: a train of damped sines (FOF), one in each cycle of the pitch.

    ``y = A Σ f(t - k / frequency)``, ``f(t) = s(t) e^(-π bandwidth t) sin(2π formant t)``, where s rises from 0 to 1 in
    ``attack`` as ``(1 - cos) / 2``: a longer attack narrows the skirts of the formant. Any number of waves overlap,
    because those after the attack are one resonator. A list of formants and bandwidths makes a vowel, one lane per
    formant, for sum_lanes: 650, 1080, 2650 Hz sing "a", 290, 1870, 2800 Hz "i". Rodet, Time-domain
    formant-wave-function synthesis (Computer Music J., 1984).
    """

    words = (
        "vowel, FOF, voice, vocal, vocals, singing, sing, singer, choir, chant, VOSIM, Formlet, formants, speech, "
        "talk, human, opera, aah, vox, throat, talkbox, Stimme, Gesang, Chor, voix, chœur, choeur, lyrics, text to "
        "speech"
    )
    example = Example(vary="formant")

    frequency = In(110.0, unit="Hz", min=1.0, max=5000.0, taper="log", doc="pitch")
    formant = In(650.0, unit="Hz", min=20.0, max=15000.0, taper="log", doc="centre of the formant")
    bandwidth = In(80.0, unit="Hz", min=5.0, max=5000.0, taper="log", doc="width of the formant 3 dB below its top")
    attack = In(0.003, unit="s", min=0.0001, max=0.1, taper="log", doc="rise of each wave, at most one cycle")
    amplitude = In(0.5, unit="ratio", min=0.0, max=1.0, doc="level of the formant (A)")
    out = Out(doc="sound of the formant")
    phase = State(1.0)
    re, im, wave_re, wave_im, age = State(), State(), State(), State(), State(1e9)

    def tick(frequency, formant, bandwidth, attack, amplitude, phase, re, im, wave_re, wave_im, age, sr, dt):
        step = clip(frequency * dt, 1e-6, 0.5)
        turn = clip(formant * dt, 0.0, 0.5)
        seconds = 1.0 / (PI * max(bandwidth, 1.0))
        r = decay_factor(seconds, dt)
        c, s = r * cos_turn(turn), r * sin_turn(turn)
        re, im = c * re - s * im, s * re + c * im
        wave_re, wave_im = c * wave_re - s * wave_im, s * wave_re + c * wave_im
        age += 1.0
        if phase >= 1.0:  # a cycle began up to one sample ago
            phase = phase - 1.0
            age = phase / step
            level = decay_factor(seconds, age * dt)
            wave_re, wave_im = level * cos_turn(turn * age), level * sin_turn(turn * age)
            re, im = re + wave_re, im + wave_im
        rise = min(max(attack, 1e-5) * sr, 1.0 / step)
        missing = 0.5 + 0.5 * cos_turn(0.5 * age / rise) if age < rise else 0.0
        return amplitude * (im - missing * wave_im), phase + step, re, im, wave_re, wave_im, min(age, 1e9)
