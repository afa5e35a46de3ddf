"""Play a patch and edit it while it plays. Run it with ``--silent`` where there is no sound card."""

import sys
import time

import nodegraph

patch = nodegraph.Patch()
patch.add("sine", "osc", frequency=220.0, amplitude=0.2)
patch.add("audio_out", "out")
patch.connect("osc.out", "out.audio")

with nodegraph.play(patch, null="--silent" in sys.argv) as live:
    time.sleep(0.3)
    patch.set("osc.frequency", 330.0)  # audible at once, and a step that can be undone
    time.sleep(0.3)
    patch.add("lfo", "vibrato", frequency=6.0, amplitude=0.3)  # a new node: the plan is exchanged without a click
    patch.connect("vibrato.out", "osc.fm")
    time.sleep(0.3)
    live.turn("osc", "amplitude", 0.0, at=live.clock + 4410)  # in the engine only, at an exact sample
    time.sleep(0.3)
    report = live.report()

print(f"{report.seconds:.1f} s on {report.device}, {report.xruns} dropouts")
