"""Native kernels of blocks, and the same computation in Python."""

from nodegraph.native.build import KernelError

from .kernel import Kernel, kernel_of
from .native_function import NativeFunction

__all__ = ["Kernel", "KernelError", "NativeFunction", "kernel_of"]
