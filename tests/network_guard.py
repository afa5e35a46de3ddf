"""Programs without a network: an audit hook in a process and all Python processes below it.

The environment of :func:`guarded` makes Python import this file as ``sitecustomize``, before any other module.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

LOG, ALLOW = "NODEGRAPH_TEST_NETWORK_LOG", "NODEGRAPH_TEST_NETWORK_ALLOW"
EVENTS = {
    "socket.bind", "socket.connect", "socket.getaddrinfo", "socket.gethostbyaddr", "socket.gethostbyname",
    "socket.getnameinfo", "socket.sendmsg", "socket.sendto", "urllib.Request", "http.client.connect",
    "ftplib.connect", "smtplib.connect",
}  # fmt: skip


def guarded(folder: Path, allowed: bool = False) -> tuple[dict[str, str], Path]:
    """Return the environment of processes without a network, and the file that lists their attempts.

    An attempt raises PermissionError unless it is ``allowed``. ``folder`` is a new one outside the working folder.
    """
    folder.mkdir()
    shutil.copy(__file__, folder / "sitecustomize.py")
    log = folder / "network.log"
    log.touch()
    paths = [str(folder), str(Path(__file__).parents[1])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths), LOG: str(log), ALLOW: "1" if allowed else ""}, log


def _forbid(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in EVENTS:
        return
    if event in ("socket.bind", "socket.connect") and isinstance(arguments[1], str | bytes):
        return  # a socket in the file system, between processes of this machine
    line = f"{event} {[argument for argument in arguments if isinstance(argument, str | int | tuple)]}\n"
    handle = os.open(os.environ[LOG], os.O_WRONLY | os.O_APPEND)
    os.write(handle, line.encode())
    os.close(handle)
    if not os.environ[ALLOW]:
        raise PermissionError(f"network: {line.strip()}")


if __name__ == "sitecustomize" and LOG in os.environ:
    sys.addaudithook(_forbid)
