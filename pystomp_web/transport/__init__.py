"""How bytes travel."""

from __future__ import annotations

from .base import Transport

__all__ = ["Transport"]
