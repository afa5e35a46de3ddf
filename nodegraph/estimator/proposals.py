"""Candidates of a trained model, as the search takes them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nodegraph.patch import Document

from .matching import Proposer
from .parameters import Parameter, ParameterError


def proposer_of(model: Path, document: Document, parameters: Sequence[Parameter]) -> Proposer:
    """Return the candidates of the model in a file, for these parameters of a patch."""
    raise ParameterError(f"{model}: models are unsupported by this version. Leave --model out.")
