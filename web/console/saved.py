"""Messages with a name: one click fills the form, another sends. Kept in the browser, without secrets."""

from __future__ import annotations

from typing import Any

from . import bodies, store, words
from .compose import Compose, Draft
from .dialogs import Prompt
from .dom import clone, closest, element
from .page import Page


class SavedPanel:
    """The list of them."""

    def __init__(self, page: Page, prompt: Prompt, compose: Compose) -> None:
        self._page = page
        self._prompt = prompt
        self._compose = compose
        self._all: list[dict[str, Any]] = [
            each for each in store.read("messages", []) if isinstance(each, dict) and isinstance(each.get("name"), str)
        ]
        page.listeners.on_click("save-message", self._save)
        page.listeners.on(element("saved"), "click", self._on_click)
        self._list()

    def _save(self) -> None:
        draft = self._compose.draft()
        self._prompt.ask("Save this message", "Name", draft.destination, self._save_as)

    def _save_as(self, name: str) -> None:
        draft = self._compose.draft()
        kept = [(header, value) for header, value in draft.headers.items() if not store.is_secret(header)]
        new = {
            "name": name,
            "destination": draft.destination,
            "body": str(element("send-body").value),
            "form": str(element("send-form-of").value),
            "headers": kept,
            "type": draft.content_type,
        }
        self._all = [each for each in self._all if each["name"] != name] + [new]
        left = len(draft.headers) - len(kept)
        self._keep()
        without = f", without {words.many(left, 'header')} that may hold a secret" if left else ""
        self._page.report(f"Saved the message {name}{without}")

    def _keep(self) -> None:
        if not store.write("messages", self._all):
            self._page.report("The browser does not let this page keep anything", bad=True)
        self._list()

    def _list(self) -> None:
        js_items = []
        for number, each in enumerate(self._all):
            js_item = clone("saved-template")
            js_item.setAttribute("data-saved", str(number))
            js_item.querySelector(".name").textContent = each["name"]
            js_item.querySelector(".where").textContent = each.get("destination", "")
            for what, verb in (("send", "Send"), ("delete", "Delete")):
                js_item.querySelector(f"[data-{what}]").setAttribute("aria-label", f"{verb} {each['name']}")
            js_items.append(js_item)
        element("saved").replaceChildren(*js_items)
        self._page.slots["saved-empty"].show(not self._all)
        self._page.slots["saved-count"].show(bool(self._all))
        self._page.slots["saved-count"].text(str(len(self._all)))

    def _on_click(self, js_event: Any) -> None:
        js_button = closest(js_event, "button")
        js_item = closest(js_event, "[data-saved]")
        if js_button is None or js_item is None:
            return
        each = self._all[int(js_item.getAttribute("data-saved"))]
        destination, body = str(each.get("destination", "")), str(each.get("body", ""))
        pairs = [(str(pair[0]), str(pair[1])) for pair in each.get("headers", []) if len(pair) == 2]
        form, kind = str(each.get("form", "text")), str(each.get("type", ""))
        if js_button.hasAttribute("data-delete"):
            self._all.remove(each)
            self._keep()
            self._page.report(f"Deleted the message {each['name']}")
            element("compose-tabs").querySelector("[aria-selected=true]").focus()
        elif js_button.hasAttribute("data-send"):
            draft = Draft(destination, bodies.from_text(body, form), dict(pairs), kind)
            self._page.spawn(self._compose.send_draft(draft))
        else:
            self._compose.write(destination, body, form, pairs, kind)
            element("send-body").focus()
