"""The console: joins the connections, and the parts of the page."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import js

from pystomp_web import State

from . import fragment, words
from .charts import ChartsPanel
from .collector import Collector
from .columns import Columns
from .compose import Compose
from .connection import ConnectionPanel
from .dialogs import Prompt
from .dom import element
from .frames_panel import FramesPanel
from .menu import Menu
from .messages import MessagesPanel
from .page import Page, Tabs
from .profiles import Profile
from .recording_panel import RecordingPanel
from .repeat import RepeatPanel
from .replies import Responder
from .replies_panel import RepliesPanel
from .saved import SavedPanel
from .session import Session
from .sessions_bar import SessionsBar
from .subscriptions import SubscriptionsPanel

#: What each session has in the forms; the rest of the page is shared.
_FIELDS = (
    "url login passcode host broker beats profile subscribe-destination subscribe-ack"
    " send-destination send-type send-body send-form-of send-receipt"
).split()
_LIMIT = 1000


class App:
    """The page."""

    def __init__(self) -> None:
        self.page = page = Page(self._paint)
        self.responder = Responder([])
        self._made = 0
        self._collector = Collector()
        self.bar = SessionsBar(page, self._make, self._show)
        page.session = self.bar.sessions[0]
        prompt = Prompt(page)
        self._compose = Compose(page)
        self._connection = ConnectionPanel(page, prompt, self._profile)
        self._subscriptions = SubscriptionsPanel(page)
        self._messages = MessagesPanel(page, self._compose)
        self._columns = Columns(page, self.bar, self._messages, self._show)
        self._saved = SavedPanel(page, prompt, self._compose)
        self._repeat = RepeatPanel(page, self._compose)
        self._replies = RepliesPanel(page, self.responder)
        self._charts = ChartsPanel(page)
        self._frames = FramesPanel(page)
        self._recording = RecordingPanel(page)
        self._views = Tabs(page, "views", self._view)
        self._menu = Menu(page, self._compose, self._apply, self._charts.forget)
        self._defaults = {id: _value(id) for id in _FIELDS}
        page.listeners.on(js.window, "beforeunload", self._on_leave)

    def start(self) -> None:
        """Let the page be used."""
        for js_fieldset in js.document.querySelectorAll("fieldset[disabled]"):
            js_fieldset.disabled = False
        for id in ("clear", "pause", "filter", "keep", "new-session", "menu-button"):
            element(id).disabled = False
        self.page.slots["boot"].show(False)
        element("activity-details").open = js.matchMedia("(min-width: 900px)").matches
        self.page.spawn(self._measure())
        self.page.report("Ready: connect to a broker")
        element("connect").focus()
        self._menu.read_fragment()
        self._paint()

    def _make(self) -> Session:
        self._made += 1
        return Session(self._made, self, _LIMIT)

    def _show(self, session: Session) -> None:
        """Show another connection."""
        page = self.page
        if session is page.session:
            return
        self._columns.exchange(page.session, session)
        page.session.fields = {id: _value(id) for id in _FIELDS}
        page.session.headers = self._compose.rows.pairs()
        page.session = session
        for id, value in (session.fields or self._defaults).items():
            if isinstance(value, bool):
                element(id).checked = value
            else:
                element(id).value = value
        self._compose.rows.write(session.headers)
        for part in (self._subscriptions, self._messages, self._charts, self._frames):
            part.forget()
        page.state_changed()

    def _on_leave(self, js_event: Any) -> None:
        """Ask before a recording is lost: its file is whole only when it was stopped."""
        if any(session.recorder.running for session in self.bar.sessions):
            js_event.preventDefault()

    def _view(self, panel: str) -> None:
        self._charts.shown = self._frames.shown = False
        if panel == "view-charts":
            self._charts.show()
        elif panel == "view-frames":
            self._frames.show()
        self.page.slots["message-tools"].show(panel == "view-messages")

    def _profile(self, profile: Profile) -> None:
        """Take the subscriptions of a profile; those that are there stay."""
        for destination, ack in profile.subscriptions:
            self._subscriptions.subscribe(destination, ack)

    def _apply(self, state: fragment.State) -> None:
        """Do what a link says."""
        for name in ("url", "login", "host"):
            if getattr(state, name):
                element(name).value = getattr(state, name)
        self._messages.filter(state.filter)
        for destination, ack in state.subscriptions:
            self._subscriptions.subscribe(destination, ack)
        if not state.connect:
            return
        if state.login and not element("passcode").value:
            self.page.report("The link names a login: give the passcode, and connect")
            element("passcode").focus()
        else:
            self._connection.connect()

    async def _measure(self) -> None:
        while True:
            await asyncio.sleep(1)
            sessions = self.bar.sessions
            for session in sessions:
                before = session.rate
                session.measure()
                if session.rate or before or self._charts.shown:
                    self.page.ask()
            received = sum(session.rate for session in sessions)
            kept = sum(len(session.history) + session.history.held for session in sessions)
            self._collector.second(received, kept, hidden=bool(js.document.hidden))

    # What a session tells (session.Host).

    def ask(self) -> None:
        """Something is to be painted."""
        self.page.ask()

    def session_failed(self, session: Session, error: BaseException) -> None:
        """Something did not work."""
        del session
        self.page.failed(error)

    def session_changed(self, session: Session) -> None:
        """The connection or a subscription has changed."""
        link = session.link
        light = f"{link.state} {link.error}"
        if light != session.light:
            session.light = light
            self._report_state(session)
        self.page.state_changed()

    def _report_state(self, session: Session) -> None:
        link, report = session.link, self.page.report
        client, error = link.client, link.error
        of = f"Connection {session.number}: " if len(self.bar.sessions) > 1 else ""
        if error is not None:
            report(f"{of}{words.trouble(error)}", bad=True)
        elif link.state is State.CONNECTED and client is not None:
            report(f"{of}Connected with STOMP {client.version}{f' to {client.server}' if client.server else ''}")
        elif link.state is State.CONNECTING and client is not None:
            report(f"{of}Connecting to {client.url}{link.tries()}")
        elif link.state is State.CLOSED:
            report(f"{of}Disconnected")

    def _paint(self) -> None:
        """Everything, from what is; only what differs is written."""
        for part in (
            self._connection,
            self._subscriptions,
            self._compose,
            self._columns,
            self._messages,
            self._repeat,
            self._replies,
            self._recording,
            self._charts,
            self._frames,
            self.bar,
        ):
            part.paint()
        self._collector.frame()


def _value(id: str) -> str | bool:
    js_field = element(id)
    return bool(js_field.checked) if js_field.type == "checkbox" else str(js_field.value)


class ToActivity(logging.Handler):
    """Gives what the client logs to the list of what happened."""

    def __init__(self, app: App) -> None:
        super().__init__(logging.WARNING)
        self._app = app

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record."""
        self._app.page.note(record.getMessage(), bad=True)
        if record.exc_info:
            js.console.error(self.format(record))


def main() -> None:
    """Run the console."""
    app = App()
    logger = logging.getLogger("pystomp_web")
    logger.addHandler(ToActivity(app))
    logger.propagate = False
    app.start()
