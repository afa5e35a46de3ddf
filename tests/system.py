"""System dependencies of tests: checks for them, and a JACK server.

A test declares its dependencies with ``@pytest.mark.needs("jack", "portaudio")``. If one is missing, the test
is skipped with the reason; with ``CI=true`` it fails.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import itertools
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec

_numbers = itertools.count()


def _library(name: str, package: str) -> str | None:
    return None if ctypes.util.find_library(name) else f"lib{name} is missing: apt-get install {package}"


def _program(name: str, package: str) -> str | None:
    return None if shutil.which(name) else f"{name} is missing: apt-get install {package}"


def _module(name: str, extra: str) -> str | None:
    return None if find_spec(name) else f"Python package {name} is missing: pip install 'nodegraph[{extra}]'"


def _portaudio() -> str | None:
    return _module("sounddevice", "audio") or _library("portaudio", "libportaudio2")


def _opengl() -> str | None:
    return _library("GL", "libgl1 libgl1-mesa-dri") or _library("EGL", "libegl1")


def _landlock() -> str | None:
    if sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"):
        return "needs Linux on x86-64 or ARM64"
    version = ctypes.CDLL(None).syscall(444, None, 0, 1)  # landlock_create_ruleset
    return None if version >= 1 else "needs Linux 5.13 with Landlock"


# Checks of the dependencies: None, or the reason with the command that installs it.
PARTS: dict[str, Callable[[], str | None]] = {
    "portaudio": _portaudio,
    "jack": lambda: _program("jackd", "jackd2"),
    "rtmidi": lambda: _module("rtmidi", "midi"),
    "xvfb": lambda: _program("Xvfb", "xvfb"),
    "xdotool": lambda: _program("xdotool", "xdotool"),
    "opengl": _opengl,
    "dearpygui": lambda: _module("dearpygui", "editor"),
    "torch": lambda: _module("torch", "learn"),
    "librosa": lambda: _module("librosa", "learn"),
    "cc": lambda: _program("cc", "gcc libc6-dev"),
    "landlock": _landlock,
}


@functools.cache
def missing(part: str) -> str | None:
    """Return why ``part`` is unavailable, or None."""
    return PARTS[part]()


def on_ci() -> bool:
    return os.environ.get("CI", "").lower() in ("true", "1", "yes")


def is_required(part: str) -> bool:
    """Return whether a missing part fails a test instead of skipping it."""
    no_wheel = part == "rtmidi" and sys.version_info >= (3, 13)  # rtmidi2 replaces it, without JACK
    return on_ci() and not no_wheel and part != "landlock"  # a kernel cannot be installed


class JackServer:
    """A JACK server with the dummy driver, which runs in real time without sound.

    Its unique name avoids conflicts with the user's server or one that survived a crash. A process needs the
    environment variables ``env`` to use it; PortAudio then lists one device, ``system``.
    """

    def __init__(self, rate: int = 44100, period: int = 256) -> None:
        self.name = f"nodegraph-{os.getpid()}-{next(_numbers)}"
        self.rate = rate
        self.period = period
        self.env = {"JACK_DEFAULT_SERVER": self.name, "JACK_NO_START_SERVER": "1"}
        self._killed = False
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = ["jackd", "--no-realtime", "--name", self.name]
        command += ["-d", "dummy", "-r", str(self.rate), "-p", str(self.period)]
        if shutil.which("setpriv"):  # stop the server if the test run is killed
            command = ["setpriv", "--pdeathsig", "TERM", *command]
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"JACK_NO_AUDIO_RESERVATION": "1"},
        )

    def wait_ready(self, seconds: float = 20.0) -> None:
        """Wait until PortAudio lists the device of the server in a new process."""
        command = [sys.executable, "-c", "import sounddevice; sounddevice.query_devices('system')"]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise RuntimeError(f"jackd exited with status {self._process.returncode}")
            done = subprocess.run(command, env=os.environ | self.env, capture_output=True, timeout=30)
            if done.returncode == 0:
                return
            time.sleep(0.1)
        raise RuntimeError(f"jackd has no device after {seconds:g} s")

    def kill(self) -> None:
        """Kill the server without a shutdown, as if a device were unplugged."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._killed = True

    def stop(self) -> None:
        """Stop the server. A killed one is restarted first.

        JACK's list of servers has eight entries; only a server of the same name removes the entry of a killed one.
        """
        if self._killed:
            self._process = self._start()
            time.sleep(1.0)
        self._process.terminate()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.kill()
