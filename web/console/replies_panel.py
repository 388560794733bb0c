"""The auto-responder's panel: its rules."""

from __future__ import annotations

from typing import Any

from . import store, words
from .dom import Slot, clone, closest, element
from .page import Page
from .replies import Responder, Rule


class RepliesPanel:
    """The panel. The rules hold for all connections of the page, and are kept in the browser, off at first."""

    def __init__(self, page: Page, responder: Responder) -> None:
        self._page = page
        self._responder = responder
        self._counts: list[tuple[Rule, Slot]] = []
        for data in store.read("replies", []):
            try:
                responder.rules.append(Rule(**{**data, "on": False}))
            except TypeError:
                continue
        page.listeners.on_submit("reply-form", self._add)
        page.listeners.on(element("replies"), "click", self._on_click)
        self._list()

    def _add(self) -> None:
        names = ("reply-pattern", "reply-text", "reply-to", "reply-body")
        pattern, text, to, body = (str(element(name).value) for name in names)
        self._responder.rules.append(Rule(pattern.strip(), text, to.strip(), body))
        self._keep()
        self._page.report(f"Messages from {pattern.strip()} are answered from now on")

    def _keep(self) -> None:
        store.write("replies", [rule.kept() for rule in self._responder.rules])
        self._list()

    def _list(self) -> None:
        self._counts = []
        js_items = []
        for number, rule in enumerate(self._responder.rules):
            js_item = clone("reply-template")
            js_item.setAttribute("data-reply", str(number))
            holding = f" that hold \u201c{rule.text}\u201d" if rule.text else ""
            js_item.querySelector(".name").textContent = f"{rule.pattern}{holding}"
            js_item.querySelector(".where").textContent = f"\u2192 {rule.to or 'their reply-to'}: {rule.body}"
            js_switch = js_item.querySelector("[data-switch]")
            js_switch.textContent = "On" if rule.on else "Off"
            js_switch.setAttribute("data-on", "true" if rule.on else "false")
            js_switch.setAttribute("aria-label", f"{js_switch.textContent}: answers to {rule.pattern}")
            js_item.querySelector("[data-delete]").setAttribute("aria-label", f"Delete the reply to {rule.pattern}")
            self._counts.append((rule, Slot(js_item.querySelector(".counter"))))
            js_items.append(js_item)
        element("replies").replaceChildren(*js_items)
        self._page.slots["replies-empty"].show(not js_items)
        self._page.ask()

    def _on_click(self, js_event: Any) -> None:
        js_button = closest(js_event, "button")
        js_item = closest(js_event, "[data-reply]")
        if js_button is None or js_item is None:
            return
        number = int(js_item.getAttribute("data-reply"))
        rule = self._responder.rules[number]
        if js_button.hasAttribute("data-delete"):
            self._responder.rules.remove(rule)
            element("reply-pattern").focus()
        else:
            rule.on = not rule.on
        self._keep()
        js_again = element("replies").querySelector(f'[data-reply="{number}"] [data-switch]')
        if js_again and not js_button.hasAttribute("data-delete"):
            js_again.focus()

    def paint(self) -> None:
        """Show how often they were used."""
        for rule, slot in self._counts:
            slot.text(words.number(rule.answers))
