"""Speed of a peer: seconds of audio per second of CPU, without start-up."""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import soundfile

from .checks import SECONDS, WrongSound, check
from .peers.base import BUILD, ROOT, Job, Peer
from .workloads import RATE

PILOT = 2.0  # seconds of audio of a trial render
MAX_LENGTH = 3600.0


class PeerFailed(Exception):
    """A peer ended without a result."""


@dataclass
class Result:
    """The ``speeds``, one per run, or the ``reason`` if there are none."""

    speeds: list[float] = field(default_factory=list)
    reason: str = ""


def render_is_correct(peer: Peer, workload: str) -> None:
    """Render a few seconds to a file and check the sound. Raises WrongSound or PeerFailed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sound.wav"
        _cpu_seconds(peer.job(workload, SECONDS, path))
        if not path.exists():
            raise PeerFailed("wrote no sound file")
        audio, rate = soundfile.read(path, always_2d=True)
    if rate != RATE:
        raise WrongSound(f"rendered at {rate} Hz")
    check(workload, audio[:, 0])


def choose_length(peer: Peer, workload: str, cpu_seconds: float) -> float:
    """Return the seconds of audio that take the peer about ``cpu_seconds``."""
    if peer.job(workload, PILOT, None).prints_cpu:
        estimate = PILOT / max(_cpu_seconds(peer.job(workload, PILOT, None)), 1e-4)
    else:
        estimate = _slope(peer, workload, PILOT, 10 * PILOT)
    return min(max(estimate * cpu_seconds, PILOT), MAX_LENGTH)


def speed(peer: Peer, workload: str, seconds: float) -> float:
    """Return the audio seconds per CPU second of one run."""
    job = peer.job(workload, seconds, None)
    if job.prints_cpu:
        return seconds / _cpu_seconds(job)
    return _slope(peer, workload, seconds / 10, seconds)


def _slope(peer: Peer, workload: str, short: float, long: float) -> float:
    """Return the speed from the difference of two renders, which cancels the start-up time."""
    cost = _cpu_seconds(peer.job(workload, long, None)) - _cpu_seconds(peer.job(workload, short, None))
    return (long - short) / max(cost, 1e-4)


def _cpu_seconds(job: Job) -> float:
    """Run a job; return the CPU seconds that it reports, else those of its process."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            job.argv, cwd=ROOT, env=job.environment(), stdin=subprocess.DEVNULL, stdout=out, stderr=errors
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            errors.seek(0)
            lines = errors.read().strip().splitlines() or ["no error output"]
            raise PeerFailed(f"failed with exit status {process.returncode}: {lines[-1]}")
        if not job.prints_cpu:
            return usage.ru_utime + usage.ru_stime
        out.seek(0)
        try:
            return float(out.read().split()[-1])
        except (IndexError, ValueError):
            raise PeerFailed("printed no CPU seconds") from None


def use_one_core() -> None:
    """Restrict this process and its children to the last core, because the first one handles interrupts."""
    BUILD.mkdir(exist_ok=True)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
