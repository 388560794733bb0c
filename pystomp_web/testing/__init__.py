"""For tests of what speaks STOMP: a pytest plugin, and the classes of what its fixtures give.

pytest finds it by itself once `pystomp-web[testing]` is installed::

    def test_the_price_is_shown(stomp_page):
        stomp_page.goto("/dashboard.html")
        stomp_page.broker.wait_subscribed("/topic/prices")
        stomp_page.broker.publish("/topic/prices", {"eur": 1.08})
        expect(stomp_page.page.get_by_text("1.08")).to_be_visible()
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .broker import StompBroker
    from .page import StompPage
    from .pair import StompPair

__all__ = ["StompBroker", "StompPage", "StompPair"]


def __getattr__(name: str) -> Any:
    # Imported when used: pytest loads the plugin, and so this, for everybody.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{name.removeprefix('Stomp').lower()}", __name__), name)
