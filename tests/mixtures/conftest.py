"""Fixtures for mixtures: torch with one thread, and short sounds."""

import pytest

from tests.torch_threads import one_thread  # noqa: F401

torch = pytest.importorskip("torch")
