"""Late import of PyTorch."""

from __future__ import annotations

import os


class TorchMissingError(Exception):
    """PyTorch is not installed; the message is one line with the command that installs it."""


def require_torch() -> None:
    """Import PyTorch. Raises TorchMissingError if it is not installed.

    Its threads must sleep, not spin, while they wait for each other: spinning makes a training fifty times slower as
    soon as another thread, such as the audio thread, uses the same cores.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # OpenMP reads it once, when it is loaded
    try:
        import torch  # noqa: F401
    except ImportError:
        raise TorchMissingError("this needs torch. Install it: pip install 'nodegraph[learn]'") from None
