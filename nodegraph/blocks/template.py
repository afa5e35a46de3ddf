"""The template of a user block: a working block as one class in one file."""

from __future__ import annotations

import keyword
import re
from pathlib import Path

from nodegraph.node import snake_case

from .registry import node_types, user_folder

TEMPLATE = '''"""A user block. `nodegraph nodes {type}` shows its page."""

from nodegraph.maths import clip, tanh
from nodegraph.node import Choice, In, Node, Out, State


class {name}(Node):
    """Filters with a one-pole low-pass, then distorts: ``y[n] = y[n-1] + a (x[n] - y[n-1])``.

    Describe here what the block does, with its equation and its source.
    """

    # Inputs: default, unit and range. A wire to an input replaces its value by a signal.
    audio = In(0.0, min=-1.0, max=1.0, doc="signal to filter")
    cutoff = In(1000.0, unit="Hz", min=20.0, max=20000.0, taper="log", doc="cutoff frequency")
    drive = In(1.0, unit="ratio", min=0.1, max=20.0, doc="gain before the curve")

    # Settings are fixed when the patch is compiled. `tick` receives the index of the selected value.
    curve = Choice("soft", "hard", doc="soft: tanh, hard: clipped at ±1")

    # Outputs, and state from sample to sample (separate for each lane).
    out = Out(doc="filtered and driven signal")
    last = State(0.0)

    # Computes one sample. Parameters are the names declared above, and `sr` (Hz) or `dt` (1 / sr). Returns all
    # outputs, then all states, in the order of their declaration. Use arithmetic and the functions of
    # nodegraph.maths only: this is compiled to native code for the audio thread.
    def tick(audio, cutoff, drive, curve, last, dt):
        a = clip(6.2831853 * cutoff * dt, 0.0, 1.0)
        last = last + a * (audio - last)
        loud = drive * last
        out = tanh(loud) if curve == 0 else clip(loud, -1.0, 1.0)
        return out, last
'''


class TemplateError(ValueError):
    """A block cannot be written; the message says why, and ``is_name`` whether its name is invalid."""

    def __init__(self, message: str, is_name: bool = False) -> None:
        super().__init__(message)
        self.is_name = is_name


def write_template(name: str, folder: Path | None = None) -> tuple[Path, str]:
    """Write the template of a block ``MyFilter`` or ``my_filter`` to a folder, by default that of user blocks.

    Return its file and its type. Raises TemplateError if the name is invalid or used, or the folder not writable.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,60}", name) or keyword.iskeyword(name.lower()):
        raise TemplateError(f"must consist of letters, digits and _, such as MyFilter, got '{name}'", is_name=True)
    words = [word for word in snake_case(name).split("_") if word]
    title = "".join(word[0].upper() + word[1:] for word in words)
    type = snake_case(title)
    if type in node_types():
        raise TemplateError(f"duplicate block '{type}'. Choose another name.")
    path = (folder or user_folder()) / f"{type}.py"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE.format(name=title, type=type))
    except FileExistsError:
        raise TemplateError(f"{path}: already exists. Choose another name.") from None
    except OSError as error:
        reason = error.strerror or error
        raise TemplateError(
            f"{path}: not writable ({reason}). Choose another folder with --folder or NODEGRAPH_NODES."
        ) from None
    return path, type
