"""Candidates of a trained model, as the search takes them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nodegraph.models.estimator import Estimator
from nodegraph.models.model_file import ModelError
from nodegraph.models.torch_import import require_torch
from nodegraph.patch import Document

from .matching import Proposal, Proposer
from .parameters import Parameter, ParameterError
from .patch_record import check_patch

CLEAN, NOISY = 48, 16  # candidates for a sound of the patch, and for a recording
NOISE = 0.3  # stated to the network for a recording


def proposer_of(model: Path, document: Document, parameters: Sequence[Parameter]) -> Proposer:
    """Return the candidates of the model in a file, for these parameters of a patch.

    Raises ModelError for an invalid file or a model of another patch, ParameterError if it estimates other parameters.
    """
    loaded = Estimator.load(model)
    try:
        check_patch(loaded, document)
    except ModelError as error:
        raise ModelError(f"{model}: {error}") from None
    missing = [parameter.name for parameter in parameters if parameter.name not in loaded.names]
    others = [name for name in loaded.names if name not in {parameter.name for parameter in parameters}]
    if missing or others:
        what = f"does not estimate '{missing[0]}'" if missing else f"also estimates '{others[0]}'"
        raise ParameterError(f"{model}: the model {what}. Name the same parameters as in its training.")
    return proposer_of_model(loaded, parameters)


def proposer_of_model(model: Estimator, parameters: Sequence[Parameter]) -> Proposer:
    """Return the candidates of a model, with its parameters in the order of ``parameters``."""
    require_torch()
    from nodegraph.models.estimation import Inference, fit_sound

    inference = Inference(model)
    order = [model.names.index(parameter.name) for parameter in parameters]
    low = np.array([parameter.low for parameter in parameters])
    high = np.array([parameter.high for parameter in parameters])

    def propose(sound: np.ndarray, rate: float) -> Proposal:
        heard = fit_sound(model, sound, rate)
        found = [inference.estimate(heard, noise, count) for noise, count in ((0.0, CLEAN), (NOISE, NOISY))]
        settings = [part for one in found for part in (one.values, one.candidates[0])]
        return Proposal(np.clip(np.concatenate(settings)[:, order], low, high), found[0].confidence[0][order])

    return propose
