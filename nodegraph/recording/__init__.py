"""Records of a performance: recordings, flight logs, replays and automation."""
