"""The state of a model: its buffers pass from one process to the next."""

import numpy as np
import pytest
import torch

from nodegraph.processes.torchscript_process import ModelEndedError, TorchscriptProcess
from tests.processes.test_isolation import SIZE, Twice, saved
from tests.waiting import has_ended

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
VECTORS = np.zeros((3, SIZE), np.float32)


class Remembers(torch.nn.Module):
    """Returns how many vectors it has seen; one buffer is replaced, the others have other types."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.zeros(1))
        self.register_buffer("flags", torch.tensor([[True, False]]))
        self.register_buffer("empty", torch.zeros(0, dtype=torch.int64))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen = self.seen + x.shape[0]
        self.flags.logical_not_()
        return torch.zeros_like(x) + self.seen + 0.5 * self.flags[0, 0]


def seen(process):
    return int(process.run(VECTORS)[0, 0])


def test_next_process_continues_with_the_state_of_a_killed_one():
    model = saved(Remembers())
    first = TorchscriptProcess(model, SIZE, SIZE, True)
    assert first.has_state and seen(first) == 1 + 3, "it has seen one vector when it is loaded"
    state = first.state()
    assert len(state) == 4 + 2 and first.state() == b"", "the second one is the same"
    expected = first.run(VECTORS)
    first.stop()
    with pytest.raises(ModelEndedError):
        first.run(VECTORS)
    assert first.has_ended and has_ended(first.id)
    second = TorchscriptProcess(model, SIZE, SIZE, True, state=state)
    assert np.array_equal(second.run(VECTORS), expected)
    second.close()


def test_state_of_another_model_is_ignored():
    process = TorchscriptProcess(saved(Remembers()), SIZE, SIZE, True, state=bytes(100))
    assert seen(process) == 1 + 3
    process.close()


def test_model_without_buffers_has_no_state():
    process = TorchscriptProcess(saved(Twice()), SIZE, SIZE, True, state=bytes(100))
    assert not process.has_state and process.state() == b""
    process.close()
