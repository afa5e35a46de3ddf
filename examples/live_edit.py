"""Edit a patch while it plays. `null=True` needs no sound card; without it the default device plays."""

import time

import nodegraph

patch = nodegraph.Patch()
patch.add("saw", id="osc", frequency=110.0)
patch.add("ladder", id="filter", cutoff=400.0, resonance=0.5)
patch.add("audio_out", id="out")
patch.connect("osc.out", "filter.audio")
patch.connect("filter.out", "out.audio")

with nodegraph.play(patch, null=True, capture=3.0) as live:
    for step in range(10):
        patch.set("filter.cutoff", 400.0 * 1.3**step)  # a message: applied at a sample, smoothed over 10 ms
        time.sleep(0.1)
    patch.add("lfo", id="wobble", frequency=6.0, amplitude=5.0, offset=110.0)
    patch.connect("wobble.out", "osc.frequency")  # a new plan: oscillator and filter keep their states
    time.sleep(0.5)
    patch.undo()
    time.sleep(0.5)
    report = live.report()
    peak = abs(live.captured()).max()

print(f"{report.callbacks} callbacks, {report.xruns} xruns, peak {peak:.2f}, median load {report.load_p50:.1%}")
