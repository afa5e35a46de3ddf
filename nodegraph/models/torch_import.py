"""torch, imported when a training begins and not before."""

from __future__ import annotations

import os


class TorchMissingError(Exception):
    """torch is not installed; ``str(error)`` is one line that says how to install it."""


def require_torch() -> None:
    """Import torch. Raises TorchMissingError where it is not installed.

    Its threads shall sleep while they wait for each other: those that spin slow a training down fifty times as soon as
    something else, such as the sound, wants the same cores.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read once, when torch's OpenMP is loaded
    try:
        import torch  # noqa: F401
    except ImportError:
        raise TorchMissingError("training needs torch. Install it: pip install 'nodegraph[learn]'") from None
