"""Transposition of live sound: another pitch, the same duration."""

from __future__ import annotations

import numpy as np

from nodegraph.blocks.band_limited import RESOLUTION, weighted_sum, windowed_sinc
from nodegraph.frame_types import check_transform_size
from nodegraph.maths import clip, cos_turn, finite_or_zero, lerp, nearest, read_double, semitones_to_ratio
from nodegraph.node import Choice, Example, In, Line, Memory, Node, Option, Out, State, Table, Transform
from nodegraph.spectral.attacks import AFTER_SECONDS, APART_SECONDS, BEFORE_SECONDS, RISE, SHARE, STEP_SECONDS
from nodegraph.spectral.transform import irfft, rfft
from nodegraph.spectral.true_envelope import ENVELOPE_BINS, ENVELOPE_SIZE, envelope_gain, true_envelope

from .mixing import lane_of
from .stretching import add_cross_spectrum, turn_bins

LINKED, KEEP, STAY = 0, 1, 0
MAX_SEMITONES = 24.0
OVERLAP = 8  # windows that overlap
CROSSINGS, BETA = 24, 8.5  # of the sinc between the samples of the stretched sound
TAPS = 2 * CROSSINGS
REACH = CROSSINGS + 1  # samples of the stretched sound that the interpolation needs after its place
MARGIN = 104  # samples: the reach in output time, at the lowest pitch
LOUDEST = 1e9  # of the input: powers of louder spectra might overflow
FADE_SECONDS = 0.001  # at the border of a window that ends at an attack
BEFORE, AFTER = round(BEFORE_SECONDS / STEP_SECONDS), round(AFTER_SECONDS / STEP_SECONDS)
STEPS = 32  # whose energies are stored
FORGET = 0.9995  # per step, of the loudest attack: half in 3 s
GAIN_LIMIT = 5.8  # 50 dB as a natural logarithm
LONG_AGO = 1 << 30
LEAST_NORM = 0.01  # sum of squared windows below which the sound fades out


def interpolators(settings, sr):
    """Return the weights of TAPS samples at each place between two samples, RESOLUTION + 1 rows in one array."""
    sinc = windowed_sinc(CROSSINGS, BETA)
    places, taps = np.arange(RESOLUTION + 1)[:, None], np.arange(TAPS) - (CROSSINGS - 1)
    return sinc[np.abs(RESOLUTION * taps - places)].ravel()


def size_of(settings, *sr):
    return settings["size"]


def bins_of(settings, *sr):
    return settings["size"] // 2 + 1


def input_size(settings, sr):
    return 4 * settings["size"]


def stretched_size(settings, sr):
    return settings["size"] + 2 * REACH


class PitchShifter(Node):
    """Transposes a sound by ``pitch`` semitones while it plays, without a change of its duration.

    A phase vocoder stretches the sound by ``r = 2^(pitch / 12)`` and plays it ``r`` times as fast, band-limited.
    Windows of ``L = size min(1, 2r / (1 + r))`` samples are ``H = L clip(r, 1, 2) / 8`` apart, ``H / r`` in the input:
    ``Y = T X(t)``, ``arg T += arg X(t - H/r) X*(t - H)``, with identity phase locking as in ``stretch_player``: Laroche
    & Dolson, Improved phase vocoder time-scale modification of audio (IEEE Trans. Speech Audio Proc., 1999). An attack
    begins with its own phases, and the windows around it end there, so that it is heard once: after Röbel, A new
    approach to transient processing in the phase vocoder (DAFx, 2003).

    ``formants`` "keep" multiplies bin f by ``E(r f) / E(f)``, where E is the true envelope of Röbel & Rodet (DAFx,
    2005): a voice keeps its vowels. At pitch 0 the output is the input. Partials nearer than ``4 sr / L`` beat.
    """

    words = (
        "pitch shift, pitch shifting, transpose, transposer, harmonizer, harmoniser, octaver, octave pedal, detune, "
        "whammy, chipmunk, pitch up, pitch down, freqshift pitch, gizmo~, semitone, semitones, autotune, voice "
        "changer, formant shift, tune, cents, vocal tuning, helium, shimmer, octave up, octave down, "
        "Tonhöhenverschiebung, transposition, key change, pitch change, retune~, deep voice, monster, elastique, "
        "change pitch, pitch correction, darth vader, octave"
    )

    audio = In(0.0, doc="sound to transpose")
    pitch = In(
        7.0, unit="semitones", min=-MAX_SEMITONES, max=MAX_SEMITONES, doc="transposition; a list makes a chord of lanes"
    )
    highest = In(
        300.0, unit="Hz", min=50.0, max=2000.0, taper="log", doc="highest pitch of a voice whose formants are kept"
    )
    formants = Choice("move", "keep", doc="keep: the spectral envelope stays where it is, for voices")
    attacks_stay = Choice("on", "off", doc="on: attacks stay as sharp as they are")
    link = Choice("linked", "separate", doc="linked: lanes of the same pitch share their phases and attacks")
    linked_by = "link"
    example = Example(plot="spectrum")
    size = Option(2048, unit="samples", min=512, max=16384, doc="longest window, a power of two; the latency")
    out = Out(doc="transposed sound, size + 104 samples late")
    sound, stretched, norms = Line(input_size), Line(stretched_size), Line(stretched_size)
    before_re, before_im, turn_re, turn_im = (Line(bins_of) for _ in range(4))
    windowed, weights, shape = Memory(size_of), Memory(size_of), Memory(lambda settings: 3)
    now_re, now_im, power, cross_re, cross_im = (Memory(bins_of) for _ in range(5))
    target, envelope, imaginary = (Memory(lambda settings: ENVELOPE_BINS) for _ in range(3))
    cepstrum = Memory(lambda settings: ENVELOPE_SIZE)
    table = Table(interpolators)
    fft, envelope_fft = Transform(lambda settings: settings["size"]), Transform(lambda settings: ENVELOPE_SIZE)
    place, has_started = State(0), State(0)
    ahead, ratio = State(), State(1.0)  # of the middle of the last window before the read position; transposition
    steps = Line(lambda settings, sr: STEPS)
    energy, loudest, counted, step = State(), State(), State(0), State(0)
    # samples since an attack that is still to be heard (-1: none), and since the last that was heard; samples of the
    # stretched sound since that one; first and last sample of the last window, from its middle
    pending, heard, since, low, high = State(-1), State(LONG_AGO), State(0), State(0), State(0)

    def latency(settings, sr):
        return settings["size"] + MARGIN

    def check(settings):
        try:
            check_transform_size(settings["size"])
        except ValueError as error:
            return str(error)
        return ""

    def block(
        audio, pitch, highest, formants, attacks_stay, link, size, out, sound, stretched, norms, before_re, before_im,
        turn_re, turn_im, windowed, weights, shape, now_re, now_im, power, cross_re, cross_im, target, envelope,
        imaginary, cepstrum, table, fft, envelope_fft, place, has_started, ahead, ratio, steps, energy, loudest,
        counted, step, pending, heard, since, low, high, sr,
    ):  # fmt: skip
        lanes, mask, bins = out.shape[1], 4 * size - 1, size // 2 + 1
        centre = size // 2 + 2 * REACH
        fade = max(FADE_SECONDS * sr, 1.0)
        for i in range(out.shape[0]):
            at = place[0] = (place[0] + 1) & mask
            for lane in range(lanes):
                sound[lane, at] = clip(finite_or_zero(lane_of(audio, i, lane)), -LOUDEST, LOUDEST)
                ratio[lane] = semitones_to_ratio(clip(lane_of(pitch, i, lane), -MAX_SEMITONES, MAX_SEMITONES))
                pending[lane] += 1 if pending[lane] >= 0 else 0
                heard[lane] = min(heard[lane] + 1, LONG_AGO)
            if attacks_stay == STAY:
                find_attacks(
                    sound, at, mask, steps, energy, loudest, counted, step, pending, heard, lanes, link, size, sr
                )
            first = 0
            while first < lanes:
                end = first + 1
                while link == LINKED and end < lanes and ratio[end] == ratio[first] and ahead[end] == ahead[first]:
                    end += 1
                r = ratio[first]
                half = int(0.5 * size * min(1.0, 2.0 * r / (1.0 + r)))
                hop = int(2.0 * half * clip(r, 1.0, 2.0) / OVERLAP)
                while ahead[first] <= REACH + half - hop:
                    # the window that is read in (ahead + hop) / r samples is that of the latency before
                    back = int(nearest(size + MARGIN - (ahead[first] + hop) / r))
                    back = max(back, half)
                    begins = pending[first] >= 0 and back - 0.5 * hop / r <= pending[first]
                    if begins:
                        heard[first], pending[first], since[first] = pending[first], -1, -hop
                    is_new = begins or has_started[first] == 0
                    since[first] = min(since[first] + hop, LONG_AGO)
                    attack, before = back - heard[first], back - pending[first]  # places of attacks in this window
                    if not is_new:
                        # the previous window moved back by a hop in the stretched sound, without what came between
                        start, stop = max(low[first], attack), high[first]
                        stop = min(stop, before + hop) if pending[first] >= 0 else stop
                        write_window(weights, shape, half, start, stop, fade)
                        for k in range(bins):
                            cross_re[k] = cross_im[k] = 0.0
                        for lane in range(first, end):
                            take_window(sound, lane, at - back - hop - half, mask, weights, windowed, 2 * half, size)
                            rfft(fft, windowed, now_re, now_im)
                            add_cross_spectrum(
                                before_re[lane], before_im[lane], now_re, now_im, cross_re, cross_im, bins
                            )
                    low[first], high[first] = -half, half
                    if begins:
                        low[first] = max(attack - hop, -half)
                    elif since[first] < 2 * half:
                        low[first] = max(half // 2 - since[first], attack + int(fade), -half)
                    if pending[first] >= 0:
                        high[first] = min(int(before * min(r, 1.0)), half)
                    write_window(weights, shape, half, low[first], high[first], fade)
                    for k in range(bins):
                        power[k] = 0.0
                    for lane in range(first, end):
                        take_window(sound, lane, at - back - half, mask, weights, windowed, 2 * half, size)
                        rfft(fft, windowed, before_re[lane], before_im[lane])
                        for k in range(bins):
                            re, im = read_double(before_re, (lane, k)), read_double(before_im, (lane, k))
                            power[k] += re * re + im * im
                    if is_new:
                        for k in range(bins):
                            turn_re[first, k], turn_im[first, k] = 1.0, 0.0
                    else:
                        turn_bins(power, cross_re, cross_im, turn_re[first], turn_im[first], bins, 1)
                    if formants == KEEP:
                        order = int(clip(0.5 * sr / max(lane_of(highest, i, first), 1.0), 8.0, ENVELOPE_SIZE // 2 - 1))
                        true_envelope(envelope_fft, power, bins, order, target, envelope, imaginary, cepstrum)
                        for k in range(bins):
                            power[k] = envelope_gain(envelope, k / (bins - 1), r, GAIN_LIMIT)
                    last_bin = (bins - 1) / r if r > 1.0 else 2.0 * bins  # the last that will be below half the rate
                    for lane in range(first, end):
                        for k in range(bins):
                            tr, ti = turn_re[first, k], turn_im[first, k]
                            re, im = read_double(before_re, (lane, k)), read_double(before_im, (lane, k))
                            gain = power[k] if formants == KEEP else 1.0
                            gain *= clip((last_bin - k) * 0.125, 0.0, 1.0)
                            now_re[k], now_im[k] = gain * (re * tr - im * ti), gain * (re * ti + im * tr)
                            turn_re[lane, k], turn_im[lane, k] = tr, ti
                        irfft(fft, now_re, now_im, windowed)
                        add_window(stretched[lane], norms[lane], centre - half, hop, windowed, weights, 2 * half)
                        low[lane], high[lane], since[lane], has_started[lane] = low[first], high[first], since[first], 1
                        pending[lane], heard[lane] = pending[first], heard[first]
                        ahead[lane] = ahead[first] + hop if lane > first else ahead[lane]
                    ahead[first] += hop
                position = centre - ahead[first]
                whole = int(position)
                part = position - whole
                row = int(part * RESOLUTION)
                mix = part * RESOLUTION - row
                start = whole - CROSSINGS + 1
                for lane in range(first, end):
                    value = weighted_sum(stretched[lane], start, 1, table[TAPS * row :], TAPS)
                    if mix > 0.0:
                        value = lerp(
                            value, weighted_sum(stretched[lane], start, 1, table[TAPS * row + TAPS :], TAPS), mix
                        )
                    norm = lerp(read_double(norms, (lane, whole)), read_double(norms, (lane, whole + 1)), part)
                    out[i, lane] = value / max(norm, LEAST_NORM)
                    ahead[lane] -= r
                first = end


def find_attacks(sound, at, mask, steps, energy, loudest, counted, step, pending, heard, lanes, link, size, sr):
    """Note the attacks of the newest sample, as ``attacks_of`` finds them in a file; linked lanes begin together."""
    length = max(int(STEP_SECONDS * sr), 1)
    groups = 1 if link == LINKED else lanes
    for lane in range(lanes):
        change = read_double(sound, (lane, at)) - read_double(sound, (lane, (at - 1) & mask))
        energy[min(lane, groups - 1)] += change * change
    counted[0] += 1
    if counted[0] < length:
        return
    counted[0] = 0
    step[0] = (step[0] + 1) % STEPS
    for group in range(groups):
        steps[group, step[0]] = energy[group]
        energy[group] = 0.0
        later = mean_energy(steps, group, step[0], AFTER)
        earlier = mean_energy(steps, group, step[0] - AFTER, BEFORE)
        loudest[group] = max(loudest[group] * FORGET, later, 1e-12)
        begins = later > SHARE * loudest[group] and later > RISE * (earlier + 1e-3 * loudest[group])
        for lane in range(group, lanes if link == LINKED else group + 1):
            if begins and pending[lane] < 0 and heard[lane] > max(APART_SECONDS * sr, 1.0 * size):
                pending[lane] = length - 1


def mean_energy(steps, group, last, count):
    """Return the mean energy of ``count`` steps, the last of which is ``last``."""
    total = 0.0
    for k in range(count):
        total += read_double(steps, (group, (last - k) % STEPS))
    return total / count


def write_window(weights, shape, half, low, high, fade):
    """Write a Hann window of ``2 half`` samples, with a fade from ``low`` on and one to ``high``, from its middle.

    ``shape`` is the half, low and high of the window that was written last.
    """
    if shape[0] == half and shape[1] == low and shape[2] == high:
        return
    shape[0], shape[1], shape[2] = half, low, high
    for n in range(2 * half):
        weights[n] = 0.5 - 0.5 * cos_turn((n + 0.5) * 0.5 / half)
    if low > -half:
        for n in range(2 * half):
            weights[n] *= clip((n - half - low) / fade, 0.0, 1.0)
    if high < half:
        for n in range(2 * half):
            weights[n] *= clip((high - n + half) / fade, 0.0, 1.0)


def take_window(sound, lane, start, mask, weights, windowed, length, size):
    """Write ``length`` samples of the ring ``sound`` from ``start`` on, times the window, and zeros up to ``size``."""
    start = start & mask
    first = min(length, mask + 1 - start)
    for n in range(first):
        windowed[n] = read_double(sound, (lane, start + n)) * weights[n]
    for n in range(first, length):
        windowed[n] = read_double(sound, (lane, start + n - mask - 1)) * weights[n]
    for n in range(length, size):
        windowed[n] = 0.0


def add_window(stretched, norms, start, hop, windowed, weights, length):
    """Move the stretched sound back by a hop, and add a window from ``start`` on, and its square to ``norms``."""
    total = stretched.shape[0]
    for n in range(total - hop):
        stretched[n] = stretched[n + hop]
    for n in range(total - hop):
        norms[n] = norms[n + hop]
    for n in range(total - hop, total):
        stretched[n] = norms[n] = 0.0
    for n in range(length):
        stretched[start + n] = read_double(stretched, start + n) + windowed[n] * weights[n]
    for n in range(length):
        norms[start + n] = read_double(norms, start + n) + weights[n] * weights[n]
