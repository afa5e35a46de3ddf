"""MIDI as bytes, messages, files and ports, independent of patches.

``messages``  splits byte streams into complete messages
``files``     reads standard MIDI files with exact times, and writes them
``salvage``   reads the complete events of damaged files
``ports``     ports of devices and other programs, reopened after a replug
``held``      keys and pedals that are down, by port
``keyboard``  the computer keyboard as a piano
"""
