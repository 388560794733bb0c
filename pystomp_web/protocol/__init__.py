"""STOMP 1.0, 1.1 and 1.2: octets in, frames and events out. No I/O, no clock, no asyncio, no JavaScript."""

from __future__ import annotations

from .decoder import Decoder, Limits
from .encoder import encode
from .frame import Frame, Headers
from .version import Version

__all__ = ["Decoder", "Frame", "Headers", "Limits", "Version", "encode"]
