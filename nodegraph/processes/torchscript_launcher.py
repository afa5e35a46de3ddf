"""The process from which the processes of models are forked: it imports torch once, which takes seconds.

``python -m nodegraph.processes.torchscript_launcher HANDLE`` has the handle of a socket. Each message is the working
folder of a new process, with its stdin and stdout; the answer is its id and a handle of it. The launcher runs no model
itself. It ends when the socket is closed, and the processes of models end with it, or when there has been none for a
while. It is not the launcher of workers, because the models of strangers must not inherit what that one holds.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import struct
import sys

from . import torchscript_main

PID = struct.Struct("<q")
MAX_PATH = 4096
IDLE = 60.0  # seconds without a process until the launcher ends


def main() -> None:
    """Fork a process for each message until the socket is closed or nothing is left to do."""
    control = socket.socket(fileno=int(sys.argv[1]))
    import torch  # noqa: F401 (the forked processes find it imported)

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system removes ended processes
    processes: list[int] = []
    while ready := select.select([control.fileno(), *processes], [], [], None if processes else IDLE)[0]:
        for ended in set(processes).intersection(ready):
            processes.remove(ended)
            os.close(ended)
        if control.fileno() not in ready:
            continue
        folder, handles, _, _ = socket.recv_fds(control, MAX_PATH, 2)
        if not folder:
            return
        pid = os.fork()
        if pid == 0:
            control.close()
            _become_model(os.fsdecode(folder), *handles)
        process = os.pidfd_open(pid)
        socket.send_fds(control, [PID.pack(pid)], [process])
        processes.append(process)
        for handle in handles:
            os.close(handle)


def _become_model(folder: str, requests: int, answers: int) -> None:
    """Run a model in this process, in a folder, until its requests end."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.chdir(folder)
        for handle, standard in ((requests, 0), (answers, 1)):
            os.dup2(handle, standard)
            os.close(handle)
        torchscript_main.main()
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
