"""The canvas without a window: geometry, scene, gestures, visuals and layout, as plain data."""
