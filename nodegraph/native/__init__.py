"""Compilation of Python functions to native code that is verified as safe for the audio thread.

``frontend``  Python → LLVM IR (by Numba; imported only if a kernel is not cached)
``wrap``      entry points of kernels, and the loops over samples and lanes around a tick
``runtime``   IR of the functions that depend on the processor
``build``     link, verify, optimise, cache, load
``words``     memory access in native functions: 8-byte words at integer addresses
"""
