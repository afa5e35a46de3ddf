"""Phase reconstruction: signals and spectra from magnitudes without phases.

Blocks with a signal output include the overlap-add; the others output spectra for ``inverse_stft``.
"""

from __future__ import annotations

from dataclasses import replace

from nodegraph.frame_types import check_window
from nodegraph.maths import cos_turn, next_random, sin_turn, sqrt, uniform
from nodegraph.node import Choice, FrameIn, FrameOut, In, Line, Node, Option, Out, Scratch, State, Table, Transform
from nodegraph.spectral.pghi import SPREAD, frequency_gradient, integrate, log_magnitude, time_gradient
from nodegraph.spectral.ring import play_ring
from nodegraph.spectral.rtisi import (
    copy_magnitudes,
    equal_trust,
    falling_trust,
    finalise_oldest_frame,
    first_newest_window,
    frame_buffer_length,
    full_overlap_gain,
    iterate_jointly,
    iterate_sequentially,
    iterate_with_momentum,
    later_newest_window,
    shift_frames,
    span_length,
    store,
    trusted_overlap_gain,
)
from nodegraph.spectral.transform import irfft
from nodegraph.spectral.windows import WINDOWS, analysis_window

QUANTUM = 64


def frame_buffer(settings, sr):
    return settings["size"]


def bin_buffer(settings, sr):
    return settings["bins"]


def hop_buffer(settings, sr):
    return settings["hop"]


def output_ring(settings, sr):
    return settings["hop"] + 2 * QUANTUM


def spread_of(settings, sr):
    return [SPREAD[settings["window"]] * settings["size"] ** 2]


def phases_of(re, im, at, cos, sin, bins):
    """Compute the phases of a spectrum as unit vectors; empty bins have phase 0."""
    for k in range(bins):
        power = 1.0 * re[at + k] * re[at + k] + 1.0 * im[at + k] * im[at + k]
        scale = 1.0 / sqrt(max(power, 1e-30))
        cos[k] = re[at + k] * scale if power > 1e-30 else 1.0
        sin[k] = im[at + k] * scale if power > 1e-30 else 0.0


def copy_values(values, before, bins):
    for k in range(bins):
        before[k] = values[k]


def write_output(ring, ring_size, read, age, finished, hop):
    """Write the finished samples of a frame to the output ring, from the end of the frame on."""
    at = read + QUANTUM - age
    for n in range(hop):
        ring[(at + n) % ring_size] = finished[n]


class RtisiLa(Node):
    """Converts magnitudes to sound by real-time iterative spectrogram inversion with look-ahead (RTISI-LA).

    The ``look_ahead + 1`` newest frames are iterated ``iterations`` times per hop between their magnitudes and their
    overlap: ``x ← overlap-add of ifft(A e^(i arg stft x))``. jointly: Zhu, Beauregard & Wyse, Real-time signal
    estimation from modified STFT magnitude spectra (IEEE Trans. ASLP, 2007), with their window for the newest frame.
    in_turn, newest first and without the share of the frame itself: Le Roux, Kameoka, Ono & Sagayama (Proc. ASJ,
    2010).
    """

    words = (
        "RTISI, Griffin Lim, phase reconstruction, real-time iterative spectrogram inversion, magnitude to sound, "
        "spectrogram inversion, resynthesis, phase retrieval"
    )

    magnitude = FrameIn("magnitude", doc="magnitudes of an stft with the same window")
    look_ahead = Option(3, unit="frames", min=0, max=15, doc="look-ahead; size / hop - 1 is usual, 0 is RTISI")
    iterations = Option(5, min=1, max=100, doc="iterations per frame")
    window = Choice(*WINDOWS, doc="window shape of the stft")
    updates = Choice("jointly", "in_turn", doc="frames updated together, or one after another")
    out = Out(doc="signal, one window and the look-ahead late")
    targets, estimates = Line(frame_buffer_length("bins")), Line(frame_buffer_length("size"))
    final_sum, ring = Line(span_length), Line(output_ring)
    sums, finished = Scratch(span_length), Scratch(hop_buffer)
    windowed_frame, re, im = Scratch(frame_buffer), Scratch(bin_buffer), Scratch(bin_buffer)
    weights, frame_weights, level = Table(analysis_window), Table(equal_trust), Table(full_overlap_gain)
    first_newest, later_newest = Table(first_newest_window), Table(later_newest_window)
    read = State(0)
    fft = Transform()

    def frame(
        magnitude,
        look_ahead,
        iterations,
        updates,
        targets,
        estimates,
        final_sum,
        sums,
        windowed_frame,
        re,
        im,
        finished,
        ring,
        ring_size,
        weights,
        frame_weights,
        level,
        first_newest,
        later_newest,
        read,
        bins,
        size,
        hop,
        age,
        fft,
    ):
        count = look_ahead + 1
        shift_frames(targets, bins, count)
        shift_frames(estimates, size, count)
        copy_magnitudes(magnitude, targets, look_ahead * bins, bins)
        for n in range(size):
            estimates[look_ahead * size + n] = 0.0
        if updates == 0:
            iterate_jointly(
                fft,
                targets,
                estimates,
                final_sum,
                sums,
                windowed_frame,
                re,
                im,
                weights,
                frame_weights,
                level,
                first_newest,
                later_newest,
                size,
                hop,
                bins,
                count,
                iterations,
            )
        else:
            iterate_sequentially(
                fft,
                targets,
                estimates,
                final_sum,
                sums,
                windowed_frame,
                re,
                im,
                weights,
                frame_weights,
                level,
                first_newest,
                later_newest,
                size,
                hop,
                bins,
                count,
                iterations,
            )
        finalise_oldest_frame(estimates, final_sum, weights, level, finished, size, hop, count)
        write_output(ring, ring_size, read[0], age, finished, hop)

    def block(out, ring, read):
        play_ring(out, ring, read)

    def frames(inputs, settings):
        check_window(inputs["magnitude"], settings["window"])
        return {}

    def latency(settings, sr):
        return settings["size"] + settings["look_ahead"] * settings["hop"] - settings["reference"]


class MomentumRtisi(Node):
    """Converts magnitudes to sound by an improved RTISI-LA: about 5 dB less error at equal latency and load.

    Each frame's spectrum is extrapolated by ``momentum`` times its last change before its phase is taken
    (Perraudin, Balazs & Søndergaard, A fast Griffin–Lim algorithm, 2013). The overlap is normalised by the
    windows that are present (Gnann & Spiertz, Improving RTISI phase estimation, 2010) and gives new frames less
    weight. Frames are updated in turn (Le Roux et al., 2010), and a new frame starts from the phase gradient of its
    magnitudes (Průša & Søndergaard, Proc. DAFx, 2016).
    """

    words = (
        "griffin lim live, phase reconstruction, magnitude to sound, resynthesis, phase retrieval, spectrogram to "
        "sound, best phase"
    )

    magnitude = FrameIn("magnitude", doc="magnitudes of an stft with the same window")
    momentum = In(0.8, unit="ratio", min=0.0, max=1.0, doc="extrapolation of each change; 0 is off")
    look_ahead = Option(3, unit="frames", min=0, max=15, doc="frames of look-ahead; size / hop - 1 is usual")
    iterations = Option(5, min=1, max=100, doc="iterations per frame")
    window = Choice(*WINDOWS, doc="window shape of the stft")
    out = Out(doc="signal, one window and the look-ahead late")
    targets, estimates = Line(frame_buffer_length("bins")), Line(frame_buffer_length("size"))
    previous_re, before_im = Line(frame_buffer_length("bins")), Line(frame_buffer_length("bins"))
    final_sum, ring = Line(span_length), Line(output_ring)
    logs, per_hop = Line(bin_buffer), Line(bin_buffer)
    sums, finished = Scratch(span_length), Scratch(hop_buffer)
    windowed_frame, re, im, target = (
        Scratch(frame_buffer),
        Scratch(bin_buffer),
        Scratch(bin_buffer),
        Scratch(bin_buffer),
    )
    logs_before, per_hop_before, per_bin = Scratch(bin_buffer), Scratch(bin_buffer), Scratch(bin_buffer)
    cos, sin, cos_before, sin_before = (
        Scratch(bin_buffer),
        Scratch(bin_buffer),
        Scratch(bin_buffer),
        Scratch(bin_buffer),
    )
    below, above = Scratch(bin_buffer), Scratch(bin_buffer)
    weights, frame_weights = Table(analysis_window), Table(falling_trust)
    level, final_level = Table(trusted_overlap_gain), Table(full_overlap_gain)
    spread = Table(spread_of)
    read = State(0)
    fft = Transform()

    def frame(
        magnitude,
        momentum,
        look_ahead,
        iterations,
        targets,
        estimates,
        previous_re,
        before_im,
        final_sum,
        sums,
        windowed_frame,
        re,
        im,
        target,
        logs,
        logs_before,
        per_hop,
        per_hop_before,
        per_bin,
        cos,
        sin,
        cos_before,
        sin_before,
        below,
        above,
        finished,
        ring,
        ring_size,
        weights,
        frame_weights,
        level,
        final_level,
        spread,
        read,
        bins,
        size,
        hop,
        age,
        fft,
    ):
        count = look_ahead + 1
        newest = look_ahead * bins
        copy_values(logs, logs_before, bins)
        copy_values(per_hop, per_hop_before, bins)
        phases_of(previous_re, before_im, newest, cos_before, sin_before, bins)
        copy_magnitudes(magnitude, target, 0, bins)
        least = log_magnitude(target, logs, bins)
        time_gradient(logs, per_hop, bins, hop, size, spread[0])
        frequency_gradient(logs, logs_before, 1, per_bin, bins, hop, size, spread[0])
        integrate(
            logs,
            logs_before,
            least,
            per_hop,
            per_hop_before,
            per_bin,
            cos_before,
            sin_before,
            cos,
            sin,
            below,
            above,
            bins,
        )
        shift_frames(targets, bins, count)
        shift_frames(estimates, size, count)
        shift_frames(previous_re, bins, count)
        shift_frames(before_im, bins, count)
        for k in range(bins):
            targets[newest + k] = target[k]
            re[k] = target[k] * cos[k]
            im[k] = target[k] * sin[k]
            previous_re[newest + k] = re[k]
            before_im[newest + k] = im[k]
        irfft(fft, re, im, windowed_frame)
        store(windowed_frame, estimates, look_ahead * size, size)
        iterate_with_momentum(
            fft,
            targets,
            estimates,
            previous_re,
            before_im,
            final_sum,
            sums,
            windowed_frame,
            re,
            im,
            weights,
            frame_weights,
            level,
            size,
            hop,
            bins,
            count,
            iterations,
            momentum,
        )
        finalise_oldest_frame(estimates, final_sum, weights, final_level, finished, size, hop, count)
        write_output(ring, ring_size, read[0], age, finished, hop)

    def block(out, ring, read):
        play_ring(out, ring, read)

    def frames(inputs, settings):
        check_window(inputs["magnitude"], settings["window"])
        return {}

    def latency(settings, sr):
        return settings["size"] + settings["look_ahead"] * settings["hop"] - settings["reference"]


class PhaseGradient(Node):
    """Reconstructs phases by integrating the gradient of the log-magnitude along its ridges, per frame (RTPGHI).

    Průša & Søndergaard, Real-time spectrogram inversion using phase gradient heap integration (Proc. DAFx,
    2016).
    """

    words = (
        "PGHI, RTPGHI, phase reconstruction, magnitude to sound, phase retrieval, phase gradient heap integration, "
        "resynthesis"
    )

    magnitude = FrameIn("magnitude", doc="magnitudes of an stft with the same window")
    window = Choice(*WINDOWS, doc="window shape of the stft")
    spectrum = FrameOut("spectrum", doc="spectra with reconstructed phases")
    logs, per_hop = Line(bin_buffer), Line(bin_buffer)
    cos, sin = Line(bin_buffer), Line(bin_buffer)
    target, logs_before, per_hop_before, per_bin = (Scratch(bin_buffer) for _ in range(4))
    cos_before, sin_before = Scratch(bin_buffer), Scratch(bin_buffer)
    below, above = Scratch(bin_buffer), Scratch(bin_buffer)
    spread = Table(spread_of)

    def frame(
        magnitude,
        spectrum_re,
        spectrum_im,
        target,
        logs,
        logs_before,
        per_hop,
        per_hop_before,
        per_bin,
        cos,
        sin,
        cos_before,
        sin_before,
        below,
        above,
        spread,
        bins,
        size,
        hop,
    ):
        copy_values(logs, logs_before, bins)
        copy_values(per_hop, per_hop_before, bins)
        phases_of(cos, sin, 0, cos_before, sin_before, bins)
        copy_magnitudes(magnitude, target, 0, bins)
        least = log_magnitude(target, logs, bins)
        time_gradient(logs, per_hop, bins, hop, size, spread[0])
        frequency_gradient(logs, logs_before, 1, per_bin, bins, hop, size, spread[0])
        integrate(
            logs,
            logs_before,
            least,
            per_hop,
            per_hop_before,
            per_bin,
            cos_before,
            sin_before,
            cos,
            sin,
            below,
            above,
            bins,
        )
        for k in range(bins):
            spectrum_re[k] = target[k] * cos[k]
            spectrum_im[k] = target[k] * sin[k]

    def frames(inputs, settings):
        check_window(inputs["magnitude"], settings["window"])
        return {"spectrum": replace(inputs["magnitude"], kind="spectrum", window=settings["window"])}


class ChannelVocoder(Node):
    """Reconstructs phases with one oscillator per bin, from random phases: ``φ ← φ + hop k / size`` turns per frame.

    The phases of Sarroff & Casey, Musical audio synthesis using autoencoding neural nets (Proc. ICMC, 2014).
    """

    words = (
        "random phase vocoder, phase from magnitude, whisper, robot, robotic voice, oscillator bank resynthesis, "
        "vocoder, noise vocoder, robot voice"
    )

    magnitude = FrameIn("magnitude", doc="magnitudes to play")
    spectrum = FrameOut("spectrum", doc="spectra with reconstructed phases")
    phase = Line(bin_buffer)
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
    """Reconstructs phases locked to spectral peaks, by single-pass spectrogram inversion.

    The frequency of each peak is that of a parabola through its bin and both neighbours. Its phase advances by that
    frequency per hop, and the bins around it take its phase, with half a turn between adjacent bins.
    Beauregard, Harish & Wyse, Single pass spectrogram inversion (Proc. DSP, 2015).
    """

    words = "phase vocoder, phase lock, SPSI, phase reconstruction, peak locking, magnitude to sound, resynthesis, pvoc"

    magnitude = FrameIn("magnitude", doc="magnitudes to play")
    spectrum = FrameOut("spectrum", doc="spectra with reconstructed phases")
    target, phase = Scratch(bin_buffer), Line(bin_buffer)

    def frame(magnitude, spectrum_re, spectrum_im, target, phase, bins, size, hop):
        copy_magnitudes(magnitude, target, 0, bins)
        first = 0
        k = 1
        while k < bins - 1:
            if target[k] > target[k - 1] and target[k] >= target[k + 1]:
                valley = k + 1
                while valley < bins - 1 and target[valley + 1] <= target[valley]:
                    valley += 1
                low, here, high = 1.0 * target[k - 1], 1.0 * target[k], 1.0 * target[k + 1]
                bend = low - 2.0 * here + high
                offset = 0.5 * (low - high) / bend if bend != 0.0 else 0.0
                turns = 1.0 * phase[k] + hop * (k + offset) / size
                turns = turns - int(turns)
                for j in range(first, valley + 1):
                    # phases around a sinusoid alternate by half a turn, relative to the start of the window
                    near = turns + 0.5 * ((j - k) % 2)
                    phase[j] = near - 1.0 if near >= 1.0 else near
                first = valley + 1
                k = valley + 1
            else:
                k += 1
        for j in range(bins):
            spectrum_re[j] = target[j] * cos_turn(1.0 * phase[j])
            spectrum_im[j] = target[j] * sin_turn(1.0 * phase[j])
