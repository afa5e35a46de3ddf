"""Render a workload with DawDreamer's Faust processor; run by the Python of .venv-bench.

python -m bench.peers.render_dawdreamer WORKLOAD SECONDS [OUTPUT]
"""

from __future__ import annotations

import sys
import time

import dawdreamer
import numpy as np
import soundfile

from bench import workloads as w
from bench.peers.faust import flags, program

CHUNK = 60.0  # seconds rendered at a time, to limit memory


def main() -> None:
    workload, seconds, output = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
    engine = dawdreamer.RenderEngine(w.RATE, w.BLOCK)
    faust = engine.make_faust_processor("faust")
    faust.compile_flags = flags(workload)
    faust.set_dsp_string(program(workload))
    if not faust.compile():
        raise SystemExit("the program does not compile")
    engine.load_graph([(faust, [])])
    if output:
        engine.render(seconds)
        soundfile.write(output[0], np.float32(engine.get_audio()[0]), w.RATE, subtype="FLOAT")
    rendered, start = 0.0, time.process_time()
    while rendered < seconds:
        engine.render(min(CHUNK, seconds))
        rendered += min(CHUNK, seconds)
    print((time.process_time() - start) * seconds / rendered)


if __name__ == "__main__":
    main()
