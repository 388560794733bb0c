"""Timed publishing: the message of the form, or one that a few lines of Python make."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from . import scripts, words
from .compose import Compose
from .dom import element
from .page import Page
from .publisher import Publisher
from .session import Session


class RepeatPanel:
    """The panel."""

    def __init__(self, page: Page, compose: Compose) -> None:
        self._page = page
        self._compose = compose
        page.listeners.on_submit("repeat-form", self._start)
        page.listeners.on_click("repeat-stop", self._stop)
        page.listeners.on(element("repeat-what"), "change", lambda _: page.ask())

    def _start(self) -> None:
        session = self._page.session
        count = str(element("repeat-count").value).strip()
        every = float(element("repeat-every").value or 0) / 1000
        send = self._scripted(session) if element("repeat-what").value == "script" else self._drafted(session)
        start(self._page, session, Publisher(send, int(count) if count else None, lambda i: i * every, self._page.ask))

    def _drafted(self, session: Session) -> Callable[[int], Awaitable[None]]:
        draft = self._compose.draft()

        async def send(_: int) -> None:
            await session.link.send(draft.destination, draft.body, draft.headers, draft.content_type, receipt=False)

        return send

    def _scripted(self, session: Session) -> Callable[[int], Awaitable[None]]:
        make = scripts.compiled(str(element("repeat-script").value))
        draft = self._compose.draft()

        async def send(number: int) -> None:
            made = make(number)
            kind = draft.content_type if isinstance(made.body, (str, bytes)) else ""
            await session.link.send(
                made.destination or draft.destination, made.body, made.headers or draft.headers, kind, receipt=False
            )

        return send

    def _stop(self) -> None:
        publisher = self._page.session.publisher
        if publisher is not None:
            publisher.stop()

    def paint(self) -> None:
        """Show how far it is."""
        publisher, slots = self._page.session.publisher, self._page.slots
        running = publisher is not None and publisher.running
        slots["repeat-script-field"].show(element("repeat-what").value == "script")
        slots["repeat-start"].show(not running)
        slots["repeat-stop"].show(running)
        slots["replay-start"].show(not running)
        slots["replay-stop"].show(running)
        told = ""
        if publisher is not None:
            of = f" of {publisher.count:,}" if publisher.count is not None else ""
            told = f"{words.number(publisher.sent)}{of} sent"
            if publisher.error is not None:
                told = f"{told}, then: {words.trouble(publisher.error)}"
        for where in ("repeat-words", "replay-words"):
            slots[where].text(told)
            slots[where].attribute("data-tone", "bad" if publisher is not None and publisher.error else "")


def start(page: Page, session: Session, publisher: Publisher) -> None:
    """Let it send; one at a time in a session."""
    if session.publisher is not None:
        session.publisher.stop()
    session.publisher = publisher

    async def run() -> None:
        await publisher.run()
        page.report(f"{words.many(publisher.sent, 'message')} sent")

    page.spawn(run())
    page.ask()
