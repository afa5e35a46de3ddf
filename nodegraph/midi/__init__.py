"""MIDI outside of patches: byte streams, standard MIDI files, ports and controllers.

``messages``     bytes into whole messages
``files``        standard MIDI files as messages with their times
``playing``      such a file inside a patch; ``sending`` MIDI out of one
``ports``        devices and other programs, kept open while they come and go
``held``         keys and pedals that are down
``learn``        controls of a patch that a device turns
``controllers``  what is on a device and what it does, from files
``surface``      faders, knobs and buttons on the units of a code: pure functions
``gain_bank``    such a surface on a patch
``keyboard``     the computer's keyboard as a piano
"""
