"""Isolation of this process: no network, no writing, no other programs, as far as the system allows.

Linux 5.13 and newer has Landlock, which closes the file system; the filter of system calls (x86-64 and ARM64) closes
the network and other processes. Other systems have the limits only, or nothing.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
import sysconfig
from collections.abc import Iterable
from contextlib import suppress

GIB = 1 << 30
NO_NEW_PRIVS, SECCOMP, FILTER = 38, 22, 2  # of prctl
LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446
LANDLOCK_VERSION, PATH_BENEATH = 1, 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
READ = EXECUTE | READ_FILE | READ_DIR  # "execute" also allows libraries to be mapped
# Access rights that each version of Landlock knows: the earlier ones, and moving (2), truncating (3), devices (5)
FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
TCP, SCOPES = 3, 3  # bind and connect (4); abstract sockets and signals (6)
SYSTEM_PATHS = (
    *("/usr", "/lib", "/lib32", "/lib64", "/nix", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d"),
    *("/sys/devices/system", "/sys/fs/cgroup", "/proc/cpuinfo", "/proc/meminfo", "/proc/self", "/dev/urandom"),
)
# System calls that a model never needs, by number: on x86-64 and ARM64
CALLS = {
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201),
    "sendto": (44, 206), "sendmsg": (46, 211), "sendmmsg": (307, 269), "execve": (59, 221), "execveat": (322, 281),
    "fork": (57, None), "vfork": (58, None), "ptrace": (101, 117), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "pidfd_getfd": (438, 438), "kill": (62, 129), "tkill": (200, 130),
    "io_uring_setup": (425, 425), "bpf": (321, 280), "userfaultfd": (323, 282), "unshare": (272, 97),
    "setns": (308, 268), "mount": (165, 40), "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53),
    "chown": (92, None), "fchown": (93, 55), "fchownat": (260, 54), "utimensat": (280, 88), "shmget": (29, 194),
    "truncate": (76, 45), "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14),
    "lremovexattr": (198, 15), "fremovexattr": (199, 16),
}  # fmt: skip
CLONE, CLONE3 = (56, 220), (435, 435)
ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column above, number of the kernel
CLONE_THREAD = 0x10000
X32 = 0x40000000  # the first number of a second set of calls on x86-64
EPERM, ENOSYS = 1, 38
LOAD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_BITS, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # instructions of the filter
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # offsets in the record of a call

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def isolate(folders: Iterable[str]) -> list[str]:
    """Close this process, and all threads that it starts from now on; return the names of the parts that worked.

    Only ``folders``, the Python installation and the libraries of the system can be read, and nothing can be written
    but open pipes. Call it before there are other threads, which would stay open.
    """
    found = ["limits"] if _limit() else []
    if _libc is None:
        return found
    if _libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
        paths = sysconfig.get_paths()
        names = ("stdlib", "platstdlib", "purelib", "platlib")
        packages = [path for path in sys.path if os.path.basename(path) in ("site-packages", "dist-packages")]
        python = [*(paths[name] for name in names), *packages, os.path.join(sys.base_prefix, "lib")]
        found += ["files"] if _close_files([*SYSTEM_PATHS, *python, *folders]) else []
        found += ["calls"] if _close_calls() else []
    return found


def limit_memory(free_bytes: int) -> bool:
    """Limit the address space of this process to what it has and ``free_bytes`` more. Return whether that worked."""
    with suppress(ImportError, OSError, ValueError, AttributeError):
        import resource

        with open("/proc/self/statm") as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + free_bytes, used + free_bytes))
        return True
    return False


def _limit() -> bool:
    """Allow no files to be written, and no memory dumps."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        for limit in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
            resource.setrlimit(limit, (0, 0))
        return True
    return False


def _close_files(readable: Iterable[str]) -> bool:
    """Restrict the file system by Landlock, and TCP and signals with its newer versions."""
    assert _libc is not None
    version = _libc.syscall(LANDLOCK_CREATE, None, 0, LANDLOCK_VERSION)
    if version < 1:
        return False
    rights = FILE_RIGHTS[max(known for known in FILE_RIGHTS if known <= version)]
    attributes = struct.pack("QQQ", rights, TCP, SCOPES)[: 8 if version < 4 else 16 if version < 6 else 24]
    ruleset = _libc.syscall(LANDLOCK_CREATE, attributes, len(attributes), 0)
    if ruleset < 0:
        return False
    for path in readable:
        with suppress(OSError):
            handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
            allowed = READ if os.path.isdir(path) else READ & ~READ_DIR
            _libc.syscall(LANDLOCK_ADD, ruleset, PATH_BENEATH, struct.pack("=Qi", allowed, handle), 0)
            os.close(handle)
    worked: bool = _libc.syscall(LANDLOCK_RESTRICT, ruleset, 0) == 0
    os.close(ruleset)
    return worked


def _close_calls() -> bool:
    """Refuse the system calls of networks, programs and other processes."""
    assert _libc is not None
    if platform.machine() not in ARCHITECTURES or sys.maxsize < 1 << 32:
        return False
    program = _filter(*ARCHITECTURES[platform.machine()])
    instructions = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(instructions))
    worked: bool = _libc.prctl(SECCOMP, FILTER, header, 0, 0) == 0
    return worked


def _filter(column: int, architecture: int) -> bytes:
    """Return the filter of system calls: each instruction is (code, jump if true, jump if false, value)."""
    refuse, missing = (RETURN, 0, 0, REFUSE | EPERM), (RETURN, 0, 0, REFUSE | ENOSYS)
    steps = [(LOAD, 0, 0, ARCHITECTURE), (JUMP_EQUAL, 1, 0, architecture), refuse, (LOAD, 0, 0, NUMBER)]
    if column == 0:
        steps += [(JUMP_AT_LEAST, 0, 1, X32), refuse]
    for numbers in CALLS.values():
        if (number := numbers[column]) is not None:
            steps += [(JUMP_EQUAL, 0, 1, number), refuse]
    # the C library starts threads by "clone" if "clone3", whose flags a filter cannot read, is missing
    steps += [(JUMP_EQUAL, 0, 1, CLONE3[column]), missing]
    steps += [(JUMP_EQUAL, 0, 3, CLONE[column]), (LOAD, 0, 0, FIRST_ARGUMENT), (JUMP_BITS, 1, 0, CLONE_THREAD), refuse]
    return b"".join(struct.pack("HBBI", *step) for step in [*steps, (RETURN, 0, 0, ALLOW)])
