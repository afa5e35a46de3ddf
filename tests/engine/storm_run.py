"""A long stress test: random edits of a playing patch, offline or live, with a report.

    python -m tests.engine.storm_run --edits 10000 --live

plays to JACK's dummy driver if it is installed, else to the null device, and prints callbacks expected and served,
xruns, slow callbacks, samples that were not finite and the times from edits to plans.
"""

from __future__ import annotations

import argparse
import os
import time

import numpy as np

from nodegraph.engine.live import Live
from nodegraph.engine.offline import Offline
from tests.engine.storm import random_edits, sounding_patch
from tests.system import JackServer, missing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edits", type=int, default=10000)
    parser.add_argument("--nodes", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--live", action="store_true", help="play while editing (offline: one quantum per edit)")
    parser.add_argument("--null", action="store_true", help="use the null device")
    parser.add_argument("--idle", action="store_true", help="play for the same time without edits, for comparison")
    chosen = parser.parse_args()
    patch = sounding_patch(chosen.nodes, chosen.seed)
    if not chosen.live:
        storm_offline(patch, chosen)
        return
    server = None if chosen.null or missing("jack") or missing("portaudio") else JackServer()
    if server is not None:
        server.wait_ready()
        os.environ.update(server.env)
    try:
        storm_live(patch, chosen, server)
    finally:
        if server is not None:
            import sounddevice

            sounddevice._exit_handler()  # PortAudio aborts the process if it is closed after its server
            server.stop()


def storm_offline(patch, chosen) -> None:
    engine = Offline(patch.document)
    engine.follow(patch)
    times = Times(engine)
    bad = 0
    for _ in times.around(random_edits(patch, chosen.edits, chosen.seed, chosen.nodes)):
        bad += int(np.count_nonzero(~np.isfinite(engine.run_samples(64))))
    print(f"{chosen.edits} edits offline; samples not finite: {bad}")
    times.print()


def storm_live(patch, chosen, server) -> None:
    live = Live(patch.document, device=None if server is None else "system", null=server is None)
    live.follow(patch)
    times = Times(live)
    live.start()
    time.sleep(0.5)
    began = time.monotonic()
    if chosen.idle:
        time.sleep(chosen.edits / 50)
    else:
        for _ in times.around(random_edits(patch, chosen.edits, chosen.seed, chosen.nodes)):
            pass
    seconds = time.monotonic() - began
    report = live.report()
    live.stop()
    print(f"{0 if chosen.idle else chosen.edits} edits in {seconds:.1f} s on {report.device}")
    share = report.callbacks / max(report.expected, 1)
    print(f"callbacks: {report.callbacks} of {report.expected} served ({share:.2%}); xruns: {report.xruns}")
    print(f"callbacks that took longer than their period: {report.late}")
    print(f"load: median {report.load_p50:.1%}, p99 {report.load_p99:.1%}, max {report.load_max:.1%}")
    print(f"highest sample: {report.peak:g} ({'finite' if np.isfinite(report.peak) else 'NOT finite'})")
    times.print()


class Times:
    """Times from each edit to its pending plan or sent message."""

    def __init__(self, engine) -> None:
        self.found: list[float] = []
        load = engine.load

        def timed(document, path=None):
            began = time.perf_counter()
            load(document, path)
            self.found.append(time.perf_counter() - began)

        engine.load = timed

    def around(self, edits):
        self.found.clear()
        yield from edits

    def print(self) -> None:
        if self.found:
            ms = np.array(self.found) * 1000
            print(f"edit to plan: median {np.median(ms):.1f}, p99 {np.percentile(ms, 99):.1f}, worst {ms.max():.1f} ms")


if __name__ == "__main__":
    main()
