"""Late import of PyTorch."""

from __future__ import annotations

import importlib.util
import os
import sys
from functools import cache

from nodegraph.installation import install_command


class TorchMissingError(Exception):
    """PyTorch is not installed; the message is one line with the command that installs it."""


def require_torch() -> None:
    """Import PyTorch. Raises TorchMissingError if it is not installed.

    Its threads must sleep, not spin, while they wait for each other: spinning makes a training fifty times slower as
    soon as another thread, such as the audio thread, uses the same cores.
    """
    threads_sleep()
    try:
        import torch  # noqa: F401
    except ImportError:
        raise TorchMissingError(f"this needs torch. Install it: {install_command('nodegraph[learn]')}") from None


@cache
def threads_sleep() -> bool:
    """Return whether the threads of PyTorch sleep while they wait: not if a program imported it first, without asking.

    OpenMP reads its policy once, when PyTorch is loaded.
    """
    if "torch" not in sys.modules:
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    return os.environ.get("OMP_WAIT_POLICY", "").upper() == "PASSIVE"


def torch_problem() -> str:
    """Return that PyTorch is not installed, with the command that installs it, or ""; PyTorch is not imported."""
    is_missing = importlib.util.find_spec("torch") is None
    return f"PyTorch is not installed: {install_command('nodegraph[learn]')}" if is_missing else ""
