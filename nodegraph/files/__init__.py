"""Sound, tensor and other files: read with one-line errors, written whole or not at all."""
