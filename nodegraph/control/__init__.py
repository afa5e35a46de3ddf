"""Parameters controlled from outside the editor: MIDI learn, controllers, gain banks, OSC."""
