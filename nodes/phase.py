"""Phase from magnitude: sound from spectra that have lost their phases.

The blocks that end in a signal hold their own overlap-add; the others give spectra for ``inverse_stft``.
"""

from __future__ import annotations

from nodegraph.maths import cos_turn, next_random, sin_turn, uniform
from nodegraph.node import Choice, FrameIn, FrameOut, In, Line, Node, Option, Out, State, Table, Transform
from nodegraph.spectral.pghi import SPREAD, bin_gradient, integrate, log_magnitude, time_gradient
from nodegraph.spectral.rtisi import (
    first_newest_window,
    frames_of,
    full_level,
    iterate,
    iterate_with_momentum,
    later_newest_window,
    present_level,
    settle,
    shift_frames,
    span_length,
    store_estimate,
)
from nodegraph.spectral.windows import WINDOWS, analysis_window

QUANTUM = 64


def of_size(settings, sr):
    return settings["size"]


def of_bins(settings, sr):
    return settings["bins"]


def output_ring(settings, sr):
    return settings["hop"] + 2 * QUANTUM


def spread_of(settings, sr):
    return [SPREAD[settings["window"]] * settings["size"] ** 2]


def put_out(ring, ring_size, read, age, finished, hop):
    """Hand the finished samples of a frame to the block that plays them, from the frame's end on."""
    at = read + QUANTUM - age
    for n in range(hop):
        ring[(at + n) % ring_size] = finished[n]


def play_ring(out, ring, read):
    """Play what the frames have finished, a quantum at a time."""
    length = ring.shape[1]
    for lane in range(out.shape[1]):
        at = read[lane]
        for i in range(out.shape[0]):
            out[i, lane] = ring[lane, at]
            ring[lane, at] = 0.0
            at = at + 1 if at + 1 < length else 0
        read[lane] = at


class RtisiLa(Node):
    """Real-time iterative spectrogram inversion with look-ahead (RTISI-LA; RTISI with ``look_ahead`` 0).

    The ``look_ahead + 1`` youngest frames are iterated ``iterations`` times per hop between their magnitudes and
    their overlap: ``x ← overlap-add of ifft(A e^(i arg stft x))``. Zhu, Beauregard & Wyse, Real-time signal
    estimation from modified STFT magnitude spectra (IEEE Trans. ASLP, 2007), with their window for the newest
    frame.
    """

    magnitude = FrameIn("magnitude", doc="magnitudes of an stft with the same window")
    look_ahead = Option(3, unit="frames", min=0, max=15, doc="frames to wait for; size / hop - 1 is natural")
    iterations = Option(5, min=1, max=100, doc="iterations per frame")
    window = Choice(*WINDOWS, doc="window of the stft")
    out = Out(doc="signal, one window and the look-ahead later")
    targets, estimates = Line(frames_of("bins")), Line(frames_of("size"))
    settled, signal = Line(span_length), Line(span_length)
    framed, re, im = Line(of_size), Line(of_bins), Line(of_bins)
    finished, ring = Line(lambda settings, sr: settings["hop"]), Line(output_ring)
    weights, level = Table(analysis_window), Table(full_level)
    first_newest, later_newest = Table(first_newest_window), Table(later_newest_window)
    read = State(0)
    fft = Transform()

    def frame(
        magnitude, look_ahead, iterations, targets, estimates, settled, signal, framed, re, im, finished, ring,
        ring_size, weights, level, first_newest, later_newest, read, bins, size, hop, age, fft,
    ):
        count = look_ahead + 1
        shift_frames(targets, bins, count)
        shift_frames(estimates, size, count)
        for k in range(bins):
            targets[look_ahead * bins + k] = magnitude[k]
        for n in range(size):
            estimates[look_ahead * size + n] = 0.0
        iterate(
            fft, targets, estimates, settled, signal, framed, re, im, weights, level, first_newest, later_newest,
            size, hop, bins, count, iterations,
        )
        settle(estimates, settled, weights, level, finished, size, hop, count)
        put_out(ring, ring_size, read[0], age, finished, hop)

    def block(out, ring, read):
        play_ring(out, ring, read)

    def latency(settings, sr):
        return settings["size"] + settings["look_ahead"] * settings["hop"] - settings["reference"]


class MomentumRtisi(Node):
    """RTISI-LA with what has been learned since: about 4 dB closer at the same delay and work.

    Each frame's spectrum is extrapolated by ``momentum`` times its last change before its phase is taken (Perraudin,
    Balazs & Søndergaard, A fast Griffin–Lim algorithm, 2013), the overlap is normalised by the windows that are
    really there (Gnann & Spiertz, Improving RTISI phase estimation, 2010), and a new frame starts from the phase
    gradient of its magnitudes (Průša & Søndergaard, Proc. DAFx, 2016).
    """

    magnitude = FrameIn("magnitude", doc="magnitudes of an stft with the same window")
    momentum = In(0.9, unit="ratio", min=0.0, max=1.0, doc="how far each change is carried on; 0 is plain RTISI-LA")
    look_ahead = Option(3, unit="frames", min=0, max=15, doc="frames to wait for; size / hop - 1 is natural")
    iterations = Option(5, min=1, max=100, doc="iterations per frame")
    window = Choice(*WINDOWS, doc="window of the stft")
    out = Out(doc="signal, one window and the look-ahead later")
    targets, estimates = Line(frames_of("bins")), Line(frames_of("size"))
    before_re, before_im = Line(frames_of("bins")), Line(frames_of("bins"))
    settled, signal = Line(span_length), Line(span_length)
    framed, re, im = Line(of_size), Line(of_bins), Line(of_bins)
    logs, logs_before = Line(of_bins), Line(of_bins)
    per_hop, per_hop_before, per_bin = Line(of_bins), Line(of_bins), Line(of_bins)
    cos, sin, cos_before, sin_before = Line(of_bins), Line(of_bins), Line(of_bins), Line(of_bins)
    heap, done = Line(lambda settings, sr: 3 * settings["bins"]), Line(of_bins)
    finished, ring = Line(lambda settings, sr: settings["hop"]), Line(output_ring)
    weights, level = Table(analysis_window), Table(present_level)
    spread = Table(spread_of)
    read = State(0)
    fft = Transform()

    def frame(
        magnitude, momentum, look_ahead, iterations, targets, estimates, before_re, before_im, settled, signal,
        framed, re, im, logs, logs_before, per_hop, per_hop_before, per_bin, cos, sin, cos_before, sin_before, heap,
        done, finished, ring, ring_size, weights, level, spread, read, bins, size, hop, age, fft,
    ):
        count = look_ahead + 1
        newest = look_ahead * bins
        for k in range(bins):
            logs_before[k] = logs[k]
            per_hop_before[k] = per_hop[k]
            power = before_re[newest + k] * before_re[newest + k] + before_im[newest + k] * before_im[newest + k]
            scale = 1.0 / (power + 1e-30) ** 0.5
            cos_before[k] = before_re[newest + k] * scale if power > 1e-30 else 1.0
            sin_before[k] = before_im[newest + k] * scale if power > 1e-30 else 0.0
        least = log_magnitude(magnitude, logs, bins)
        time_gradient(logs, per_hop, bins, hop, size, spread[0])
        bin_gradient(logs, logs_before, 1, per_bin, bins, hop, size, spread[0])
        integrate(
            logs, logs_before, least, per_hop, per_hop_before, per_bin, cos_before, sin_before, cos, sin, heap, done,
            bins,
        )
        shift_frames(targets, bins, count)
        shift_frames(estimates, size, count)
        shift_frames(before_re, bins, count)
        shift_frames(before_im, bins, count)
        for k in range(bins):
            targets[newest + k] = magnitude[k]
            re[k] = magnitude[k] * cos[k]
            im[k] = magnitude[k] * sin[k]
        store_estimate(fft, re, im, framed, estimates, look_ahead * size, size)
        iterate_with_momentum(
            fft, targets, estimates, settled, signal, framed, re, im, before_re, before_im, weights, level, size, hop,
            bins, count, iterations, momentum,
        )
        settle(estimates, settled, weights, level, finished, size, hop, count)
        put_out(ring, ring_size, read[0], age, finished, hop)

    def block(out, ring, read):
        play_ring(out, ring, read)

    def latency(settings, sr):
        return settings["size"] + settings["look_ahead"] * settings["hop"] - settings["reference"]


class PhaseGradient(Node):
    """Phases by integrating the gradient of the log-magnitude along its ridges, one frame at a time (RTPGHI).

    Průša & Søndergaard, Real-time spectrogram inversion using phase gradient heap integration (Proc. DAFx, 2016).
    """

    magnitude = FrameIn("magnitude", doc="magnitudes of an stft with the same window")
    window = Choice(*WINDOWS, doc="window of the stft")
    spectrum = FrameOut("spectrum", doc="the magnitudes with phases")
    logs, logs_before = Line(of_bins), Line(of_bins)
    per_hop, per_hop_before, per_bin = Line(of_bins), Line(of_bins), Line(of_bins)
    cos, sin, cos_before, sin_before = Line(of_bins), Line(of_bins), Line(of_bins), Line(of_bins)
    heap, done = Line(lambda settings, sr: 3 * settings["bins"]), Line(of_bins)
    spread = Table(spread_of)
    started = State(0.0)

    def frame(
        magnitude, spectrum_re, spectrum_im, logs, logs_before, per_hop, per_hop_before, per_bin, cos, sin, cos_before,
        sin_before, heap, done, spread, started, bins, size, hop,
    ):
        for k in range(bins):
            logs_before[k] = logs[k]
            per_hop_before[k] = per_hop[k]
            cos_before[k] = cos[k] if started[0] > 0.0 else 1.0
            sin_before[k] = sin[k]
        started[0] = 1.0
        least = log_magnitude(magnitude, logs, bins)
        time_gradient(logs, per_hop, bins, hop, size, spread[0])
        bin_gradient(logs, logs_before, 1, per_bin, bins, hop, size, spread[0])
        integrate(
            logs, logs_before, least, per_hop, per_hop_before, per_bin, cos_before, sin_before, cos, sin, heap, done,
            bins,
        )
        for k in range(bins):
            spectrum_re[k] = magnitude[k] * cos[k]
            spectrum_im[k] = magnitude[k] * sin[k]


class ChannelVocoder(Node):
    """Every bin an oscillator at its centre: ``φ ← φ + hop k / size`` turns per frame, from random phases.

    The phase of Sarroff & Casey, Musical audio synthesis using autoencoding neural nets (Proc. ICMC, 2014).
    """

    magnitude = FrameIn("magnitude", doc="magnitudes to be heard")
    spectrum = FrameOut("spectrum", doc="the magnitudes with phases")
    phase = Line(of_bins)
    started, seed = State(0.0), State(seeded=True)

    def frame(magnitude, spectrum_re, spectrum_im, phase, started, seed, bins, size, hop):
        if started[0] == 0.0:
            for k in range(bins):
                seed[0] = next_random(seed[0])
                phase[k] = uniform(seed[0])
            started[0] = 1.0
        for k in range(bins):
            turns = 1.0 * phase[k] + ((hop * k) % size) / size
            turns = turns - 1.0 if turns >= 1.0 else turns
            phase[k] = turns
            spectrum_re[k] = magnitude[k] * cos_turn(turns)
            spectrum_im[k] = magnitude[k] * sin_turn(turns)


class PeakVocoder(Node):
    """Phases locked to spectral peaks: single-pass spectrogram inversion.

    Each peak's frequency is read off a parabola through its bin and its neighbours; its phase advances by that
    frequency per hop, and the bins around it take its phase, half a turn apart from bin to bin. Beauregard, Harish
    & Wyse, Single pass spectrogram inversion (Proc. DSP, 2015).
    """

    magnitude = FrameIn("magnitude", doc="magnitudes to be heard")
    spectrum = FrameOut("spectrum", doc="the magnitudes with phases")
    phase = Line(of_bins)

    def frame(magnitude, spectrum_re, spectrum_im, phase, bins, size, hop):
        first = 0
        k = 1
        while k < bins - 1:
            if magnitude[k] > magnitude[k - 1] and magnitude[k] >= magnitude[k + 1]:
                valley = k + 1
                while valley < bins - 1 and magnitude[valley + 1] <= magnitude[valley]:
                    valley += 1
                low, here, high = 1.0 * magnitude[k - 1], 1.0 * magnitude[k], 1.0 * magnitude[k + 1]
                bend = low - 2.0 * here + high
                offset = 0.5 * (low - high) / bend if bend != 0.0 else 0.0
                turns = 1.0 * phase[k] + hop * (k + offset) / size
                turns = turns - int(turns)
                for j in range(first, valley + 1):
                    # a sinusoid between two bins: their phases are half a turn apart, counted from the window's start
                    near = turns + 0.5 * ((j - k) % 2)
                    phase[j] = near - 1.0 if near >= 1.0 else near
                first = valley + 1
                k = valley + 1
            else:
                k += 1
        for j in range(bins):
            spectrum_re[j] = magnitude[j] * cos_turn(1.0 * phase[j])
            spectrum_im[j] = magnitude[j] * sin_turn(1.0 * phase[j])
