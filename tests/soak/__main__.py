"""A long performance of the largest demo patch, beside an empty callback on the same JACK server. As a program

    python -m tests.soak --minutes 30

prints callbacks, xruns, memory, files and threads, and whether the replay of the flight log gives the same samples. The
status is 1 if it does not, if the memory grew by more than 2 %, or if files or threads were left open.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.soak.performance import Soak, Use, perform
from tests.system import JackServer

MAX_GROWTH = 0.02  # of the memory


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=0, help="seed of the edits and messages")
    chosen = parser.parse_args()
    server = JackServer()
    try:
        server.wait_ready()
        os.environ.update(server.env)
        with TemporaryDirectory() as folder:
            found = perform(server, 60.0 * chosen.minutes, Path(folder), chosen.seed)
    finally:
        if "sounddevice" in sys.modules:
            sys.modules["sounddevice"]._exit_handler()  # PortAudio aborts the process if it is closed after its server
        server.stop()
    print_figures(found)
    return 0 if is_sound(found) else 1


def is_sound(found: Soak) -> bool:
    """Return whether nothing was lost and nothing grew."""
    same = found.differing == 0 and found.samples > 0
    closed = found.end.files <= found.warm.files and found.end.threads <= found.warm.threads
    return same and closed and found.growth <= MAX_GROWTH


def print_figures(found: Soak) -> None:
    print(f"{found.seconds:.0f} s, {found.edits} edits, {found.events} MIDI and OSC messages, load {found.load:.1%}")
    print(f"{'':20} {'nodegraph':>12} {'empty':>12}")
    print(f"{'callbacks expected':20} {found.expected:12.0f} {found.expected:12.0f}")
    print(f"{'callbacks served':20} {found.callbacks:12} {found.empty_callbacks:12}")
    print(f"{'xruns':20} {found.xruns:12} {found.empty_xruns:12}")
    print(f"{'longer than a block':20} {found.late:12}")
    for when, used in (("after the warm-up", found.warm), ("at the end", found.end)):
        print(f"{when}: {describe(used)}")
    print(f"memory: {found.growth:+.2%}")
    print(f"replay: {found.samples} samples, {found.differing} different; notes: {'; '.join(found.notes) or 'none'}")


def describe(used: Use) -> str:
    return f"{used.memory / 1e6:.1f} MB, {used.files} files, {used.threads} threads"


if __name__ == "__main__":
    sys.exit(main())
