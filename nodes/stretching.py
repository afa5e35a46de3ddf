"""Time stretching: a sound file read as spectra, at any speed and the original pitch."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nodegraph.blocks.loaded_sound import shortened
from nodegraph.blocks.sound_streaming import read_header
from nodegraph.files.sound_file import read_sound
from nodegraph.frame_types import FrameType, check_transform_size
from nodegraph.maths import clip, floor, read_double, sqrt
from nodegraph.node import Choice, Example, FrameOut, Helper, In, Memory, Node, Option, Scratch, State, Table, Transform
from nodegraph.spectral.attacks import attacks_of
from nodegraph.spectral.transform import rfft
from nodegraph.spectral.windows import WINDOWS, analysis_window

FAR = float(1 << 62)  # after the last attack
REACH = 0.375  # of an attack, as a part of the window
MIN_SPEED = 0.05  # at which attacks keep their own


class LoadedSound:
    """A sound file in memory, at the engine's rate."""

    array_types = {"samples": "f4", "marks": "i8", "attacks": "i8"}

    def __init__(self, context):
        values = np.zeros((1, max(context.lanes, 1)), np.float32)
        if context.settings["file"]:
            values = read_sound(Path(context.settings["file"]), context.rate, bool(context.settings["loop"]))
        values, self.problem = shortened(values)
        self.samples = np.ascontiguousarray(values, np.float32).ravel()
        self.attacks = np.append(attacks_of(values, context.rate), int(FAR))
        self.marks = np.array([*values.shape, len(self.attacks)], np.int64)
        self.arrays = {"samples": self.samples, "marks": self.marks, "attacks": self.attacks}

    def service(self):
        pass

    def close(self):
        pass


def per_bin(kind):
    return kind(lambda settings, *sr: settings["bins"])


def windowed(samples, marks, lane, start, loop, weights, windowed_frame, size):
    """Write ``size`` windowed samples of a channel from ``start`` on; ``loop`` continues past the end at the start."""
    frames, channels = marks[0], marks[1]
    channel = min(lane, channels - 1)
    for n in range(size):
        at = start + n
        if loop:
            at = at - frames * int(floor(at / frames))
        inside = (at >= 0) & (at < frames)
        at = min(max(at, 0), frames - 1)
        windowed_frame[n] = read_double(samples, at * channels + channel) * read_double(weights, n) if inside else 0.0


def next_attack(attacks, count, earliest):
    """Return the first attack at or after a position."""
    low, high = 0, count - 1
    while low < high:
        middle = (low + high) // 2
        if attacks[middle] < earliest:
            low = middle + 1
        else:
            high = middle
    return 1.0 * attacks[low]


def step_towards(attack, at, ahead, speed, hop, reach):
    """Return the samples of the file in the next hop, outside the reach of attacks.

    ``ahead`` is the distance to the position that follows from the speed. It goes to 0, but in the last four reaches
    before an attack so that the attack, from whose reach on the file plays at its own speed, sounds in time.
    """
    target = speed * hop
    left = attack - reach - at
    if speed > MIN_SPEED and left < 4.0 * reach:
        return target * clip(left / max(left + ahead + (1.0 - speed) * reach, 1.0), 0.25, 2.0)
    return target - clip(ahead, -0.5 * abs(target), 0.5 * abs(target))


def add_cross_spectrum(now_re, now_im, before_re, before_im, cross_re, cross_im, bins):
    """Add ``A B*`` of two spectra to the cross spectrum."""
    for k in range(bins):
        ar, ai = read_double(now_re, k), read_double(now_im, k)
        br, bi = read_double(before_re, k), read_double(before_im, k)
        cross_re[k] = cross_re[k] + (ar * br + ai * bi)
        cross_im[k] = cross_im[k] + (ai * br - ar * bi)


def turn_bins(power, cross_re, cross_im, turn_re, turn_im, bins, locked):
    """Turn each bin on by the phase of its cross spectrum; if ``locked``, all bins around a peak like the peak.

    A peak is louder than the two bins on each side. Its region ends at the softest bin before the next peak.
    """
    first, peak = 0, -1
    for k in range(bins):
        is_peak = (locked == 0) | (
            (power[k] > power[max(k - 1, 0)] or k == 0)
            & (power[k] >= power[min(k + 1, bins - 1)])
            & (power[k] >= power[max(k - 2, 0)])
            & (power[k] >= power[min(k + 2, bins - 1)])
        )
        if not is_peak:
            continue
        if peak >= 0:
            softest = k
            for j in range(peak + 1, k):
                softest = j if power[j] < power[softest] else softest
            turn_region(peak, first, softest, cross_re, cross_im, turn_re, turn_im)
            first = softest
        peak = k
    if peak >= 0:
        turn_region(peak, first, bins, cross_re, cross_im, turn_re, turn_im)


def turn_region(peak, first, end, cross_re, cross_im, turn_re, turn_im):
    """Give the bins from ``first`` to ``end`` the turn of a peak, advanced by its cross spectrum."""
    cr, ci = cross_re[peak], cross_im[peak]
    size = sqrt(cr * cr + ci * ci)
    tr, ti = turn_re[peak], turn_im[peak]
    if size > 1e-30:
        cr, ci = cr / size, ci / size
        tr, ti = tr * cr - ti * ci, tr * ci + ti * cr
        size = sqrt(tr * tr + ti * ti)
        tr, ti = tr / size, ti / size
    for k in range(first, end):
        turn_re[k], turn_im[k] = tr, ti


class StretchPlayer(Node):
    """Plays a sound file as spectra with a time stretch: ``speed`` changes the tempo but not the pitch.

    A phase vocoder. Each bin of a frame is turned by an angle that grows by the phase difference between the previous
    frame of the output and the file one hop earlier: ``Y = T X(t)``, ``arg T += arg Σ X(t_before) X*(t - hop)``, summed
    over the channels, so that they stay together. The bins around a peak turn like the peak: identity phase locking,
    Laroche & Dolson, Improved phase vocoder time-scale modification of audio (IEEE Trans. Speech Audio Proc., 1999).
    Around attacks the file plays at its own speed and its own phases, and then catches up: Röbel, A new approach to
    transient processing in the phase vocoder (DAFx, 2003). At speed 1 the output is the file. Each channel is a lane.
    Speed 0 freezes the sound; negative speeds play backwards.
    """

    words = (
        "time stretch, time stretching, warp, slow down, speed up, stretch, PaulStretch, tempo change, Warp1, change "
        "tempo, elastic audio, slow motion, phase vocoder player, Rubber Band, pitch independent speed, half speed, "
        "Zeitdehnung, étirement, change speed, extreme stretch, warp markers, timewarp, loop slow, groove stretch, "
        "complex pro"
    )
    example = Example(silent="It plays a sound file, which you choose.")

    speed = In(0.5, unit="ratio", min=-4.0, max=4.0, doc="1 is the original speed, 0.5 half, -1 backwards")
    restart = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="a rising edge jumps to position")
    position = In(0.0, unit="s", min=0.0, max=36000.0, smooth=False, doc="position that restart jumps to")
    file = Option("", kind="file", doc="sound file, in the patch's folder")
    size = Option(4096, unit="samples", min=64, max=65536, doc="window and transform size, a power of two")
    hop = Option(512, unit="samples", min=1, max=65536, doc="distance between frames")
    window = Choice(*WINDOWS, doc="window shape")
    phases = Choice("locked", "free", doc="locked: the bins of a peak together; free: each bin separately")
    attacks_stay = Choice("on", "off", doc="on: attacks of the file play at its own speed, as sharp as they are")
    loop = Option(True, doc="repeat from the start at the end")
    spectrum = FrameOut("spectrum", doc="spectra of the file; for inverse_stft with the same window")
    turn_re, turn_im = per_bin(Memory), per_bin(Memory)
    windowed_frame = Scratch(lambda settings, sr: settings["size"])
    now_re, now_im, before_re, before_im, power, cross_re, cross_im = (per_bin(Scratch) for _ in range(7))
    weights = Table(analysis_window)
    at, last, ahead, gate, played = State(), State(), State(), State(), State()
    fft = Transform()
    reader = Helper(LoadedSound)

    def frame(
        speed, restart, position, phases, attacks_stay, loop, windowed_frame, now_re, now_im, before_re, before_im,
        power, cross_re, cross_im, turn_re, turn_im, weights, at, last, ahead, gate, played, fft, samples, marks,
        attacks, lane, bins, size, hop, sr, spectrum_re, spectrum_im,
    ):  # fmt: skip
        if restart > 0.5 and gate[0] <= 0.5:
            at[0] = clip(position, 0.0, 1e6) * sr
            ahead[0] = played[0] = 0.0
        gate[0] = restart
        length, channels = marks[0], marks[1]
        here = int(floor(at[0])) - size // 2
        reach = REACH * size
        attack = next_attack(attacks, marks[2], at[0] - reach) if attacks_stay == 0 else FAR
        stays = speed > MIN_SPEED and abs(ahead[0]) < size and attack <= at[0] + reach
        if lane == 0 and (played[0] == 0.0 or stays):
            for k in range(bins):
                turn_re[k], turn_im[k] = 1.0, 0.0
        elif lane == 0:
            for k in range(bins):
                power[k] = cross_re[k] = cross_im[k] = 0.0
            for channel in range(channels):
                windowed(samples, marks, channel, int(last[0]), loop, weights, windowed_frame, size)
                rfft(fft, windowed_frame, now_re, now_im)
                windowed(samples, marks, channel, here - hop, loop, weights, windowed_frame, size)
                rfft(fft, windowed_frame, before_re, before_im)
                add_cross_spectrum(now_re, now_im, before_re, before_im, cross_re, cross_im, bins)
                windowed(samples, marks, channel, here, loop, weights, windowed_frame, size)
                rfft(fft, windowed_frame, now_re, now_im)
                for k in range(bins):
                    power[k] = power[k] + (now_re[k] * now_re[k] + now_im[k] * now_im[k])
            turn_bins(power, cross_re, cross_im, turn_re, turn_im, bins, 1 - phases)
        windowed(samples, marks, lane, here, loop, weights, windowed_frame, size)
        rfft(fft, windowed_frame, now_re, now_im)
        for k in range(bins):
            xr, xi = read_double(now_re, k), read_double(now_im, k)
            spectrum_re[k] = xr * turn_re[k] - xi * turn_im[k]
            spectrum_im[k] = xr * turn_im[k] + xi * turn_re[k]
        speed = clip(speed, -16.0, 16.0)
        step = 1.0 * hop if stays else step_towards(attack, at[0], ahead[0], speed, hop, reach)
        ahead[0] += step - speed * hop
        following = at[0] + step
        if loop:
            following -= length * floor(following / length)
        last[0], played[0] = here, 1.0
        at[0] = clip(following, -1.0 * size, length + 1.0 * size)

    def frames(inputs, settings):
        size = settings["size"]
        check_transform_size(size)
        return {"spectrum": FrameType("spectrum", size // 2 + 1, size, settings["hop"], window=settings["window"])}

    def lanes(inputs, settings):
        return {"spectrum": max(read_header(settings["file"])[0], 1)}

    def check(settings):
        return read_header(settings["file"])[1]
