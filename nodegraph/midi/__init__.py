"""MIDI outside of patches: byte streams, standard MIDI files, ports and controllers.

``messages``  bytes into whole messages
``files``     standard MIDI files as messages with their times
"""
