"""Model files (safetensors): the shipped ones, with a changed header or body, loaded as each kind of model."""

from __future__ import annotations

import json
import random
from functools import cache
from pathlib import Path

from nodegraph.files.safetensors import TensorFileError, map_arrays, read_tensors
from nodegraph.models.autoencoder import Autoencoder
from nodegraph.models.estimator import Estimator
from nodegraph.models.model_file import ModelError

from .. import mutate
from ..attempt import REPOSITORY

WEIGHT = 8
ERRORS = (ModelError, TensorFileError)
LINES = False


@cache
def model(name: str) -> bytes:
    return (REPOSITORY / "patches/models" / name).read_bytes()


def attempt(rng: random.Random, folder: Path) -> None:
    data = model(rng.choice(("parts-16.safetensors", "recordings-16.safetensors")))
    size = int.from_bytes(data[:8], "little")
    header, body = data[8 : 8 + size], data[8 + size :]
    if rng.random() < 0.6:
        header = json.dumps(mutate.data_of(json.loads(header), rng)).encode()
    else:
        header = mutate.bytes_of(header, rng)
    stated = len(header) if rng.random() < 0.9 else rng.choice((0, 1, 2**31, 2**63, len(data)))
    if rng.random() < 0.2:
        body = body[: rng.randrange(len(body))]
    path = folder / "m.safetensors"
    path.write_bytes(stated.to_bytes(8, "little") + header + body)
    rng.choice((Autoencoder.load, Estimator.load, read_tensors, map_arrays))(path)
