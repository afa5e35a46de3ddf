"""Filters. ``cutoff`` is in Hz, limited to 0.49 of the sample rate, and may be modulated at audio rate.

TPT means "topology-preserving transform": the analogue circuit with trapezoidal integrators and its delay-free loop
solved (Zavalishin, The Art of VA Filter Design, 2018). These filters stay in tune and stable under fast modulation.
"""

import numpy as np

from nodegraph.maths import (
    PI,
    REFERENCE_RATE,
    clip,
    db_to_gain,
    decay_factor,
    next_random,
    power,
    prewarp,
    read_double,
    tanh,
    uniform,
)
from nodegraph.node import Choice, In, Line, Node, Option, Out, State

from .delays import FEEDBACK_LIMIT, cubic_tap, low_pass_delay, next_position, read_delayed

AUDIO = In(0.0, doc="signal to filter")
CUTOFF = In(1000.0, unit="Hz", min=10.0, max=20000.0, taper="log", doc="corner or centre frequency")
RESONANCE = In(
    0.7071, unit="Q", min=0.01, max=40.0, taper="log", doc="height of the peak: 0.7 is flat, 10 is +20 dB"
)  # fmt: skip


def in_cutoffs(frequencies, cutoff, sr):
    """Return s/ω for the bilinear transform that maps ω to the cutoff: j tan(π f/sr) / tan(π cutoff/sr)."""
    return 1j * np.tan(PI * frequencies / sr) / prewarp(cutoff, 1.0 / sr)


def cookbook(s, mode, gain, resonance):
    """Return H(s) of a filter of Bristow-Johnson's Cookbook formulae, with s in cutoffs and the gain in dB."""
    k, a = 1.0 / max(resonance, 0.01), 10.0 ** (gain / 40.0)
    shelf, two = np.sqrt(a) * k * s, s * s
    if mode == "peak":
        return (two + a * k * s + 1.0) / (two + k / a * s + 1.0)
    if mode == "low_shelf":
        return a * (two + shelf + a) / (a * two + shelf + 1.0)
    if mode == "high_shelf":
        return a * (a * two + shelf + 1.0) / (two + shelf + a)
    over = {"low": 1.0, "high": two, "band": k * s, "notch": two + 1.0, "all_pass": two - k * s + 1.0}[mode]
    return over / (two + k * s + 1.0)


class StateVariable(Node):
    """Filters a sound with two poles: low-pass, band-pass, high-pass and notch together, 12 dB per octave. TPT.

    ``high = x - band/Q - low``, ``band = ∫ω high``, ``low = ∫ω band``. The band output is scaled to 0 dB at
    its peak; ``notch = high + low``, ``peak = low - high``. Zavalishin, ch. 4.
    """

    words = (
        "SVF, state variable filter, filter, lowpass, highpass, bandpass, notch, multimode filter, multimode, VCF, "
        "LPF, HPF, BPF, RLPF, RHPF, BP~, DFM1, wah, wah wah, resonance, Q, formant filter, Auto Filter, 12 dB, "
        "Oberheim, SEM, resonant filter, reson~, Resonz, voltage controlled filter, sweep filter, auto wah, Tiefpass, "
        "Hochpass, filtre, passe-bande, cutoff, Sallen-Key, MS-20, crossover, filtro"
    )

    audio, cutoff, resonance = AUDIO, CUTOFF, RESONANCE
    low = Out(doc="low-pass output")
    band = Out(doc="band-pass output, 0 dB at the centre")
    high = Out(doc="high-pass output")
    notch = Out(doc="all but the centre frequency")
    peak = Out(doc="all, with the centre frequency raised")
    s1, s2 = State(), State()
    display = "response"

    def response(frequencies, values, settings, sr):
        s, q = in_cutoffs(frequencies, values["cutoff"], sr), values["resonance"]
        low, band, high, notch = (cookbook(s, mode, 0.0, q) for mode in ("low", "band", "high", "notch"))
        return np.stack([low, band, high, notch, low - high])

    def tick(audio, cutoff, resonance, s1, s2, dt):
        g = prewarp(cutoff, dt)
        k = 1.0 / max(resonance, 0.01)
        high = (audio - (g + k) * s1 - s2) * (1.0 / (1.0 + g * (g + k)))
        band = g * high + s1
        low = g * band + s2
        return low, k * band, high, high + low, low - high, g * high + band, g * band + low


class Biquad(Node):
    """Filters or equalises a sound (EQ): low-pass, high-pass, band-pass, notch, all-pass, peak or shelf. TPT.

    The responses of Bristow-Johnson's Cookbook formulae for audio equalizer biquad filters (1994), as sums of the
    three outputs of a state-variable filter: ``y = a low + b band + c high``. A direct form with the same responses
    becomes unstable if the cutoff moves at audio rate. ``gain`` acts on the peak and the shelves only. Simper,
    Solving the continuous SVF equations using trapezoidal integration and equivalent currents (2013).
    """

    words = (
        "filter, EQ, equaliser, lowpass, highpass, bandpass, notch, shelf, low shelf, high shelf, peak filter, band "
        "stop, band reject, LPF, HPF, BPF, BRF, BLowPass, BPeakEQ, cascade~, low cut, high cut, bass boost, treble, "
        "tilt, tone, VCF, parametric EQ, cut, rumble, de-ess, Tiefpass, Hochpass, Kerbfilter, filtre, passe-bas, "
        "passe-haut, passe-bande, Resonz, second order, bass, tone control, RBJ, bell filter, filtro, hi pass, "
        "filtercoeff~"
    )

    audio, cutoff, resonance = AUDIO, CUTOFF, RESONANCE
    gain = In(0.0, unit="dB", min=-40.0, max=40.0, doc="boost or cut of the peak or shelf")
    mode = Choice(
        "low", "high", "band", "notch", "all_pass", "peak", "low_shelf", "high_shelf", doc="filter type"
    )  # fmt: skip
    out = Out(doc="filtered signal")
    s1, s2 = State(), State()
    display = "response"

    def response(frequencies, values, settings, sr):
        s = in_cutoffs(frequencies, values["cutoff"], sr)
        return cookbook(s, settings["mode"], values["gain"], values["resonance"])[None]

    def tick(audio, cutoff, resonance, gain, mode, s1, s2, dt):
        g = prewarp(cutoff, dt)
        k = 1.0 / max(resonance, 0.01)
        amp = db_to_gain(0.5 * clip(gain, -120.0, 120.0))
        root = db_to_gain(0.25 * clip(gain, -120.0, 120.0))
        if mode == 0:
            a, b, c = 1.0, 0.0, 0.0
        elif mode == 1:
            a, b, c = 0.0, 0.0, 1.0
        elif mode == 2:
            a, b, c = 0.0, k, 0.0
        elif mode == 3:
            a, b, c = 1.0, 0.0, 1.0
        elif mode == 4:
            a, b, c = 1.0, -k, 1.0
        elif mode == 5:
            a, b, c = 1.0, amp * k, 1.0
            k = k / amp
        elif mode == 6:
            a, b, c = amp * amp, amp * k, 1.0
            g = g / root
        else:
            a, b, c = 1.0, amp * k, amp * amp
            g = g * root
        scale = 1.0 / (1.0 + g * (g + k))
        gain, x = g * scale, audio - s2
        band = scale * s1 + gain * x
        step = gain * s1 + g * gain * x  # equals g * band, without waiting for it
        low = s2 + step
        out = low if mode == 0 else a * low + b * band + c * (audio - k * band - low)
        return out, band + (band - s1), low + step


class OnePole(Node):
    """Filters a sound gently with one pole, low-pass or high-pass, 6 dB per octave.

    An RC filter: ``low = ∫ω (x - low)``, ``high = x - low``. TPT. Zavalishin, ch. 3.
    """

    words = (
        "filter, lowpass, highpass, LPF, HPF, lop~, hip~, LP, HP, OneZero, RC filter, 6 dB, low cut, high cut, gentle "
        "filter, tone, hi cut, damping, smoothing filter, Tiefpass, Hochpass, passe-bas, passe-haut, integrator, Lag, "
        "rpole~, hipass"
    )

    audio, cutoff = AUDIO, CUTOFF
    mode = Choice("low", "high", doc="filter type")
    out = Out(doc="filtered signal")
    s = State()
    display = "response"

    def response(frequencies, values, settings, sr):
        s = in_cutoffs(frequencies, values["cutoff"], sr)
        return ((1.0 if settings["mode"] == "low" else s) / (1.0 + s))[None]

    def tick(audio, cutoff, mode, s, dt):
        g = prewarp(cutoff, dt)
        v = (audio - s) * (g / (1.0 + g))
        low = v + s
        return (low if mode == 0 else audio - low), low + v


MAX_BANDS = 16
PEAK, LOW_SHELF, HIGH_SHELF = 0, 1, 2
PARTS = 3  # float32 numbers that store a double without loss


class Equalizer(Node):
    """Equalises a sound (EQ) with several bands in series: peaks, and shelves at the ends.

    Each band has a value in the lists ``frequency``, ``gain`` and ``resonance``: the peak of Bristow-Johnson's Cookbook
    (1994), or, for the first and the last band, its low and high shelf. All may be modulated, as in ``biquad``. TPT.
    """

    words = (
        "EQ, equaliser, parametric EQ, parametric, graphic EQ, EQ8, EQ Eight, EQ Three, multiband EQ, tone control, "
        "bands, shelving, mastering EQ, channel EQ, filtergraph~, treble, bass, bass boost, mid boost, Klangregler, "
        "égaliseur, low shelf, high shelf, tilt EQ, brightness, crossover, fffb~"
    )

    audio = AUDIO
    frequency = In(
        1000.0, unit="Hz", min=20.0, max=20000.0, taper="log", bank="bands", doc="centre or corner of each band"
    )  # fmt: skip
    gain = In(0.0, unit="dB", min=-40.0, max=40.0, bank="bands", doc="boost or cut of each band")
    resonance = In(
        0.7071, unit="Q", min=0.01, max=40.0, taper="log", bank="bands", doc="inverse width of each peak; 0.7 is wide"
    )  # fmt: skip
    bands = Option(4, min=1, max=MAX_BANDS, doc="number of bands")
    ends = Choice("shelves", "peaks", doc="kind of the first and the last band")
    out = Out(doc="equalised signal")
    stored = Line(lambda settings, sr: 2 * PARTS * int(settings["bands"]))

    display = "response"

    def lanes(inputs, settings):
        return {"out": inputs["audio"]}

    def response(frequencies, values, settings, sr):
        total = np.ones((1, len(frequencies)), complex)
        bands = list(zip(values["frequency"], values["gain"], values["resonance"]))
        for k, (frequency, gain, resonance) in enumerate(bands):
            shelf = "low_shelf" if k == 0 else "high_shelf" if k == len(bands) - 1 else "peak"
            mode = shelf if settings["ends"] == "shelves" else "peak"
            total *= cookbook(in_cutoffs(frequencies, frequency, sr), mode, gain, resonance)
        return total

    def block(audio, frequency, gain, resonance, bands, ends, out, stored, dt):
        for lane in range(out.shape[1]):
            for band in range(bands):
                kind = PEAK
                if ends == 0 and band == 0:
                    kind = LOW_SHELF
                elif ends == 0 and band == bands - 1:
                    kind = HIGH_SHELF
                at = 2 * PARTS * band
                s1, s2 = recalled(stored, lane, at), recalled(stored, lane, at + PARTS)
                f = decibels = q = g = k = a = b = c = norm = 0.0
                for i in range(out.shape[0]):
                    new_f, new_gain = member_of(frequency, i, band), member_of(gain, i, band)
                    new_q = member_of(resonance, i, band)
                    if i == 0 or new_f != f or new_gain != decibels or new_q != q:
                        f, decibels, q = new_f, new_gain, new_q
                        g, k, a, b, c = band_weights(kind, f * dt, decibels, q)
                        norm = 1.0 / (1.0 + g * (g + k))
                    x = read_double(audio, (i, lane)) if band == 0 else read_double(out, (i, lane))
                    high = (x - (g + k) * s1 - s2) * norm
                    middle = g * high + s1
                    low = g * middle + s2
                    s1, s2 = g * high + middle, g * middle + low
                    out[i, lane] = a * low + b * middle + c * high
                store(stored, lane, at, s1)
                store(stored, lane, at + PARTS, s2)


def member_of(bank, i, member):
    """Return sample ``i`` of a member of a bank."""
    return read_double(bank, (i, min(member, bank.shape[1] - 1)))


def band_weights(kind, turns, gain, resonance):
    """Return the gain g of the integrators, the damping k and the weights of low, band and high of a peak or shelf."""
    g = prewarp(turns, 1.0)
    k = 1.0 / max(resonance, 0.01)
    amp = db_to_gain(0.5 * clip(gain, -120.0, 120.0))
    root = db_to_gain(0.25 * clip(gain, -120.0, 120.0))
    if kind == PEAK:
        return g, k / amp, 1.0, amp * k, 1.0
    if kind == LOW_SHELF:
        return g / root, k, amp * amp, amp * k, 1.0
    return g * root, k, 1.0, amp * k, amp * amp


def store(line, lane, at, value):
    """Store a double in three numbers of a float32 line; silence far below any sound becomes 0."""
    value = value if abs(value) > 1e-15 else 0.0
    for part in range(at, at + PARTS):
        line[lane, part] = value
        value -= read_double(line, (lane, part))


def recalled(line, lane, at):
    """Return the double that :func:`store` stored."""
    return read_double(line, (lane, at)) + read_double(line, (lane, at + 1)) + read_double(line, (lane, at + 2))


LADDER_NOISE = 2e-10  # peak to peak


class Ladder(Node):
    """Filters a sound like Moog's ladder: a resonant low-pass of four poles, 24 dB per octave. TPT.

    ``u = tanh(drive x - 4 resonance y)`` feeds ``H(s) = 1 / (1 + s/ω)⁴``. The loop is solved for small signals and
    its input saturates, so it is stable at any setting and oscillates from resonance 1 on, even without a sound: noise
    at -200 dB excites it, as in a circuit.
    Zavalishin, ch. 5; Stilson & Smith, Analyzing the Moog VCF (1996).
    """

    words = (
        "Moog, Moog filter, MoogFF, low pass, LPF, VCF, RLPF, 24 dB, 4 pole, four pole, bob~, acid, 303, TB-303, "
        "resonant filter, filter, resonance, Minimoog, transistor ladder, filter cutoff, cutoff, fat, squelch, synth "
        "filter, Tiefpass, passe-bas, diode, self oscillation, voltage controlled filter, Leiterfilter, lores~, "
        "filtro"
    )

    audio, cutoff = AUDIO, CUTOFF
    resonance = In(0.3, unit="ratio", min=0.0, max=1.2, doc="feedback; from 1 it oscillates at the cutoff")
    drive = In(0.0, unit="dB", min=0.0, max=40.0, doc="gain into the saturation")
    bass = In(0.0, unit="ratio", min=0.0, max=1.0, doc="compensation of the lows that resonance takes; 1 restores all")
    out = Out(doc="filtered signal")
    s1, s2, s3, s4 = State(), State(), State(), State()
    noise = State(1)
    display = "response"

    def response(frequencies, values, settings, sr):
        poles = (1.0 + in_cutoffs(frequencies, values["cutoff"], sr)) ** 4
        k = 4.0 * min(max(values["resonance"], 0.0), 2.0)
        gain = 10.0 ** (values["drive"] / 20.0) * (1.0 + k * min(max(values["bass"], 0.0), 1.0))
        return (gain / (poles + k))[None]

    def tick(audio, cutoff, resonance, drive, bass, s1, s2, s3, s4, noise, dt):
        g = prewarp(cutoff, dt)
        h = 1.0 / (1.0 + g)
        gain = g * h
        k = 4.0 * clip(resonance, 0.0, 2.0)
        past = h * (s4 + gain * (s3 + gain * (s2 + gain * s1)))  # the output if the input were 0
        square = gain * gain
        noise = next_random(noise)
        driven = db_to_gain(drive) * (1.0 + k * clip(bass, 0.0, 1.0)) * audio + LADDER_NOISE * (uniform(noise) - 0.5)
        u = tanh((driven - k * past) / (1.0 + k * square * square))
        v1 = (u - s1) * gain
        y1 = v1 + s1
        v2 = (y1 - s2) * gain
        y2 = v2 + s2
        v3 = (y2 - s3) * gain
        y3 = v3 + s3
        v4 = (y3 - s4) * gain
        y4 = v4 + s4
        return y4, y1 + v1, y2 + v2, y3 + v3, y4 + v4, noise


LOWEST = 10.0  # Hz, the pitch of the longest comb loop


class Comb(Node):
    """Resonates at a pitch, with an echo per cycle of ``frequency``: ``y[n] = x[n] + a·low(y[n - sr/f])``.

    Its peaks are the harmonics of ``frequency``, or with negative feedback the odd harmonics of half of it.
    ``damping`` is the coefficient at 44.1 kHz of a one-pole low-pass in the loop; its phase delay is subtracted from
    that of the loop, so that the lowest peak stays in tune. For reverb: Schroeder, Natural sounding artificial
    reverberation (J. Audio Eng. Soc., 1962); damped by Moorer (1979).
    """

    words = (
        "comb filter, Karplus, Karplus-Strong, string, pluck, plucked string, guitar string, resonator, CombN, CombL, "
        "CombC, teeth, tuned delay, Kammfilter, filtre en peigne, metallic, flanging, corde, Saite, harp, koto, "
        "guitar, Tension"
    )

    audio = AUDIO
    frequency = In(220.0, unit="Hz", min=LOWEST, max=10000.0, taper="log", doc="pitch of the resonance")
    feedback = In(0.9, unit="ratio", min=-1.0, max=1.0, doc="gain per cycle")
    damping = In(0.0, unit="ratio", min=0.0, max=1.0, doc="loss of treble per cycle")
    out = Out(doc="resonant signal")
    line = Line(lambda settings, sr: int(sr / LOWEST) + 4)
    position = State(0)
    low = State()

    def tick(audio, frequency, feedback, damping, line, line_size, position, low, sr, dt):
        d = clip(damping, 0.0, 0.99)
        delay = sr / max(frequency, LOWEST)
        if d > 0.0:
            if sr != REFERENCE_RATE:
                d = power(d, REFERENCE_RATE * dt)
            lowest = (1.0 if feedback >= 0.0 else 0.5) / delay
            delay -= low_pass_delay(d, lowest)
        back = cubic_tap(line, line_size, position, delay)
        low = back + (low - back) * d
        out = audio + clip(feedback, -FEEDBACK_LIMIT, FEEDBACK_LIMIT) * low
        line[position] = out
        return out, next_position(position, line_size), low


class AllPass(Node):
    """Diffuses a sound with dense echoes and a flat spectrum: ``w = x + g w[n - D]``, ``y = w[n - D] - g w``.

    D is ``time`` in samples; its fraction is that of an all-pass of first order, whose gain is 1 at all frequencies.
    Schroeder's all-pass (1962), a building block of reverbs and phasers.
    """

    words = (
        "AllpassN, AllpassL, AllpassC, diffuser, diffusion, phase shift, disperser, allpole~, phaser stage, "
        "Allpassfilter, smear, phaser"
    )

    audio = AUDIO
    time = In(0.01, unit="s", min=0.0, max=0.5, doc="time between echoes")
    feedback = In(0.7, unit="ratio", min=-1.0, max=1.0, doc="gain per echo (g)")
    out = Out(doc="diffused signal")
    line = Line(lambda settings, sr: int(0.5 * sr) + 4)
    position = State(0)
    back = State()

    def tick(audio, time, feedback, line, line_size, position, back, sr):
        g = clip(feedback, -FEEDBACK_LIMIT, FEEDBACK_LIMIT)
        delay = clip(time * sr, 1.5, line_size - 2.0)
        whole = int(delay - 0.5)
        a = (1.0 - (delay - whole)) / (1.0 + (delay - whole))  # the fraction is 0.5 to 1.5 samples
        newer = read_delayed(line, line_size, position, whole)
        back = a * (newer - back) + read_delayed(line, line_size, position, whole + 1)
        w = audio + g * back
        line[position] = w
        return back - g * w, next_position(position, line_size), back


class DcBlocker(Node):
    """Removes a constant offset: ``y[n] = x[n] - x[n-1] + R y[n-1]`` with ``R = exp(-2π cutoff / sr)``.

    J. O. Smith, Introduction to Digital Filters, "DC blocker".
    """

    words = "DC, DC offset, LeakDC, remove DC, dcblock~, DC filter, high pass, offset removal, hip"

    audio = AUDIO
    cutoff = In(10.0, unit="Hz", min=1.0, max=200.0, taper="log", doc="corner frequency")
    out = Out(doc="signal without offset")
    x1, y1 = State(), State()

    def tick(audio, cutoff, x1, y1, dt):
        y = audio - x1 + decay_factor(0.5 / (PI * max(cutoff, 0.01)), dt) * y1
        return y, audio, y
