"""The canvas without a window: geometry, scene, gestures, faces and layout, as plain data."""
