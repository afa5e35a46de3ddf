"""The key that signs the compiled kernels of the user."""

from __future__ import annotations

import shutil
from pathlib import Path

from nodegraph.files.folders import user_folder
from nodegraph.files.signed_cache import signing_key


def copy_signing_key(data_home: Path) -> None:
    """Let processes whose XDG_DATA_HOME is ``data_home`` use the kernels that this user has compiled.

    With another key they compile all of them again, and sign them so that this user must do so too.
    """
    if signing_key() is None:
        return
    own = user_folder("data")
    folder = data_home / own.name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copy2(own / "signing.key", folder)
