"""Sound, tensor and other files: reading with one-line errors, and atomic writing."""
