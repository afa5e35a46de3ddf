"""A patch that plays an autoencoder: its faders, and a sound file, the microphone or nothing to shape."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nodegraph.api import Patch

MAX_CONTROLS = 32  # faders that are controls of the patch
OVERLAP = 4  # frames that overlap
VOLUME = 0.2  # level of the frames without input


def model_patch(
    model: Path, sound: Path | None = None, live: bool = False, rate: float = 44100.0, path: Path | None = None
) -> Patch:
    """Return a patch for a model file at a sample rate: with a sound file, the microphone (``live``), or no input.

    ``path`` is the file in which the patch will be saved, in the folder of the model or above.

    With a sound, each frame is encoded, scaled by the faders and decoded, with the phases of the sound; a switch plays
    the original. Without, the faders are the code, and the phases are reconstructed. Raises ModelError.
    """
    from nodegraph.api import Patch
    from nodegraph.models.autoencoder import Autoencoder
    from nodegraph.models.axes import unit_names
    from nodegraph.patch import SetControl

    model = model.resolve()
    reference = model.relative_to(path.resolve().parent).as_posix() if path is not None else str(model)
    found, file = Autoencoder.load(model), {"file": reference}
    size = transform_size(found.features.size, found.features.rate, rate)
    patch = Patch(path=path)
    if sound is not None:
        patch.add("file_player", "sound", file=str(sound.resolve()))
    elif live:
        patch.add("audio_in", "sound")
    if sound is not None or live:
        heard = _add_effect(patch, file, size)
    else:
        heard = _add_faders(patch, file, size, found.code_size)
    patch.add("limiter", "limiter", ceiling=-1.0)
    patch.add("audio_out", "out")
    patch.connect(heard, "limiter.audio")
    patch.connect("limiter.out", "out.audio")
    names = unit_names(found) or tuple(f"unit {number + 1}" for number in range(found.code_size))
    for unit, name in enumerate(names[:MAX_CONTROLS]):
        patch.do(SetControl(name, "bank.gain", 0.0, 1.0, lane=unit))
    return patch


def transform_size(size: int, model_rate: float, rate: float) -> int:
    """Return the power of two whose windows at ``rate`` Hz last about as long as the model's."""
    wanted = size * rate / model_rate
    return min((1 << power for power in range(3, 17)), key=lambda one: abs(one / wanted - 1.0))


def _add_effect(patch: Patch, file: dict[str, str], size: int) -> str:
    """Add the chain from the node ``sound`` to the switch; return the output to hear."""
    patch.add("sum_lanes", "mono", scale="mean")
    patch.add("stft", "analysis", size=size, hop=size // OVERLAP)
    patch.add("polar", "parts")
    patch.add("encoder", "encoder", **file)
    patch.add("gain_bank", "bank", **file)
    patch.add("decoder", "decoder", **file)
    patch.add("from_polar", "spectrum")
    patch.add("inverse_stft", "synthesis")
    patch.add("resynthesis_switch", "monitor")
    for source, target in (
        ("sound.out", "mono.audio"),
        ("mono.out", "analysis.audio"),
        ("analysis.spectrum", "parts.spectrum"),
        ("parts.magnitude", "encoder.magnitude"),
        ("encoder.code", "bank.code"),
        ("encoder.level", "bank.level"),
        ("bank.adjusted", "decoder.code"),
        ("bank.adjusted_level", "decoder.level"),
        ("decoder.magnitude", "spectrum.magnitude"),
        ("parts.phase", "spectrum.phase"),
        ("spectrum.spectrum", "synthesis.spectrum"),
        ("mono.out", "monitor.original"),
        ("synthesis.out", "monitor.resynthesised"),
    ):
        patch.connect(source, target)
    return "monitor.out"


def _add_faders(patch: Patch, file: dict[str, str], size: int, units: int) -> str:
    """Add the chain from the faders, all in the middle, to the sound; return the output to hear."""
    patch.add("latent_source", "bank", **file, size=size, hop=size // OVERLAP, gain=[0.5] * units, volume=VOLUME)
    patch.add("decoder", "decoder", **file)
    patch.add("momentum_rtisi", "phases")
    patch.connect("bank.code", "decoder.code")
    patch.connect("bank.level", "decoder.level")
    patch.connect("decoder.magnitude", "phases.magnitude")
    return "phases.out"
