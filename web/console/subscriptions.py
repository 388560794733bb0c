"""The subscriptions' panel: what is subscribed, its colour, its count, off and on."""

from __future__ import annotations

from typing import Any

from . import words
from .dom import Slot, clone, closest, element, make
from .link import COLOURS, Entry
from .page import Page


class SubscriptionsPanel:
    """The panel."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._items: dict[int, dict[str, Slot]] = {}
        page.listeners.on_submit("subscribe-form", self._subscribe)
        page.listeners.on(element("subscriptions"), "click", self._on_click)
        page.listeners.on_click("stop", self._stop)

    def subscribe(self, destination: str, ack: str) -> None:
        """Subscribe, unless it is already."""
        entries = self._page.session.link.entries.values()
        if not any((entry.destination, entry.ack) == (destination, ack) for entry in entries):
            self._page.session.link.subscribe(destination, ack)

    def _subscribe(self) -> None:
        link = self._page.session.link
        destination = element("subscribe-destination").value.strip()
        link.subscribe(destination, element("subscribe-ack").value)
        self._page.report(
            f"Subscribed to {destination}" if link.connected else f"{destination} is subscribed once connected"
        )

    def _on_click(self, js_event: Any) -> None:
        js_button = closest(js_event, "button")
        js_item = closest(js_event, "[data-entry]")
        if js_button is None or js_item is None:
            return
        link = self._page.session.link
        entry = link.entries.get(int(js_item.getAttribute("data-entry")))
        if entry is None:
            return
        if js_button.hasAttribute("data-unsubscribe"):
            link.unsubscribe(entry)
            self._page.report(f"Unsubscribed from {entry.destination}")
            element("subscribe-destination").focus()
        elif js_button.hasAttribute("data-switch"):
            link.switch(entry, not entry.on)
            self._page.report(f"{entry.destination} is {'on' if entry.on else 'off'}")
        else:
            entry.colour = entry.colour % COLOURS + 1
            self._page.ask()

    def _stop(self) -> None:
        """All off, or all on again."""
        link = self._page.session.link
        on = not any(entry.on for entry in link.entries.values())
        for entry in link.entries.values():
            link.switch(entry, on)
        self._page.report("All subscriptions are on" if on else "Stopped: all subscriptions are off")

    def forget(self) -> None:
        """Another session is shown."""
        for item in self._items.values():
            item["item"].js_element.remove()
        self._items.clear()

    def paint(self) -> None:
        """Show how they stand."""
        entries = self._page.session.link.entries
        for number in [number for number in self._items if number not in entries]:
            self._items.pop(number)["item"].js_element.remove()
        for entry in entries.values():
            if entry.number not in self._items:
                self._items[entry.number] = self._item(entry)
            item = self._items[entry.number]
            item["counter"].text(words.number(entry.count))
            item["condition"].text(_condition(entry))
            item["item"].attribute("data-condition", entry.condition)
            item["item"].style("--colour", f"var(--colour-{entry.colour})")
            item["switch"].text("On" if entry.on else "Off")
            item["switch"].attribute("data-on", "true" if entry.on else "false")
            item["switch"].attribute("aria-label", f"{'On' if entry.on else 'Off'}: messages of {entry.destination}")
        slots = self._page.slots
        slots["subscriptions-empty"].show(not entries)
        slots["stop"].enable(bool(entries))
        stopped = bool(entries) and not any(entry.on for entry in entries.values())
        slots["stop"].text("Start" if stopped else "Stop")

    def _item(self, entry: Entry) -> dict[str, Slot]:
        js_item = clone("subscription-template")
        js_item.setAttribute("data-entry", str(entry.number))
        js_item.querySelector(".name").textContent = entry.destination
        js_item.querySelector(".mode").textContent = f"ack {entry.ack}"
        for selector, text in (
            ("[data-unsubscribe]", f"Unsubscribe from {entry.destination}"),
            ("[data-colour]", f"Another colour for {entry.destination}"),
        ):
            js_button = js_item.querySelector(selector)
            js_button.setAttribute("aria-label", text)
            js_button.title = text
        element("subscriptions").append(js_item)
        know(entry.destination)
        slots = {name: Slot(js_item.querySelector(f".{name}")) for name in ("counter", "condition", "switch")}
        return {"item": Slot(js_item), **slots}


def know(destination: str) -> None:
    """Offer the destination wherever one is asked for."""
    known = element("destinations")
    if not any(js_option.value == destination for js_option in known.children):
        js_option = make("option")
        js_option.value = destination
        known.append(js_option)


def _condition(entry: Entry) -> str:
    if entry.condition == "refused":
        return f"refused: {entry.error}"
    return {
        "off": "off, kept",
        "kept": "when connected",
        "waiting": "waits for the connection",
        "asked": "asking",
        "subscribed": "subscribed",
    }[entry.condition]
