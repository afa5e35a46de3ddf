"""``--input NODE=FILE``: sound files for the ``audio_in`` nodes of a patch."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from .errors import CommandError
from .output import print_warning

if TYPE_CHECKING:
    import numpy as np

    from nodegraph.graph import Graph


def input_files(graph: Graph, texts: Iterable[str] | None) -> dict[str, Path]:
    """Map nodes to files. The node name is optional in a patch with one ``audio_in``."""
    audio_inputs = [node.id for node in graph.typed_nodes if node.cls and node.cls.device == "input"]
    files: dict[str, Path] = {}
    for text in texts or ():
        node, equals, file = text.partition("=")
        if not equals or (len(audio_inputs) == 1 and node not in audio_inputs and Path(text).is_file()):
            if len(audio_inputs) != 1:
                raise typer.BadParameter(
                    f"must be NODE=FILE, such as --input mic=voice.wav, got '{text}'", param_hint="--input"
                )
            node, file = audio_inputs[0], text
        if node not in audio_inputs:
            raise CommandError(f"--input {text}: {_unknown_input(graph, node, audio_inputs)}")
        files[node] = Path(file)
    for id in audio_inputs:
        if id not in files:
            print_warning(f"audio_in '{id}' is silent: it has no file. Add --input {id}=FILE")
    return files


def read_inputs(graph: Graph, files: dict[str, Path], rate: float) -> dict[str, np.ndarray]:
    """Read the files at ``rate`` (Hz), each with the number of channels of its node."""
    from nodegraph.files.sound_file import read_sound

    return {id: _fit_channels(read_sound(path, rate), graph.node(id).lanes) for id, path in files.items()}


def _fit_channels(values: np.ndarray, channels: int) -> np.ndarray:
    """Fit (samples, channels): copy a mono file to all channels, mix down to mono, or use the first channels."""
    if values.shape[1] == 1:
        return values.repeat(channels, axis=1)
    if channels == 1:
        return values.mean(axis=1, keepdims=True)
    return values[:, :channels]


def _unknown_input(graph: Graph, node: str, audio_inputs: list[str]) -> str:
    from nodegraph.patch.errors import suggest

    hint = f"Use {', '.join(audio_inputs)}." if audio_inputs else "The patch has no audio_in."
    if node in graph.nodes:
        return f"'{node}' is a {graph.node(node).type}, not an audio_in. {hint}"
    return f"unknown node '{node}'.{suggest(node, audio_inputs) or f' {hint}'}"
