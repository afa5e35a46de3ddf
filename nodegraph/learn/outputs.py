"""Device and output file of a training."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch

from nodegraph.files.folders import folder_problem
from nodegraph.models.model_file import ModelError

from .errors import LearnError


def check_writable(path: Path) -> Path:
    """Return ``path``, or raise LearnError before training if no model can be written to it."""
    if path.is_dir():
        raise LearnError(
            f"{path}: must be a file, got a folder. Name a file in it, such as {path / 'model.safetensors'}."
        )
    if problem := folder_problem(path):
        raise LearnError(f"{path}: {problem}")
    if not os.access(path.parent, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise LearnError(f"{path}: not writable. Choose another path.")
    return path


def device_of(name: str | None) -> torch.device:
    """Return a device by name; by default CUDA if available. Raises LearnError."""
    if name in (None, "auto"):
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError):
        raise LearnError(f"device '{name}': unavailable. Use cpu, or leave it out.") from None
    return device


def save_or_keep(save: Callable[[Path], None], path: Path) -> tuple[Path, str]:
    """Save a model to ``path`` or, if that fails, to a temporary folder, so that it is not lost.

    Return the path of the file, and a note for the user if it is another one than ``path``. Raises LearnError.
    """
    try:
        save(path)
    except ModelError as error:
        other = Path(tempfile.mkdtemp(prefix="nodegraph-")) / path.name
        try:
            save(other)
        except ModelError:
            raise LearnError(str(error)) from None
        return other, f"{error} The model is in {other} instead."
    return path, ""
