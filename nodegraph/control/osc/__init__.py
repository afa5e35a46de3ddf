"""Open Sound Control 1.0: every parameter of a patch has an address.

``addresses``  what an address means
``server``     messages in and out at a UDP port
"""

from .addresses import addresses
from .server import LOOPBACK, OscError, OscServer

__all__ = ["LOOPBACK", "OscError", "OscServer", "addresses"]
