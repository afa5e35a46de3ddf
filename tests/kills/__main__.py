"""Random ``kill -9`` of everything that writes files. As a program

    python -m tests.kills [KIND …] --kills 200

prints for each kind of work what was found after the kills, and exits with status 1 if anything was damaged or lost.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import time
import traceback
from pathlib import Path
from tempfile import TemporaryDirectory

# threads would not survive the fork of a child
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}

from tests.kills.runner import KINDS, kill_at_random


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", metavar="KIND", nargs="*", help=f"what is killed, of {', '.join(KINDS)}")
    parser.add_argument("--kills", type=int, default=200, help="kills of each kind")
    parser.add_argument("--seed", type=int, default=0, help="seed of the moments")
    chosen = parser.parse_args()
    if unknown := set(chosen.kinds) - set(KINDS):
        parser.error(f"unknown kind: {', '.join(sorted(unknown))}. Choose from {', '.join(KINDS)}.")
    failed = False
    for name in chosen.kinds or KINDS:
        kind = importlib.import_module(f"tests.kills.{name}")
        began = time.monotonic()
        with TemporaryDirectory() as folder:
            os.environ["NODEGRAPH_TABLES"] = folder
            try:
                found = kill_at_random(kind, Path(folder), chosen.kills, chosen.seed)
            except AssertionError:
                failed = True
                traceback.print_exc()
                continue
        counts = json.dumps(dict(sorted(found.items())))
        print(f"{name}: {found.total()} kills in {time.monotonic() - began:.0f} s: {counts}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
