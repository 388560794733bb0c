"""The form that sends: destination, headers, body, receipt, transaction."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from . import bodies, headers, words
from .dom import clone, closest, element
from .history import Record
from .page import Page, Tabs
from .recording import BROKERS_OWN


class Draft(NamedTuple):
    """What the form holds."""

    destination: str
    body: str | bytes
    headers: dict[str, str]
    content_type: str


class HeaderRows:
    """Rows of name and value."""

    def __init__(self, page: Page) -> None:
        self._js_rows = element("send-headers")
        page.listeners.on_click("add-header", lambda: self._add("", "").querySelector("input").focus())
        page.listeners.on(self._js_rows, "click", self._on_click)
        page.listeners.on(self._js_rows, "paste", self._on_paste)

    def pairs(self) -> list[tuple[str, str]]:
        """What stands in them; a row without anything is none."""
        found = []
        for js_row in self._js_rows.children:
            js_name, js_value = js_row.querySelectorAll("input")
            name, value = str(js_name.value).strip(), str(js_value.value)
            if name or value:
                found.append((name, value))
        return found

    def write(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Show these."""
        self._js_rows.replaceChildren()
        for name, value in pairs:
            self._add(name, value)

    def _add(self, name: str, value: str) -> Any:
        js_row = clone("header-template")
        js_name, js_value = js_row.querySelectorAll("input")
        js_name.value, js_value.value = name, value
        self._js_rows.append(js_row)
        return js_row

    def _on_click(self, js_event: Any) -> None:
        if closest(js_event, "button") is not None:
            js_event.target.closest("li").remove()
            element("add-header").focus()

    def _on_paste(self, js_event: Any) -> None:
        """Lines of name: value become rows."""
        text = str(js_event.clipboardData.getData("text"))
        try:
            found = headers.parse(text)
        except ValueError:
            return
        if ":" in text and found and js_event.target.value == "":
            js_event.preventDefault()
            js_event.target.closest("li").remove()
            for name, value in found.items():
                self._add(name, value)


class Compose:
    """The form."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.rows = HeaderRows(page)
        self.tabs = Tabs(page, "compose-tabs")
        page.listeners.on_submit("send-form", self.send)
        page.listeners.on(element("send-form"), "keydown", self._on_key)
        page.listeners.on(element("send-form"), "reset", lambda _: self.rows.write([]))
        page.listeners.on_click("begin", lambda: page.spawn(self._begin()))
        page.listeners.on_click("commit", lambda: page.spawn(self._end(commit=True)))
        page.listeners.on_click("abort", lambda: page.spawn(self._end(commit=False)))

    def draft(self) -> Draft:
        """What the form holds.

        Raises:
            ValueError: it makes no sense; the text says why.
        """
        pairs = self.rows.pairs()
        given = dict(pairs)
        if "" in given:
            raise ValueError(f"A header with the value {given['']!r} has no name")
        if len(given) < len(pairs):
            raise ValueError("Two headers have the same name: only the first would count")
        return Draft(
            str(element("send-destination").value).strip(),
            bodies.from_text(str(element("send-body").value), str(element("send-form-of").value)),
            given,
            str(element("send-type").value).strip(),
        )

    def write(
        self, destination: str, body: str, form: str, pairs: Iterable[tuple[str, str]], content_type: str
    ) -> None:
        """Fill the form."""
        element("send-destination").value = destination
        element("send-body").value = body
        element("send-form-of").value = form
        element("send-type").value = content_type
        self.rows.write(pairs)
        self.tabs.show("compose-message")

    def edit(self, record: Record) -> None:
        """Fill it with a message that came."""
        message = record.message
        text = bodies.as_text(message)
        kept = [(n, v) for n, v in message.headers.multi_items() if n not in BROKERS_OWN and n != "content-type"]
        form = "text" if text is not None else "base64"
        body = text if text is not None else bodies.as_base64(message.body)
        self.write(message.destination, body, form, kept, message.content_type or "")
        element("send-body").focus()
        self._page.report(f"Message {record.number} is ready to be sent again")

    def send(self) -> None:
        """Send what the form holds."""
        self._page.spawn(self.send_draft(self.draft(), receipt=bool(element("send-receipt").checked)))

    async def send_draft(self, draft: Draft, *, receipt: bool = False) -> None:
        """Send it, and say so."""
        link = self._page.session.link
        connected, transacted = link.connected, link.transaction is not None
        destination, body, given, content_type = draft
        began = time.monotonic()
        if receipt and not transacted:
            self._page.report(f"Sent to {destination}, waiting for the receipt")
        await link.send(destination, body, given, content_type, receipt=receipt)
        self._page.ask()
        if transacted:
            self._page.report(f"Sent to {destination}, in the transaction: it is not there before you commit")
        elif receipt:
            took = (time.monotonic() - began) * 1000
            self._page.report(f"The broker has confirmed the message to {destination} after {took:,.0f} ms")
        elif connected:
            self._page.report(f"Sent to {destination}")
        else:
            self._page.report(f"Not connected yet: the message to {destination} is kept, and sent when it is")

    def _on_key(self, js_event: Any) -> None:
        if js_event.key == "Enter" and (js_event.ctrlKey or js_event.metaKey):
            js_event.preventDefault()
            element("send-form").requestSubmit()

    async def _begin(self) -> None:
        await self._page.session.link.begin()
        self._page.report("A transaction is open: what you send happens when you commit")

    async def _end(self, *, commit: bool) -> None:
        link = self._page.session.link
        count = words.many(link.in_transaction, "message")
        await link.end(commit=commit)
        self._page.report(f"Committed {count}" if commit else f"Aborted: {count} did not happen")
        self.paint()
        element("begin").focus()

    def paint(self) -> None:
        """Show the transaction."""
        link, slots = self._page.session.link, self._page.slots
        is_open = link.transaction is not None
        slots["begin"].show(not is_open)
        slots["begin"].enable(link.connected)
        slots["transaction"].show(is_open)
        slots["transaction-words"].text(f"{words.many(link.in_transaction, 'message')} in the transaction")
        slots["send-receipt"].enable(not is_open)
