"""PyInstaller: keep the sources of nodes, from which kernels are compiled."""

module_collection_mode = {"nodes": "py"}
