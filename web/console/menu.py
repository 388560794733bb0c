"""What is asked for now and then: the link, the Python, the theme, the keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import js

from . import fragment, snippet, store
from .compose import Compose
from .dom import element
from .page import Page

_FIELDS = ("url", "login", "host")


class Menu:
    """The menu, its dialogs, and the keys that work everywhere.

    Args:
        page: the page.
        compose: the form that sends.
        apply: takes what a link says.
        on_theme: is called when the colours have changed.
    """

    def __init__(
        self, page: Page, compose: Compose, apply: Callable[[fragment.State], None], on_theme: Callable[[], None]
    ) -> None:
        self._page = page
        self._compose = compose
        self._apply = apply
        self._on_theme = on_theme
        self._written = ""
        listeners = page.listeners
        listeners.on_click("copy-link", lambda: page.spawn(self._copy_link()))
        listeners.on_click("show-python", self._show_python)
        listeners.on_click("copy-python", lambda: page.spawn(self._copy_python()))
        listeners.on_click("show-keys", self._show_keys)
        listeners.on(element("theme"), "change", lambda _: self._theme())
        listeners.on(js.document, "keydown", self._on_key)
        listeners.on(js.window, "hashchange", lambda _: self._on_hash())
        for dialog in ("python", "keys"):
            listeners.on(element(dialog), "click", self._on_dialog)
        page.changed.append(self.write_fragment)
        theme = str(store.read("theme", ""))
        element("theme").value = theme if theme in ("light", "dark") else ""
        self._paint_theme()

    # The link.

    def state(self) -> fragment.State:
        """What a link to the page as it is would say."""
        link = self._page.session.link
        given = {name: str(element(name).value).strip() for name in _FIELDS}
        return fragment.State(
            **given,
            connect=link.client is not None,
            subscriptions=[(entry.destination, entry.ack) for entry in link.entries.values()],
            filter=self._page.session.filter_text,
        )

    def write_fragment(self) -> None:
        """Have the address bar say it, but for a page that nobody has touched."""
        state = self.state()
        touched = state.connect or state.subscriptions or state.filter or self._written
        text = fragment.dumps(state) if touched else ""
        if text != self._written:
            self._written = text
            js.history.replaceState(None, "", f"#{text}" if text else js.location.pathname)

    def read_fragment(self) -> None:
        """Do what the link says with which the page was opened."""
        text = str(js.location.hash).removeprefix("#")
        if text and text != self._written:
            self._written = text
            self._apply(fragment.loads(text))

    def _on_hash(self) -> None:
        self.read_fragment()

    async def _copy_link(self) -> None:
        text = fragment.dumps(self.state())
        link = f"{str(js.location.href).partition('#')[0]}#{text}"
        await self._page.copy(link, "the link, without the passcode: it connects and subscribes")

    # Python.

    def _show_python(self) -> None:
        link = self._page.session.link
        beats = str(element("beats").value).strip()
        options: dict[str, object] = {name: str(element(name).value).strip() for name in ("login", "host", "broker")}
        if beats and beats != "10,10":
            first, _, second = beats.partition(",")
            options["heartbeat"] = (float(first), float(second or first))
        draft = self._compose.draft()
        message = (draft.destination, draft.body, draft.headers, draft.content_type) if draft.destination else None
        url = link.client.url if link.client is not None else str(js.URL.new(self._socket_url(), js.location.href).href)
        subscriptions = [(entry.destination, entry.ack) for entry in link.entries.values() if entry.on]
        element("python-text").textContent = snippet.python(url, options, subscriptions, message)
        element("python").showModal()

    @staticmethod
    def _socket_url() -> str:
        url = str(element("url").value).strip()
        scheme = "wss" if str(js.location.protocol) == "https:" else "ws"
        return url if "://" in url else f"{scheme}://{js.location.host}/{url.lstrip('/')}"

    async def _copy_python(self) -> None:
        await self._page.copy(str(element("python-text").textContent), "the Python")

    def _on_dialog(self, js_event: Any) -> None:
        if js_event.target.closest("[data-close]") or js_event.target == js_event.currentTarget:
            js_event.currentTarget.close()

    # Theme.

    def _theme(self) -> None:
        store.write("theme", str(element("theme").value))
        self._paint_theme()
        self._on_theme()

    def _paint_theme(self) -> None:
        js.document.documentElement.setAttribute("data-theme", str(element("theme").value))

    # Keys.

    def _show_keys(self) -> None:
        element("keys").showModal()

    def _on_key(self, js_event: Any) -> None:
        js_target = js_event.target
        if js_event.ctrlKey or js_event.altKey or js_event.metaKey or js_event.defaultPrevented:
            return
        if js_target.closest("input, textarea, select, dialog"):
            return
        clicks = {"p": "pause", "r": "record"}
        focuses = {"/": "filter", "s": "subscribe-destination", "m": "send-body", "g": "grid"}
        key = str(js_event.key)
        if key == "?":
            self._show_keys()
        elif key in clicks:
            element(clicks[key]).click()
        elif key in focuses:
            element("show-messages" if key in "/g" else "show-message").click()
            element(focuses[key]).focus()
        else:
            return
        js_event.preventDefault()
