"""Define a block in a script, register it and render a patch with it."""

import sys

import numpy as np

import nodegraph
from nodegraph.blocks.registry import register_module
from nodegraph.node import In, Node, Out, State


class Hold(Node):
    """Sample and hold at a fixed rate: y[n] = x[n] whenever the phase φ[n] = φ[n−1] + f/sr passes 1, else y[n−1]."""

    audio = In(0.0, min=-1.0, max=1.0, doc="signal to be sampled")
    rate = In(2000.0, unit="Hz", min=1.0, max=20000.0, taper="log", doc="samples taken per second")
    out = Out(doc="the latest sample taken")
    phase, held = State(1.0), State()

    def tick(audio, rate, phase, held, dt):
        due = phase >= 1.0
        held = audio if due else held
        return held, (phase - 1.0 if due else phase) + rate * dt, held


print("registered:", *register_module(sys.modules[__name__]))
patch = nodegraph.Patch()
patch.add("sine", id="osc", frequency=220.0)
patch.add("hold", id="hold", rate=2000.0)
patch.add("audio_out", id="out")
patch.connect("osc.out", "hold.audio")
patch.connect("hold.out", "out.audio")
sound = nodegraph.render(patch, seconds=1.0)
print(f"{np.count_nonzero(np.diff(sound[:, 0]))} steps in one second")
