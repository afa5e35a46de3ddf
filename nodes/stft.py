"""The short-time Fourier transform and its inverse.

Allen & Rabiner, A unified approach to short-time Fourier analysis and synthesis (Proc. IEEE, 1977).
"""

from __future__ import annotations

from nodegraph.frame_types import FrameType, check_transform_size
from nodegraph.maths import sqrt
from nodegraph.node import Choice, FrameIn, FrameOut, In, Line, Node, Option, Out, Scratch, State, Table, Transform
from nodegraph.spectral.ring import play_ring
from nodegraph.spectral.transform import irfft, rfft
from nodegraph.spectral.windows import WINDOWS, analysis_window, synthesis_window

QUANTUM = 64


def ring_length(settings, sr):
    return settings["size"] + 2 * QUANTUM


class Stft(Node):
    """Converts a signal to spectra (STFT, FFT): ``X[m, k] = Σ_n w[n] x[mH + n] e^(-2πi kn / N)``, one per ``hop``.

    The window has ``N = size`` samples; bins 0 … N/2 are unscaled. The time of a centred frame is the middle of its
    window, that of a causal frame its end. Both ways, the chain with ``inverse_stft`` is one window late.
    """

    words = (
        "FFT, Fourier, Fourier transform, spectral, short time Fourier transform, rfft~, pfft~, fftin~, spectral "
        "analysis, frequency domain, phase vocoder, analysis, pvoc, PV, PV_ChainUGen, spectral processing, fourier "
        "analysis, transformée de Fourier, Fouriertransformation, fourrier, Spektrum, spectre, spectrum"
    )

    audio = In(0.0, min=-1.0, max=1.0, doc="signal to analyse")
    size = Option(2048, unit="samples", min=8, max=65536, doc="window and transform size, a power of two")
    hop = Option(512, unit="samples", min=1, max=65536, doc="distance between frames")
    window = Choice(*WINDOWS, doc="window shape")
    alignment = Choice("causal", "centred", doc="time of a frame: the end or the middle of its window")
    spectrum = FrameOut("spectrum", doc="one spectrum per hop")
    ring = Line(ring_length)
    windowed_frame = Scratch(lambda settings, sr: settings["size"])
    weights = Table(analysis_window)
    write = State(0)
    fft = Transform()

    def block(audio, ring, write):
        length = ring.shape[1]
        for lane in range(ring.shape[0]):
            source = min(lane, audio.shape[1] - 1)
            at = write[lane]
            for i in range(audio.shape[0]):
                ring[lane, at] = audio[i, source]
                at = at + 1 if at + 1 < length else 0
            write[lane] = at

    def frame(ring, ring_size, windowed_frame, weights, write, size, age, fft, spectrum_re, spectrum_im):
        at = write[0] - age - size
        at = at + ring_size if at < 0 else at
        first = min(size, ring_size - at)
        for n in range(first):
            windowed_frame[n] = ring[at + n] * weights[n]
        for n in range(first, size):
            windowed_frame[n] = ring[at + n - ring_size] * weights[n]
        rfft(fft, windowed_frame, spectrum_re, spectrum_im)

    def frames(inputs, settings):
        size, hop = settings["size"], settings["hop"]
        check_transform_size(size)
        reference = size // 2 if settings["alignment"] == "centred" else 0
        return {"spectrum": FrameType("spectrum", size // 2 + 1, size, hop, reference, settings["window"])}

    def latency(settings, sr):
        return settings["reference"]


class InverseStft(Node):
    """Converts spectra back to a signal by overlap-add: ``y[n] = Σ_m v[n - mH] ifft(X[m])[n - mH]``.

    With the window ``a`` of the ``stft`` and ``v = w / Σ_m w[n + mH] a[n + mH]``, reconstruction is exact for any hop
    at which the windows overlap without a gap. With ``w = a`` it is the least-squares inverse of Griffin & Lim,
    Signal estimation from modified short-time Fourier transform (IEEE Trans. ASSP, 1984).
    """

    words = (
        "IFFT, inverse FFT, ISTFT, overlap add, resynthesis, spectrum to signal, pfft out, rifft~, back to audio, FFT "
        "to audio, spectral to audio, fftout~"
    )

    spectrum = FrameIn("spectrum", doc="one spectrum per hop")
    window = Choice(*WINDOWS, doc="window shape of the synthesis, usually that of the stft")
    out = Out(doc="signal, one window later than the input of the stft")
    ring = Line(ring_length)
    windowed_frame = Scratch(lambda settings, sr: settings["size"])
    weights = Table(synthesis_window)
    read = State(0)
    fft = Transform()

    def frame(spectrum_re, spectrum_im, ring, ring_size, windowed_frame, weights, read, size, age, fft):
        irfft(fft, spectrum_re, spectrum_im, windowed_frame)
        at = read[0] + QUANTUM - age
        at = at - ring_size if at >= ring_size else at
        first = min(size, ring_size - at)
        for n in range(first):
            ring[at + n] = ring[at + n] + windowed_frame[n] * weights[n]
        for n in range(first, size):
            ring[at + n - ring_size] = ring[at + n - ring_size] + windowed_frame[n] * weights[n]

    def block(out, ring, read):
        play_ring(out, ring, read)

    def latency(settings, sr):
        return settings["size"] - settings["reference"]


class Magnitude(Node):
    """Converts spectra to magnitudes, ``|X| = √(re² + im²)``, and discards the phases."""

    words = "mag, amplitude spectrum, abs spectrum, spectrum magnitude, modulus, power spectrum, spectrum level"

    spectrum = FrameIn("spectrum", doc="spectra to convert")
    magnitude = FrameOut("magnitude", doc="magnitudes of the spectra")

    def frame(spectrum_re, spectrum_im, magnitude, bins):
        for k in range(bins):
            magnitude[k] = sqrt(1.0 * spectrum_re[k] * spectrum_re[k] + 1.0 * spectrum_im[k] * spectrum_im[k])
