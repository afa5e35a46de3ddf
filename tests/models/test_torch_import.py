"""Import of PyTorch: its threads do not spin, in whichever module it is imported first."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.needs("torch")

TRAIN = """
import numpy as np
from nodegraph.learn import FrameSets, TrainingObserver, train
from nodegraph.models.autoencoder import Features
import torch
torch.set_num_threads(2)
frames = np.random.default_rng(0).uniform(0.0, 1.0, (60, 33)).astype(np.float32)
sets = FrameSets(frames, frames, frames, Features(rate=8000.0, size=64, hop=16))
seen = set()
recipe = {"layers": [{"units": 2}], "features": {"rate": 8000.0, "size": 64, "hop": 16}}
train(sets, None, recipe, epochs=1, observer=TrainingObserver(lambda step: seen.add(torch.get_num_threads())))
print(seen, torch.get_num_threads())
"""


@pytest.mark.parametrize(
    ("before", "policy", "expected"),
    [("", None, "{2} 2"), ("import torch", None, "{1} 2"), ("import torch", "passive", "{2} 2")],
    ids=["nodegraph first", "torch first", "torch first, by a user who asked for it"],
)
def test_training_uses_one_thread_only_where_threads_would_spin(before, policy, expected):
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    environment |= {"OMP_WAIT_POLICY": policy} if policy else {}
    run = subprocess.run([sys.executable, "-c", f"{before}\n{TRAIN}"], env=environment, capture_output=True, text=True)
    assert run.stdout.strip() == expected, run.stderr
