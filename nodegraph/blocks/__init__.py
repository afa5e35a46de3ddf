"""Infrastructure of blocks: registry, helpers outside the audio thread, help pages."""
