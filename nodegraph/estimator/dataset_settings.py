"""The settings of a data set: everything that its content depends on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from nodegraph.patch import Document, encode_patch
from nodegraph.version import __version__

from .parameters import CLASSES, Parameter
from .rendering import BatchRenderer

FORMS = ("log-mel", "stft", "audio-wav", "audio-flac")
SHARD_ROWS = 16384  # about 6 s of work on one core, 134 MB of log-mel
AUDIO_SHARD_ROWS = 8192
FORMAT = 1


class DatasetError(ValueError):
    """A data set that cannot be made or read; the message is one line for the user."""


@dataclass(frozen=True)
class DatasetSettings:
    """The settings of a data set of ``count`` examples.

    ``form`` is one of :data:`FORMS`; ``seconds`` and ``rate`` (Hz) are those of each sound. ``only_classes`` draws only
    the class values of each parameter. Row r belongs to shard r // ``shard_rows``, so that a larger data set begins
    with the shards of a smaller one. ``path`` is the file of the patch.
    """

    document: Document
    parameters: tuple[Parameter, ...]
    count: int
    seed: int = 0
    form: str = "log-mel"
    seconds: float = 1.0
    rate: float = 16384.0
    only_classes: bool = False
    shard_rows: int = 0
    path: Path | None = None

    def __post_init__(self) -> None:
        if self.form not in FORMS:
            raise DatasetError(f"form must be {', '.join(FORMS[:-1])} or {FORMS[-1]}, got '{self.form}'.")
        if self.count < 1 or self.shard_rows < 0 or round(self.seconds * self.rate) < 1:
            raise DatasetError("a data set needs at least 1 example of 1 sample.")
        if not 0 <= self.seed < 2**63:
            raise DatasetError(f"seed must lie in 0–{2**63 - 1}, got {self.seed}.")
        object.__setattr__(self, "document", replace(self.document, source=None))
        if not self.shard_rows:
            object.__setattr__(self, "shard_rows", AUDIO_SHARD_ROWS if self.is_audio else SHARD_ROWS)

    @property
    def is_audio(self) -> bool:
        """Whether the examples are sound files."""
        return self.form.startswith("audio")

    @property
    def shards(self) -> int:
        """The number of shards."""
        return -(-self.count // self.shard_rows)

    def rows(self, shard: int) -> range:
        """Return the rows of a shard."""
        return range(shard * self.shard_rows, min((shard + 1) * self.shard_rows, self.count))

    def renderer(self, threads: int = 1) -> BatchRenderer:
        """Return a new renderer for the examples."""
        return BatchRenderer(self.document, self.parameters, self.seconds, self.rate, self.path, threads)

    @cached_property
    def description(self) -> dict[str, Any]:
        """The settings as JSON values, without the count: equal descriptions make equal rows."""
        patch = hashlib.sha256(encode_patch(self.document)).hexdigest()
        return {
            "format": FORMAT,
            "nodegraph": __version__,
            "patch": self.document.title,
            "patch_sha256": patch,
            "parameters": [asdict(p) | {"classes": p.classes(CLASSES)} for p in self.parameters],
            "seed": self.seed,
            "form": self.form,
            "seconds": self.seconds,
            "rate": self.rate,
            "only_classes": self.only_classes,
            "shard_rows": self.shard_rows,
        }

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the description."""
        return hashlib.sha256(json.dumps(self.description, sort_keys=True).encode()).hexdigest()


def part_of(shards: Sequence[int], part: int, parts: int) -> list[int]:
    """Return the shards of part ``part`` (from 1) of ``parts``."""
    return [shard for shard in shards if shard % parts == part - 1]
