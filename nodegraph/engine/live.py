"""The live driver: plays a patch on an audio device or a null device while it is edited."""

from __future__ import annotations

import ctypes
import gc
import math
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from nodegraph.graph import Graph
from nodegraph.graph.build import graph_of
from nodegraph.graph.flatten import flatten
from nodegraph.installation import install_command, portaudio_command
from nodegraph.patch import Document
from nodegraph.patch.values import is_number, rate_problem
from nodegraph.plan.memory import view
from nodegraph.quantum import QUANTUM

from . import callback as cb
from . import walk
from .core import Engine, EngineError
from .observer import EngineObserver
from .tape import Tape

SERVICE_PERIOD = 0.005  # seconds between two service calls
LIMITER_RELEASE = 0.2  # seconds from a closed limiter to full gain
DEVICE_TIMEOUT = 2.0  # seconds without a callback after which the device counts as disconnected
MAX_OBSERVED = 0.1  # seconds without a callback that one service call can observe
CLOSE_TIMEOUT = 2.0  # seconds that the device may take to close
MAX_PREVIEW_SECONDS = 10.0
MAX_BLOCK, MAX_CHANNELS = 65_536, 1024
_abandoned: list[object] = []  # engines whose memory PortAudio may still access


@dataclass
class StreamReport:
    """Statistics of a stream. Loads are fractions of the callback period.

    ``faults``, ``node_times`` (µs per quantum) and ``late_answers`` (of models, outside the callback) name nodes of the
    patch; a time is the sum over all voices. ``tier``: see :attr:`Engine.tier`.
    """

    device: str
    rate: float
    blocksize: int
    seconds: float
    callbacks: int
    expected: int
    xruns: int
    late: int
    load_p50: float
    load_p99: float
    load_max: float
    peak: float
    limited: int
    latency_samples: int
    faults: list[str] = field(default_factory=list)
    node_times: dict[str, float] = field(default_factory=dict)
    late_answers: dict[str, int] = field(default_factory=dict)
    tier: str = ""


class Live(Engine):
    """Plays a document in real time.

    ``device`` is a number or part of a name from ``nodegraph devices`` (None: the default device); ``null=True`` uses a
    null device, which runs in real time and discards the output. ``blocksize`` is the requested block size in samples.
    The first ``capture`` seconds of output are stored for ``captured()``. ``observer``, such as a flight log, is
    notified of every edit and plan. ``prepare(graph)`` is called with the typed graph before it is compiled.
    ``limiter=False`` disables the safety limiter.

    ``listens`` is true if the document at start has device inputs; ``device_inputs`` is 0 if the device has none.
    """

    def __init__(
        self,
        document: Document,
        path: Path | None = None,
        device: int | str | None = None,
        rate: float | None = None,
        blocksize: int = 256,
        null: bool = False,
        limiter: bool = True,
        capture: float = 0.0,
        outputs: int | None = None,
        pack: bool = True,
        allow_outside: bool = False,
        observer: EngineObserver | None = None,
        prepare: Callable[[Graph], object] = lambda graph: None,
        tolerant: bool = False,
    ) -> None:
        _check_options(rate, blocksize, capture, outputs)
        flat = flatten(document, path, allow_outside)
        self.listens = not null and flat.listens
        target = _null_target(rate, outputs) if null else _device_target(device, rate, outputs, self.listens)
        self.device_name, rate, self.device_inputs, self.device_outputs, self._device = target
        super().__init__(
            rate, self.device_inputs, self.device_outputs, None, pack, allow_outside, realtime=True, tolerant=tolerant
        )
        self.blocksize = blocksize
        self.problem = ""
        self._stream: Any = None
        self._null = null
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._player: threading.Thread | None = None
        self.limiter = limiter
        self._live = self._allocate_shared(limiter, capture)
        walk.PROCESS.address  # noqa: B018 - compile before the stream starts
        self._callback = cb.CALLBACK.address
        self.realtime = False  # plans are swapped without waiting until the stream starts
        if observer is not None:
            observer.attach(self)
            self.observer = observer
            self.services.append(observer)
        graph = graph_of(flat, self.rate, allow_outside, tolerant)
        prepare(graph)
        self.play(graph)

    def _allocate_shared(self, limiter: bool, capture: float) -> np.ndarray:
        address = self.memory.reserve(8 * cb.LIVE_WORDS)
        words, doubles = view(address, cb.LIVE_WORDS, np.int64), view(address, cb.LIVE_WORDS, np.float64)
        words[cb.LIVE_ENGINE], words[cb.LIVE_POSITION] = self.address, QUANTUM
        words[cb.LIVE_STAGE] = self.memory.reserve(4 * QUANTUM * max(self.device_inputs, 1))
        words[cb.LIVE_INPUTS], words[cb.LIVE_OUTPUTS] = self.device_inputs, self.device_outputs
        words[cb.LIVE_LIMIT], doubles[cb.LIVE_GAIN] = int(limiter), 1.0
        doubles[cb.LIVE_RELEASE], doubles[cb.LIVE_RATE] = 1.0 / (LIMITER_RELEASE * self.rate), self.rate
        doubles[cb.LIVE_VOLUME] = doubles[cb.LIVE_VOLUME_NOW] = 1.0
        words[cb.LIVE_LOADS] = self.memory.reserve(8 * cb.LOAD_BINS)
        size = round(capture * self.rate)
        words[cb.LIVE_CAPTURE] = self.memory.reserve(4 * max(size, 1) * self.device_outputs)
        words[cb.LIVE_CAPTURE_SIZE] = size
        self.input_tape = Tape(self.memory, self.inputs)
        self.output_tape = Tape(self.memory, self.device_outputs)
        words[cb.LIVE_INPUT_TAPE], words[cb.LIVE_OUTPUT_TAPE] = self.input_tape.address, self.output_tape.address
        self._live_address = address
        return words

    # -- running ---------------------------------------------------------------------------------------------

    def start(self) -> Live:
        """Start the stream unless it is running. Raises EngineError if the device cannot be opened."""
        if self._thread is not None:
            return self
        gc.collect()
        gc.freeze()  # scanning the loaded modules again would delay edits by tens of milliseconds
        self.service()
        self.profile()
        self.realtime = True
        self._stopping.clear()
        self._started_at = time.monotonic()
        if self._null:
            self._player = threading.Thread(target=self._run_null_device, name="nodegraph-null", daemon=True)
            self._player.start()
        else:
            try:
                self._open_stream()
            except EngineError:
                self.realtime = False
                raise
        self._thread = threading.Thread(target=self._service_loop, name="nodegraph-service", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> StreamReport:
        """Fade out, close the device and all files, and return the final report."""
        report = self.report()
        self._live[cb.LIVE_STOP] = 1
        if self._stream is not None:
            end = time.monotonic() + 0.5
            while self._stream.active and not self.problem and time.monotonic() < end:
                time.sleep(0.005)
            self._close_stream()
        if self._player is not None:
            self._player.join(0.5)
        self._stopping.set()
        for thread in (self._player, self._thread):
            if thread is not None:
                thread.join(2.0)
        gc.unfreeze()
        self.realtime = False
        self.service()
        self.close()
        return report

    def _close_stream(self) -> None:
        """Close the stream in a thread; PortAudio can block forever on a disconnected device."""
        stream, self._stream = self._stream, None

        def close() -> None:
            try:
                stream.close()
            except Exception as error:  # the device may be disconnected
                self.problem = self.problem or str(error)

        closing = threading.Thread(target=close, name="nodegraph-close", daemon=True)
        closing.start()
        closing.join(CLOSE_TIMEOUT)
        if closing.is_alive():
            import atexit

            atexit.unregister(_sounddevice()._exit_handler)  # it would block forever, too
            _abandoned.append(self)  # PortAudio may still call into this engine's memory

    def __enter__(self) -> Live:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def playing(self) -> bool:
        """Whether the device is running; ``problem`` is the reason if it failed."""
        return not self.problem and not self._stopping.is_set()

    def midi_time(self, arrived: float | None = None) -> int:
        """Return the sample for a message received now, or at ``arrived`` (``time.perf_counter``).

        It is one device block after the time of arrival, for a constant latency, and no later than the next block.
        """
        live, began, clock = self._live, -1, 0
        block = round(live[cb.LIVE_FRAMES] / live[cb.LIVE_CALLBACKS]) if live[cb.LIVE_CALLBACKS] else self.blocksize
        while began != live[cb.LIVE_STARTED_AT]:  # the audio thread may write between the two reads
            began, clock = int(live[cb.LIVE_STARTED_AT]), int(live[cb.LIVE_CLOCK])
        since = (_nanoseconds() - began) * 1e-9 if began else 0.0
        if arrived is not None:
            since -= time.perf_counter() - arrived
        return clock + min(max(round(since * self.rate), 0), block - 1) + block

    def pause(self, on: bool = True) -> None:
        """Pause or resume; the clock of a paused engine stops and its output is silent."""
        self._live[cb.LIVE_STEPS] = 0
        self._live[cb.LIVE_PAUSED] = int(on)

    @property
    def paused(self) -> bool:
        return bool(self._live[cb.LIVE_PAUSED])

    def step(self, quanta: int = 1) -> None:
        """Compute the given number of quanta while paused."""
        self._live[cb.LIVE_STEPS] = max(int(quanta), 0)

    @property
    def volume(self) -> float:
        """Gain 0…1 of what is heard; recordings have the full level."""
        return float(self._live.view(np.float64)[cb.LIVE_VOLUME])

    @volume.setter
    def volume(self, gain: float) -> None:
        if not is_number(gain) or math.isnan(gain):
            raise EngineError(f"the volume must lie in 0–1, got {gain!r}. Set it to 1.0 for the full level.")
        self._live.view(np.float64)[cb.LIVE_VOLUME] = min(max(gain, 0.0), 1.0)

    @property
    def limited_samples(self) -> int:
        """Number of samples at which the safety limiter lowered its gain."""
        return int(self._live[cb.LIVE_LIMITED])

    def preview(self, samples: np.ndarray) -> None:
        """Play mono samples (count,) once instead of the output, with crossfades; an empty array ends a preview.

        The patch continues unheard, and recordings contain it alone. At most 10 seconds are played, limited to ±1.
        """
        live, limit = self._live, round(MAX_PREVIEW_SECONDS * self.rate)
        if live[cb.LIVE_PREVIEW] == 0:
            live[cb.LIVE_PREVIEW] = self.memory.reserve(4 * limit)
        samples = np.asarray(samples, np.float32)
        if samples.ndim != 1:
            raise EngineError(f"a preview is mono, (samples,), got {samples.shape}. Take the mean of its channels.")
        samples = np.clip(np.nan_to_num(samples[:limit]), -1.0, 1.0)
        live[cb.LIVE_PREVIEW_SIZE] = 0  # the audio thread must not read samples while they are written
        view(int(live[cb.LIVE_PREVIEW]), len(samples), np.float32)[:] = samples
        live[cb.LIVE_PREVIEW_COUNT] += 1
        live[cb.LIVE_PREVIEW_SIZE] = len(samples)

    @property
    def device_latency(self) -> int:
        """Output latency reported by the device, in samples; 0 if it is unknown."""
        seconds = getattr(self._stream, "latency", 0.0) if self._stream is not None else 0.0
        seconds = max(seconds) if isinstance(seconds, tuple) else seconds
        return round(float(seconds) * self.rate)

    def loads(self) -> np.ndarray:
        """Return the histogram of callback loads: int64 counts, one bin per mille of the callback period."""
        return view(int(self._live[cb.LIVE_LOADS]), cb.LOAD_BINS, np.int64).copy()

    def captured(self) -> np.ndarray:
        """Return the captured start of the output: float32 (samples, channels)."""
        count = int(self._live[cb.LIVE_CAPTURED]) * self.device_outputs
        return view(int(self._live[cb.LIVE_CAPTURE]), count, np.float32).reshape(-1, self.device_outputs).copy()

    def report(self) -> StreamReport:
        """Return the statistics of the stream so far."""
        live = self._live
        bins = view(int(live[cb.LIVE_LOADS]), cb.LOAD_BINS, np.int64)
        spread = np.cumsum(bins)
        total = max(int(spread[-1]), 1)
        callbacks, frames = int(live[cb.LIVE_CALLBACKS]), int(live[cb.LIVE_FRAMES])
        block = frames / callbacks if callbacks else self.blocksize
        running = time.monotonic() - self._started_at
        first, latest = int(live[cb.LIVE_FIRST_AT]), int(live[cb.LIVE_LATEST])
        now = _nanoseconds() or latest
        seconds = max(now - first, 0) / 1e9
        expected = max(int(seconds * self.rate / block), callbacks if latest == 0 else 0) if first else 0
        return StreamReport(
            device=self.device_name,
            rate=self.rate,
            blocksize=round(block),
            seconds=running,
            callbacks=callbacks,
            expected=expected,
            xruns=int(live[cb.LIVE_XRUNS]),
            late=int(live[cb.LIVE_LATE]),
            load_p50=float(np.searchsorted(spread, 0.50 * total)) / 1000,
            load_p99=float(np.searchsorted(spread, 0.99 * total)) / 1000,
            load_max=int(live[cb.LIVE_WORST]) / 1000,
            peak=float(view(self._live_address, cb.LIVE_WORDS, np.float64)[cb.LIVE_PEAK]),
            limited=int(live[cb.LIVE_LIMITED]),
            latency_samples=self.latency,
            faults=list(dict.fromkeys(self.node_address(fault.node) for fault in self.faults())),
            node_times=self._times_by_address(),
            late_answers=self.late_answers(),
            tier=self.tier,
        )

    # -- threads -----------------------------------------------------------------------------------------------

    def _service_loop(self) -> None:
        """Run the services periodically and detect a device that stopped responding."""
        seen, silent, last = -1, 0.0, time.monotonic()
        while not self._stopping.wait(SERVICE_PERIOD):
            try:
                self.service()
            except Exception as error:  # one failing helper must not stop the others
                self.problem = self.problem or f"{type(error).__name__}: {error}"
            count = int(self._live[cb.LIVE_CALLBACKS])
            now = time.monotonic()
            # a process that was suspended has not waited for the device: a long step counts as a short one
            silent, last = silent + min(now - last, MAX_OBSERVED), now
            if count != seen:
                seen, silent = count, 0.0
            elif silent > DEVICE_TIMEOUT and not self.problem:
                self.problem = (
                    f"the audio device '{self.device_name}' was disconnected. "
                    "Connect it and play the patch again, or choose another with --device."
                )
                self.realtime = False

    def _run_null_device(self) -> None:
        """Call the callback in real time and discard its output."""
        call = ctypes.CFUNCTYPE(
            ctypes.c_int,
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_ulong,
            ctypes.c_void_p,
            ctypes.c_ulong,
            ctypes.c_void_p,
        )(self._callback)
        out = np.zeros((self.blocksize, self.device_outputs), np.float32)
        period, due = self.blocksize / self.rate, time.perf_counter()
        while not self._stopping.is_set():
            if call(None, out.ctypes.data, self.blocksize, None, 0, self._live_address):
                return
            due += period
            pause = due - time.perf_counter()
            if pause > 0:
                time.sleep(pause)
            elif pause < -0.5:
                due = time.perf_counter()

    def _open_stream(self) -> None:
        sounddevice = _sounddevice()
        duplex = self.device_inputs > 0
        device, channels = self._device, (self.device_inputs, self.device_outputs)
        try:
            self._stream = sounddevice._StreamBase(
                kind="duplex" if duplex else "output",
                samplerate=self.rate,
                blocksize=self.blocksize,
                device=device if duplex else device[1],
                channels=channels if duplex else channels[1],
                dtype="float32",
                latency="low",
                clip_off=True,
                callback=sounddevice._ffi.cast("PaStreamCallback *", self._callback),
                userdata=sounddevice._ffi.cast("void *", self._live_address),
                wrap_callback=None,
            )
            self._stream.start()
        except sounddevice.PortAudioError as error:
            raise EngineError(f"the audio device '{self.device_name}' cannot be opened: {_reason(error)}") from None

    def node_times(self) -> dict[str, float]:
        """Return the mean time of each node in µs per quantum; the nodes of a row share its time equally."""
        rows = self.row_cycles()
        quanta = max(self.clock / QUANTUM / walk.PROFILE_EVERY, 1.0)
        per_tick = _microseconds_per_tick()
        times: dict[str, float] = {}
        for info, cycles in rows:
            nodes = _nodes_in_row(info) or [info.kernel]
            for node in nodes:
                times[node] = times.get(node, 0.0) + cycles * per_tick / quanta / len(nodes)
        return times

    def _times_by_address(self) -> dict[str, float]:
        times: dict[str, float] = {}
        for node, duration in self.node_times().items():
            address = self.node_address(node)
            times[address] = times.get(address, 0.0) + duration
        return times


def _nanoseconds() -> int:
    """Return the time on the clock of the audio thread, or 0 if the system has no such clock."""
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) if hasattr(time, "clock_gettime_ns") else 0


def _nodes_in_row(info: Any) -> list[str]:
    return [node for node, *_ in info.places] + [node for inner in info.inner for node in _nodes_in_row(inner)]


_tick_rate: list[float] = []


def _microseconds_per_tick() -> float:
    """Return the duration of a tick of the processor's counter, measured once."""
    if not _tick_rate:
        ticks = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)(walk.READ_TICKS.address)
        word = np.zeros(1, np.int64)
        ticks(word.ctypes.data, 0, 0)
        first, began = int(word[0]), time.perf_counter()
        time.sleep(0.02)
        ticks(word.ctypes.data, 0, 0)
        _tick_rate.append((time.perf_counter() - began) * 1e6 / max(int(word[0]) - first, 1))
    return _tick_rate[0]


# -- devices -------------------------------------------------------------------------------------------------


def _sounddevice() -> Any:
    try:
        import sounddevice
    except (ImportError, OSError) as error:
        if isinstance(error, OSError):
            raise EngineError(f"PortAudio is not installed: {portaudio_command()}.") from None
        raise EngineError(f"sounddevice is not installed: {install_command('nodegraph[audio]')}.") from None
    return sounddevice


def open_input(device: int | str | None) -> Any:
    """Open a mono stream for blocking reads of a device's input (None: the default one). Raises EngineError."""
    sounddevice = _sounddevice()
    try:
        return sounddevice.InputStream(device=device, channels=1, dtype="float32")
    except (ValueError, sounddevice.PortAudioError) as error:
        raise EngineError(f"no audio input: {_reason(error)} See `nodegraph devices`.") from None


def devices() -> list[dict[str, Any]]:
    """Return the audio devices: index, name, host API, channels, default rate. Raises EngineError."""
    sounddevice = _sounddevice()
    apis = [api["name"] for api in sounddevice.query_hostapis()]
    return [
        {
            "index": device["index"],
            "name": device["name"],
            "api": apis[device["hostapi"]],
            "inputs": device["max_input_channels"],
            "outputs": device["max_output_channels"],
            "rate": device["default_samplerate"],
        }
        for device in sounddevice.query_devices()
    ]


def supported_rates(device: int | str | None, rates: Iterable[float]) -> tuple[float, ...]:
    """Return those of ``rates`` (Hz) at which an output device (None: the default) opens. Raises EngineError."""
    sounddevice = _sounddevice()

    def is_supported(rate: float) -> bool:
        try:
            sounddevice.check_output_settings(device=device, samplerate=rate)
        except Exception:  # the device does not run at this rate, or is in use
            return False
        return True

    return tuple(rate for rate in rates if is_supported(rate))


def _check_options(rate: object, blocksize: object, capture: object, outputs: object) -> None:
    """Raise EngineError for an option out of range."""
    if rate and (problem := rate_problem(rate)):
        raise EngineError(problem)
    if not isinstance(blocksize, int) or not 1 <= blocksize <= MAX_BLOCK:
        raise EngineError(f"blocksize must be a whole number in 1–{MAX_BLOCK}, got {blocksize!r}. 256 is usual.")
    if not (is_number(capture) and 0.0 <= capture < math.inf):
        raise EngineError(f"capture must be a number of seconds, got {capture!r}. Give 0.0 for none.")
    if outputs is not None and (not isinstance(outputs, int) or not 0 <= outputs <= MAX_CHANNELS):
        raise EngineError(f"outputs must be a number of channels, up to {MAX_CHANNELS}, got {outputs!r}. Leave it out.")


Target = tuple[str, float, int, int, Any]


def _null_target(rate: float | None, outputs: int | None) -> Target:
    return "none", float(rate or 44100.0), 0, outputs or 2, None


def _device_target(device: int | str | None, rate: float | None, outputs: int | None, listens: bool) -> Target:
    """Return name, rate, channels and indices of a device; inputs are opened only if ``listens``."""
    sounddevice = _sounddevice()
    try:
        found = sounddevice.query_devices(device, "output")
    except (ValueError, sounddevice.PortAudioError) as error:
        raise EngineError(
            f"no audio output: {_reason(error)} See `nodegraph devices`, use --null, or render the patch to a file."
        ) from None
    inputs, source = 0, None
    if listens:
        try:
            microphone = sounddevice.query_devices(device, "input")
            inputs, source = min(microphone["max_input_channels"], 2), microphone["index"]
        except (ValueError, sounddevice.PortAudioError):
            inputs = 0
    channels = outputs or min(found["max_output_channels"], 2)
    return found["name"], float(rate or found["default_samplerate"]), inputs, channels, (source, found["index"])


def _reason(error: Exception) -> str:
    text = str(error).splitlines()[0].rstrip(".").removeprefix("Error opening _StreamBase: ")
    return f"{text}."
