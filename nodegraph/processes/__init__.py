"""Child processes: Python that imports nothing from the current folder, and the isolation of programs of strangers."""
