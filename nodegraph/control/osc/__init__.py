"""Open Sound Control 1.0: every parameter of a patch has an address.

``addresses``  resolves addresses and patterns
``packets``    validates datagrams
``server``     receives and sends messages at a UDP port
"""

from .addresses import addresses
from .server import LOOPBACK, OscError, OscServer

__all__ = ["LOOPBACK", "OscError", "OscServer", "addresses"]
