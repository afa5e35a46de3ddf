"""Threads of torch in tests. Import this module before torch."""

from __future__ import annotations

import os

import pytest

# read when torch is imported: see nodegraph.models.torch_import
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """Limit torch to one thread, which is faster for networks as small as those of the tests."""
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
