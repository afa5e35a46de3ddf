"""Sounds as numbers: pitch, onsets and the shape of the spectrum, as signals that can be wired to any knob.

Each output has a new value per frame, from the end of the frame on.
"""

from __future__ import annotations

import numpy as np

from nodegraph.maths import clip, cos_turn, exp, exp2, floor, log, log2, read_double, sqrt
from nodegraph.node import Example, FrameIn, In, Line, Memory, Node, Option, Out, Scratch, State, Table, Transform
from nodegraph.quantum import QUANTUM
from nodegraph.spectral.bands import bounds, mel_matrix
from nodegraph.spectral.ring import play_ring
from nodegraph.spectral.transform import irfft
from nodegraph.spectral.windows import window

MAGNITUDE = FrameIn("magnitude", doc="magnitudes of the sound")
OCTAVE_COST = 0.05  # of the score of a period per octave, so that a period wins over its multiples
LEAP_COST = 0.35  # of the score per octave from the period before, for a hop of 10 ms (Boersma)
CANDIDATES = 8  # periods per frame
NO_CANDIDATE = -1e6  # score
SILENCE = 1e-10  # power of a frame, relative to a full-scale constant
LEAST_POWER = 1e-10  # of a bin, in the flatness
COMPRESSION = 1000.0  # γ times the transform size: a sine at -60 dB is at the knee


def held_values():
    """Return a ring that plays one value per frame."""
    return Line(lambda settings, sr: settings["hop"] + 2 * QUANTUM)


def hold(ring, ring_size, read, age, hop, value):
    """Hold a value from the end of a frame to that of the next one."""
    end = read[0] + QUANTUM - 1 - age
    for n in range(hop):
        ring[(end + n) % ring_size] = value


def window_correlation(settings, sr):
    """Return the autocorrelation of the analysis window at lags 0 … size / 2, relative to lag 0."""
    size = settings["size"]
    padded = np.fft.rfft(window(settings["analysis_window"] or "hann", size), 2 * size)
    correlation = np.fft.irfft(np.abs(padded) ** 2)[: size // 2 + 1]
    return correlation / correlation[0]


def keep_candidate(octaves, heights, scores, octave, height):
    """Keep a period of ``octave = log2 τ`` in the place of that with the lowest score, if its own is higher."""
    score = height - OCTAVE_COST * octave
    lowest = 0
    for n in range(CANDIDATES):
        if read_double(scores, n) < read_double(scores, lowest):
            lowest = n
    if score > read_double(scores, lowest):
        octaves[lowest], heights[lowest], scores[lowest] = octave, height, score


def best_with_past(octave, octaves_before, scores_before, leap):
    """Return the best score of a path to a period, ``max_j(S_j - leap min(|octave - octave_j|, 1))``."""
    best = NO_CANDIDATE
    for n in range(CANDIDATES):
        distance = abs(octave - read_double(octaves_before, n))
        best = max(best, read_double(scores_before, n) - leap * min(distance, 1.0))
    return best


class Pitch(Node):
    """Finds the pitch of a sound of one voice, and how sure it is: a tuner, or a voice that plays an oscillator.

    The candidates ``τ_i`` of a frame are the peaks of ``h(τ) = r_x(τ) / r_w(τ)``, the autocorrelation of the frame over
    that of its window. ``S_i = h(τ_i) - 0.05 log2 τ_i + max_j(S'_j - c min(|log2(τ_i / τ'_j)|, 1))`` is the score of
    the best path to a candidate from those of the frame before (Viterbi), where ``c`` is 0.35 times 10 ms per hop. The
    period is that of the highest score; the path is not revised later, so that nothing is delayed. ``confidence`` is
    ``h(τ)``, 1 for a periodic sound. Below ``threshold`` the frequency stays. A frame should hold four periods of
    ``lowest``. Boersma, Accurate short-term analysis of the fundamental frequency (IFA Proceedings 17, 1993).
    """

    words = (
        "tuner, pitch detection, pitch tracker, pitch tracking, pitch follower, fiddle~, sigmund~, yin, tartini, f0, "
        "fundamental, note detection, frequency detector, audio to midi, pitch to voltage, tune, autotune, what note, "
        "guitar tuner, Tonhöhe, Stimmgerät, hauteur, accordeur, intonation, pitch estimation, key, pitchdetect, "
        "zerocross~, ZeroCrossing, hum to synth, frequency, key detection"
    )
    example = Example(inputs={"spectrum": "glide"}, heard="hertz")

    spectrum = FrameIn("spectrum", doc="spectra of the sound")
    lowest = In(70.0, unit="Hz", min=20.0, max=2000.0, taper="log", doc="lowest pitch to look for")
    highest = In(1500.0, unit="Hz", min=50.0, max=8000.0, taper="log", doc="highest pitch to look for")
    threshold = In(0.6, unit="ratio", min=0.0, max=1.0, doc="confidence below which the frequency stays")
    frequency = Out(unit="Hz", doc="pitch; 0 until there is one")
    confidence = Out(unit="ratio", doc="1 for a periodic sound, below 0.1 for white noise, 0 for silence")
    power, zeros = Scratch(lambda settings, sr: settings["bins"]), Scratch(lambda settings, sr: settings["bins"])
    correlation = Scratch(lambda settings, sr: settings["size"])
    octaves, heights, scores = (Scratch(lambda settings, sr: CANDIDATES) for _ in range(3))
    octaves_before, scores_before = (Line(lambda settings, sr: CANDIDATES) for _ in range(2))
    of_window = Table(window_correlation)
    fft = Transform()
    frequencies, confidences = held_values(), held_values()
    read_frequency, read_confidence = State(0), State(0)
    last = State()

    def frame(
        spectrum_re, spectrum_im, lowest, highest, threshold, power, zeros, correlation, octaves, heights, scores,
        octaves_before, scores_before, of_window, fft, frequencies, frequencies_size, confidences,
        read_frequency, read_confidence, last, bins, size, hop, age, sr, dt,
    ):  # fmt: skip
        for k in range(bins):
            re, im = read_double(spectrum_re, k), read_double(spectrum_im, k)
            power[k] = re * re + im * im
            zeros[k] = 0.0
        irfft(fft, power, zeros, correlation)
        for n in range(CANDIDATES):
            octaves[n], heights[n], scores[n] = 0.0, 0.0, NO_CANDIDATE
        shortest, longest = sr / max(highest, 1.0), sr / max(lowest, 1.0)
        if read_double(correlation, 0) > SILENCE * size:
            for lag in range(max(int(shortest), 2), min(int(longest) + 2, size // 2)):
                a = normalised(correlation, of_window, lag - 1)
                b = normalised(correlation, of_window, lag)
                c = normalised(correlation, of_window, lag + 1)
                if b > a and b >= c:
                    offset = 0.5 * (a - c) / (a - 2.0 * b + c)
                    if shortest <= lag + offset <= longest:
                        keep_candidate(octaves, heights, scores, log2(lag + offset), b - 0.25 * (a - c) * offset)
        leap = LEAP_COST * 0.01 / (hop * dt)
        best = 0
        for n in range(CANDIDATES):
            score = read_double(scores, n)
            if score > NO_CANDIDATE:
                scores[n] = score + best_with_past(read_double(octaves, n), octaves_before, scores_before, leap)
            if read_double(scores, n) > read_double(scores, best):
                best = n
        highest_score, height = read_double(scores, best), read_double(heights, best)
        for n in range(CANDIDATES):  # relative to the best, so that sums stay small
            octaves_before[n] = octaves[n]
            scores_before[n] = read_double(scores, n) - highest_score
        if highest_score > NO_CANDIDATE and height >= threshold:
            last[0] = sr / exp2(read_double(octaves, best))
        hold(frequencies, frequencies_size, read_frequency, age, hop, last[0])
        hold(confidences, frequencies_size, read_confidence, age, hop, clip(height, 0.0, 1.0))

    def block(frequency, confidence, frequencies, confidences, read_frequency, read_confidence):
        play_ring(frequency, frequencies, read_frequency)
        play_ring(confidence, confidences, read_confidence)

    def lanes(inputs, settings):
        return {"frequency": inputs["spectrum"], "confidence": inputs["spectrum"]}

    display = "tuner"

    def dot(frequency):
        if frequency <= 0.0:
            return None
        exact = 69.0 + 12.0 * log2(frequency / TUNING_HZ)
        return 100.0 * (exact - floor(exact + 0.5)), floor(exact + 0.5)


def normalised(correlation, of_window, lag):
    """Return the autocorrelation at a lag, relative to lag 0 and corrected by that of the window."""
    return read_double(correlation, lag) / (read_double(correlation, 0) * max(read_double(of_window, lag), 0.05))


class SpectralFeatures(Node):
    """Describes the timbre of a sound by its spectrum: how bright, wide, noisy and changing it is.

    With magnitudes ``m``: centroid ``c = Σ f m / Σ m``, spread ``√(Σ (f - c)² m / Σ m)``, rolloff the lowest frequency
    with 85 % of ``Σ m`` below it, flatness the geometric over the arithmetic mean of ``m²``, flux ``Σ max(m - m', 0) /
    Σ m`` with ``m'`` of the frame before. All are 0 in silence. Peeters, A large set of audio features (Ircam, 2004).
    """

    words = (
        "centroid, brightness, spectral centroid, flatness, rolloff, flux, timbre, SpecFlatness, SpecCentroid, "
        "SpecPcile, noisiness, descriptors, features, analysis, audio features, descriptor~, analyzer~, brightness "
        "detector, sharpness"
    )
    example = Example(inputs={"magnitude": "glide"}, heard="hertz")

    magnitude = MAGNITUDE
    part = In(0.85, unit="ratio", min=0.01, max=1.0, doc="part of the magnitudes below the rolloff")
    centroid = Out(unit="Hz", doc="mean frequency: brightness")
    spread = Out(unit="Hz", doc="width around the centroid")
    rolloff = Out(unit="Hz", doc="frequency below which most of the sound lies")
    flatness = Out(unit="ratio", doc="1 for white noise, 0 for a tone")
    flux = Out(unit="ratio", doc="new magnitudes since the frame before: 1 at the first frame after silence")
    before = Line(lambda settings, sr: settings["bins"])
    centroids, spreads, rolloffs, flatnesses, fluxes = (held_values() for _ in range(5))
    read_centroid, read_spread, read_rolloff, read_flatness, read_flux = (State(0) for _ in range(5))

    def frame(
        magnitude, part, before, centroids, centroids_size, spreads, rolloffs, flatnesses, fluxes,
        read_centroid, read_spread, read_rolloff, read_flatness, read_flux, bins, size, hop, age, sr,
    ):  # fmt: skip
        width = sr / size
        total = weighted = powers = logs = rises = 0.0
        for k in range(bins):
            m = read_double(magnitude, k)
            total += m
            weighted += m * k
            power = max(m * m, LEAST_POWER)
            powers += power
            logs += log(power)
            rises += max(m - read_double(before, k), 0.0)
            before[k] = m
        centre = variance = edge = flat = rise = 0.0
        if total > bins * sqrt(LEAST_POWER):
            centre = weighted / total
            below = 0.0
            for k in range(bins):
                m = read_double(magnitude, k)
                variance += (k - centre) * (k - centre) * m / total
                if below < part * total:
                    edge = 1.0 * k
                below += m
            flat = exp(logs / bins) * bins / powers
            rise = rises / total
        hold(centroids, centroids_size, read_centroid, age, hop, width * centre)
        hold(spreads, centroids_size, read_spread, age, hop, width * sqrt(variance))
        hold(rolloffs, centroids_size, read_rolloff, age, hop, width * edge)
        hold(flatnesses, centroids_size, read_flatness, age, hop, flat)
        hold(fluxes, centroids_size, read_flux, age, hop, rise)

    def block(
        centroid, spread, rolloff, flatness, flux, centroids, spreads, rolloffs, flatnesses, fluxes,
        read_centroid, read_spread, read_rolloff, read_flatness, read_flux,
    ):  # fmt: skip
        play_ring(centroid, centroids, read_centroid)
        play_ring(spread, spreads, read_spread)
        play_ring(rolloff, rolloffs, read_rolloff)
        play_ring(flatness, flatnesses, read_flatness)
        play_ring(flux, fluxes, read_flux)

    def lanes(inputs, settings):
        return dict.fromkeys(("centroid", "spread", "rolloff", "flatness", "flux"), inputs["magnitude"])


ONSET_BANDS = 96
MEAN_SECONDS = 0.1


def onset_weights(settings, sr):
    """Return the weights of the bands in which onsets are looked for: triangles with a maximum of 1."""
    return mel_matrix(ONSET_BANDS, settings["size"], sr, 0.0, sr / 2.0, "slaney", "peak")


class Onset(Node):
    """Detects the starts of notes and hits: a trigger for envelopes, samples and sequencers.

    ``o = Σ max(log(1 + γ b) - log(1 + γ b''), 0) / 96`` rises where the magnitudes ``b`` of 96 mel bands do, ``b''`` is
    the largest of three neighbouring bands two frames before, which ignores vibrato. A note starts where ``o`` exceeds
    ``floor`` plus ``threshold`` times its mean of the last 100 ms, and ``gap`` after the last one. Windows of 25 to
    50 ms find most notes. Böck & Widmer, Maximum filter vibrato suppression for onset detection (DAFx, 2013).
    """

    words = (
        "onsets, onset detection, attack, attack detection, bonk~, transient, transient detector, beat, beat "
        "detection, hit detection, Coyote, detect, beat tracker, drum trigger, trigger from audio, audio to trigger, "
        "pulse detector, percussion detector, Anschlag, attaque, clap, BeatTrack, drum replacement"
    )
    example = Example(inputs={"magnitude": "plucks"}, heard="gate")

    magnitude = MAGNITUDE
    threshold = In(
        2.0, unit="ratio", min=1.0, max=20.0, taper="log", doc="rise that starts a note, times the mean rise"
    )
    floor = In(0.05, unit="ratio", min=0.0, max=1.0, doc="least rise that starts a note")
    gap = In(0.05, unit="s", min=0.0, max=2.0, doc="least time between two notes")
    trigger = Out(unit="gate", doc="1 for one hop at the start of a note")
    strength = Out(unit="ratio", doc="rise of the spectrum (o)")
    weights = Table(onset_weights)
    limits = Table(lambda settings, sr: bounds(onset_weights(settings, sr)))
    levels = Scratch(lambda settings, sr: ONSET_BANDS)
    before, earlier = (Line(lambda settings, sr: ONSET_BANDS) for _ in range(2))
    triggers, strengths = held_values(), held_values()
    read_trigger, read_strength = State(0), State(0)
    mean, since = State(), State(1e9)

    def frame(
        magnitude, threshold, floor, gap, weights, limits, levels, before, earlier, triggers, triggers_size, strengths,
        read_trigger, read_strength, mean, since, bins, size, hop, age, dt,
    ):  # fmt: skip
        for b in range(ONSET_BANDS):
            level = 0.0
            for k in range(int(limits[2 * b]), int(limits[2 * b + 1])):
                level += read_double(weights, b * bins + k) * read_double(magnitude, k)
            levels[b] = log(1.0 + COMPRESSION / size * level)
        rise = 0.0
        for b in range(ONSET_BANDS):
            low, high = max(b - 1, 0), min(b + 1, ONSET_BANDS - 1)
            past = max(max(read_double(earlier, low), read_double(earlier, b)), read_double(earlier, high))
            rise += max(read_double(levels, b) - past, 0.0)
        for b in range(ONSET_BANDS):
            earlier[b] = before[b]
            before[b] = levels[b]
        rise /= ONSET_BANDS
        since[0] += hop * dt
        starts = rise > threshold * mean[0] + floor and since[0] >= gap
        if starts:
            since[0] = 0.0
        mean[0] += (rise - mean[0]) * min(hop * dt / MEAN_SECONDS, 1.0)
        hold(triggers, triggers_size, read_trigger, age, hop, 1.0 if starts else 0.0)
        hold(strengths, triggers_size, read_strength, age, hop, rise)

    def block(trigger, strength, triggers, strengths, read_trigger, read_strength):
        play_ring(trigger, triggers, read_trigger)
        play_ring(strength, strengths, read_strength)

    def lanes(inputs, settings):
        return {"trigger": inputs["magnitude"], "strength": inputs["magnitude"]}


PITCH_CLASSES = 12
TUNING_HZ = 440.0


def chroma_weights(settings, sr):
    """Return the weight of each bin in each pitch class, C first, (12, bins): Gaussians a semitone wide.

    Their sums of squares are 1 in each bin, times a Gaussian two octaves wide around the fifth octave of A0.
    """
    size = settings["size"]
    frequencies = np.arange(1, size) * sr / size
    bins = PITCH_CLASSES * np.log2(frequencies / (TUNING_HZ / 16))
    bins = np.concatenate([[bins[0] - 1.5 * PITCH_CLASSES], bins])
    widths = np.concatenate([np.maximum(np.diff(bins), 1.0), [1.0]])
    half = round(PITCH_CLASSES / 2)
    distances = np.subtract.outer(bins, np.arange(PITCH_CLASSES)).T
    distances = np.remainder(distances + half + 10 * PITCH_CLASSES, PITCH_CLASSES) - half
    weights = np.exp(-0.5 * (2 * distances / widths) ** 2)
    weights /= np.sqrt((weights**2).sum(axis=0, keepdims=True))
    weights *= np.exp(-0.5 * ((bins / PITCH_CLASSES - 5.0) / 2.0) ** 2)
    return np.roll(weights, -3, axis=0)[:, : size // 2 + 1]


class Chroma(Node):
    """Measures how much of each pitch class a sound has: harmony as twelve lanes, C to B, of which the loudest is 1.

    ``c = Σ_k W[p, k] |X_k|²``, relative to the largest of the twelve; 0 in silence. Ellis, Chroma feature analysis and
    synthesis (2007), as in librosa, at a tuning of 440 Hz.
    """

    words = (
        "pitch class, chromagram, harmony, key detection, chord detection, chord recognition, HPCP, chroma features, "
        "notes in a chord, Tonart"
    )
    example = Example(inputs={"magnitude": "glide"}, heard="source")

    magnitude = MAGNITUDE
    out = Out(unit="ratio", doc="twelve lanes: C, C# … B")
    weights = Table(chroma_weights)
    classes = Memory(lambda settings: PITCH_CLASSES)
    ring = held_values()
    read = State(0)

    def frame(magnitude, weights, classes, ring, ring_size, read, bins, hop, age, lane):
        own = lane % PITCH_CLASSES
        if own == 0:  # the other lanes of this frame read what it computes
            largest = 0.0
            for p in range(PITCH_CLASSES):
                total = 0.0
                for k in range(bins):
                    m = read_double(magnitude, k)
                    total += read_double(weights, p * bins + k) * m * m
                classes[p] = total
                largest = max(largest, total)
            for p in range(PITCH_CLASSES):
                classes[p] = classes[p] / largest if largest > SILENCE * SILENCE else 0.0
        hold(ring, ring_size, read, age, hop, classes[own])

    def block(out, ring, read):
        play_ring(out, ring, read)

    def lanes(inputs, settings):
        return {"out": PITCH_CLASSES * inputs["magnitude"]}


BANDS = 128


def mel_power_weights(settings, sr):
    """Return the weights of the mel bands, as librosa's default."""
    return mel_matrix(BANDS, settings["size"], sr, 0.0, sr / 2.0, "slaney", "area")


class Mfcc(Node):
    """Describes the timbre of a sound by a few numbers: mel-frequency cepstral coefficients, one lane each.

    ``c_n = Σ_b w_n 10 log10(max(P_b, 10⁻¹⁰)) cos(π n (b + ½) / 128)``, the orthonormal cosine transform of the levels
    of 128 mel bands, in dB. Davis & Mermelstein, Comparison of parametric representations for monosyllabic word
    recognition (IEEE Trans. ASSP, 1980).
    """

    words = "timbre, cepstrum, cepstral, mel cepstrum, bark~, features, descriptors, speech features, timbreID"
    example = Example(inputs={"magnitude": "glide"}, heard="source")

    magnitude = MAGNITUDE
    count = Option(13, min=1, max=40, doc="number of coefficients, the first one for the level")
    out = Out(unit="dB", doc="one lane per coefficient")
    weights = Table(mel_power_weights)
    limits = Table(lambda settings, sr: bounds(mel_power_weights(settings, sr)))
    levels = Memory(lambda settings: BANDS)
    ring = held_values()
    read = State(0)

    def frame(magnitude, count, weights, limits, levels, ring, ring_size, read, bins, hop, age, lane):
        own = lane % count
        if own == 0:  # the other lanes of this frame read what it computes
            for b in range(BANDS):
                power = 0.0
                for k in range(int(limits[2 * b]), int(limits[2 * b + 1])):
                    m = read_double(magnitude, k)
                    power += read_double(weights, b * bins + k) * m * m
                levels[b] = 3.0102999566398120 * log2(max(power, 1e-10))
        total = 0.0
        for b in range(BANDS):
            total += levels[b] * cos_turn(0.5 * own * (b + 0.5) / BANDS)
        scale = sqrt(1.0 / BANDS) if own == 0 else sqrt(2.0 / BANDS)
        hold(ring, ring_size, read, age, hop, scale * total)

    def block(out, ring, read):
        play_ring(out, ring, read)

    def lanes(inputs, settings):
        return {"out": settings["count"] * inputs["magnitude"]}
