"""PyInstaller: keep the sources of nodegraph, from which kernels are compiled."""

module_collection_mode = {"nodegraph": "py"}
