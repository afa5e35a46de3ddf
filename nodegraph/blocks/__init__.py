"""What blocks are made with: the registry, helpers beside the audio thread, and their pages."""
