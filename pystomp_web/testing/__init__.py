"""For tests of pages and programs that speak STOMP: a pytest plugin, and what its fixtures give.

pytest finds the plugin by itself once `pystomp-web[testing]` is installed::

    def test_the_price_is_shown(stomp_page):
        stomp_page.goto("/dashboard.html")
        stomp_page.broker.wait_subscribed("/topic/prices")
        stomp_page.broker.publish("/topic/prices", {"eur": 1.08})
        expect(stomp_page.page.get_by_text("1.08")).to_be_visible()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .broker import StompBroker
    from .page import StompPage
    from .pair import StompPair

__all__ = ["StompBroker", "StompPage", "StompPair"]

#: Imported when used: pytest loads the plugin, and so this, for everybody.
_MODULES = {"StompBroker": "broker", "StompPage": "page", "StompPair": "pair"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
