"""A process that tries many inputs of one kind: ``python -m tests.fuzz.worker KIND FIRST COUNT FOLDER``.

It prints the number of each input before it is tried, and its faults as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from .attempt import Watch, kind_of, limit_memory


def main() -> None:
    kind, first, count, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    report = os.fdopen(os.dup(1), "w", buffering=1)
    sys.path.insert(0, os.getcwd())
    prepare = getattr(kind_of(kind), "prepare", None)
    if prepare is not None:
        prepare()
    null = os.open(os.devnull, os.O_WRONLY)
    for output in (1, 2):  # what the inputs print
        os.dup2(null, output)
    limit_memory()
    watch = Watch(
        folder, [Path(os.environ[name]) for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "TMPDIR")]
    )
    for number in range(first, first + count):
        print(json.dumps(number), file=report)
        faults = watch.attempt(kind, number)
        if faults:
            print(json.dumps(faults), file=report)
        if any("memory" in fault for fault in faults):
            break  # the peak is measured once in a process
    else:
        print(json.dumps("done"), file=report)
    report.flush()
    os._exit(0)


main()
