"""Write a block of your own, and use it like any other. In a file of your blocks folder it needs no registration."""

import sys

import numpy as np

import nodegraph
from nodegraph.blocks.registry import register_module
from nodegraph.node import In, Node, Out, State


class Accumulate(Node):
    """A leaky integrator: y[n] = leak y[n - 1] + (1 - leak) x[n]."""

    audio = In(0.0, doc="signal")
    leak = In(0.99, unit="ratio", min=0.0, max=0.9999, doc="part of the last output that remains")
    out = Out(doc="the signal, smoothed")
    y = State()

    def tick(audio, leak, y):
        y = leak * y + (1.0 - leak) * audio
        return y, y


register_module(sys.modules[__name__])
patch = nodegraph.Patch()
patch.add("constant", "one", value=1.0)
patch.add("accumulate", "smooth", leak=0.9)
patch.add("audio_out", "out")
patch.connect("one.out", "smooth.audio")
patch.connect("smooth.out", "out.audio")
sound = nodegraph.render(patch, seconds=0.01)[:, 0]
error = np.abs(sound - (1.0 - 0.9 ** np.arange(1, len(sound) + 1))).max()
print(f"the step response is 1 - 0.9^n within {error:.0e}")
