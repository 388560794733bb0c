"""The console: joins the connection, the messages and the page."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from typing import TYPE_CHECKING, Any

import js

from pystomp_web import State, StompError

from . import bodies, headers, words
from .detail import Detail
from .dom import Listeners, Painter, Slot, Slots, clone, closest, element, make
from .grid import Grid
from .history import History, Record
from .link import Entry, Link

if TYPE_CHECKING:
    from pystomp_web import Message

ACTIVITY = 100
#: Headers that the broker adds to a message, and that nobody sends.
_BROKERS_OWN = frozenset(
    "destination message-id subscription ack content-length content-type redelivered receipt transaction".split()
)


class App:
    """The page."""

    def __init__(self) -> None:
        self._slots = Slots()
        self._listeners = Listeners(self.failed)
        self._painter = Painter(self._listeners, self._paint)
        self._ask = self._painter.ask
        self._link = Link(self)
        self._history = History(int(element("keep").value))
        self._settles = False  # whether a message came that wants to be acknowledged
        self._rate = 0
        self._activities = 0
        self._light = ""
        self._items: dict[int, dict[str, Slot]] = {}
        self._action: tuple[str, Any] | None = None
        self._grid = Grid(self._listeners, self._history, on_settle=self._settle, on_select=self._select, ask=self._ask)
        self._detail = Detail(self._listeners, on_settle=self._settle, on_edit=self._edit, on_close=self._detail_closed)
        self._listen()

    def _listen(self) -> None:
        on_click, on_submit, on = self._listeners.on_click, self._listeners.on_submit, self._listeners.on
        on_submit("connect-form", self._connect)
        on_submit("subscribe-form", self._subscribe)
        on_submit("send-form", self._send)
        on_click("disconnect", lambda: self._link.spawn(self._link.disconnect()))
        on_click("retry", self._link.reconnect_now)
        on_click("pause", self._pause)
        on_click("clear", self._clear)
        on_click("say-action", self._act)
        on(element("keep"), "change", self._keep)
        on(element("subscriptions"), "click", self._on_subscription)
        on(element("send-form"), "keydown", self._on_send_key)

    def start(self) -> None:
        """Let the page be used."""
        for id in ("connect-fields", "subscribe-fields", "send-fields", "clear", "pause"):
            self._slots[id].enable(True)
        self._slots["boot"].show(False)
        element("activity-details").open = js.matchMedia("(min-width: 900px)").matches
        self._link.spawn(self._measure())
        self.report("Ready: connect to a broker")
        element("connect").focus()
        self._paint()

    # What the connection tells (link.View).

    def state_changed(self) -> None:
        """The connection or a subscription has changed."""
        state, error = self._link.state, self._link.error
        light = f"{state} {error}"
        if light != self._light:
            self._light = light
            self._report_state(state, error)
        self._ask()

    def received(self, message: Message, connection: int) -> None:
        """A message came."""
        self._history.add(message, connection)
        subscription = message.subscription
        self._settles |= subscription is not None and subscription.ack != "auto"
        self._ask()

    def failed(self, error: BaseException) -> None:
        """Something did not work."""
        if not isinstance(error, (StompError, ValueError, TypeError)):
            js.console.error("".join(traceback.format_exception(error)))
        self.report(str(words.trouble(error)), bad=True)

    def report(self, text: str, *, bad: bool = False) -> None:
        """Say it in the status line, and keep it in the list of what happened."""
        status = self._slots["status"]
        status.text(text)
        status.attribute("data-tone", "bad" if bad else "good")
        self.note(text, bad=bad)

    def note(self, text: str, *, bad: bool = False) -> None:
        """Keep it in the list of what happened."""
        js_item = make("li", class_name="bad" if bad else "")
        js_item.append(make("time", time.strftime("%H:%M:%S")), make("span", text))
        js_list = element("activity")
        js_list.prepend(js_item)
        self._activities += 1
        self._slots["activity-count"].text(words.number(self._activities))
        if js_list.childElementCount > ACTIVITY:
            js_list.lastElementChild.remove()

    def _report_state(self, state: State, error: BaseException | None) -> None:
        client = self._link.client
        if error is not None:
            self.report(str(words.trouble(error)), bad=True)
        elif state is State.CONNECTED and client is not None:
            self.report(f"Connected with STOMP {client.version}{f' to {client.server}' if client.server else ''}")
        elif state is State.CONNECTING and client is not None:
            self.report(f"Connecting to {client.url}{self._tries()}")
        elif state is State.CLOSED:
            self.report("Disconnected")

    def _tries(self) -> str:
        return f", attempt {self._link.attempts}" if self._link.attempts > 1 else ""

    # What people do.

    def _connect(self) -> None:
        if self._link.client is not None:
            return
        try:
            self._link.connect(element("url").value.strip(), element("login").value, element("passcode").value)
        except ValueError as error:
            self.report(f"That is no address: {error}", bad=True)
            element("url").focus()
        self._ask()

    def _subscribe(self) -> None:
        destination = element("subscribe-destination").value.strip()
        self._link.subscribe(destination, element("subscribe-ack").value)
        self.report(
            f"Subscribed to {destination}" if self._link.connected else f"{destination} is subscribed once connected"
        )

    def _on_subscription(self, js_event: Any) -> None:
        js_button = closest(js_event, "[data-unsubscribe]")
        if js_button is None:
            return
        entry = self._link.entries.get(int(js_button.getAttribute("data-unsubscribe")))
        if entry is not None:
            self._link.unsubscribe(entry)
            self.report(f"Unsubscribed from {entry.destination}")
            element("subscribe-destination").focus()

    def _send(self) -> None:
        self._link.spawn(
            self._send_and_tell(
                element("send-destination").value.strip(),
                element("send-body").value,
                headers.parse(element("send-headers").value),
                element("send-type").value.strip(),
                receipt=bool(element("send-receipt").checked),
            )
        )

    async def _send_and_tell(
        self, destination: str, body: str, given: dict[str, str], content_type: str, *, receipt: bool
    ) -> None:
        connected = self._link.connected
        began = time.monotonic()
        if receipt:
            self.report(f"Sent to {destination}, waiting for the receipt")
        await self._link.send(destination, body, given, content_type, receipt=receipt)
        if receipt:
            took = (time.monotonic() - began) * 1000
            self.report(f"The broker has confirmed the message to {destination} after {took:,.0f} ms")
        elif connected:
            self.report(f"Sent to {destination} at {time.strftime('%H:%M:%S')}")
        else:
            self.report(f"Not connected: the message to {destination} is kept, and sent when it is")

    def _on_send_key(self, js_event: Any) -> None:
        if js_event.key == "Enter" and (js_event.ctrlKey or js_event.metaKey):
            js_event.preventDefault()
            element("send-form").requestSubmit()

    def _pause(self) -> None:
        if self._history.paused:
            self._history.resume()
        else:
            self._history.paused = True
        self._ask()

    def _clear(self) -> None:
        self._history.clear()
        self._grid.selected = None
        self._settles = False
        if self._detail.record is not None:
            self._detail.close()
        self._ask()

    def _keep(self, _: Any) -> None:
        self._history.limit = int(element("keep").value)
        self._ask()

    def _act(self) -> None:
        if self._action is not None:
            self._action[1]()

    def _first_subscription(self) -> None:
        element("subscribe-form").requestSubmit()

    def _test_message(self) -> None:
        """Send to what is subscribed, so that something comes."""
        entry = next(iter(self._link.entries.values()), None)
        if entry is not None:
            element("send-destination").value = entry.destination
        element("send-form").requestSubmit()

    def _select(self, record: Record, enter: bool) -> None:
        self._grid.selected = record
        self._detail.show(record, enter=enter)
        self._detail.refresh(self._settling(record))

    def _detail_closed(self) -> None:
        if len(self._history):
            element("grid").focus()
        self._ask()

    def _edit(self, record: Record) -> None:
        message = record.message
        element("send-destination").value = message.destination
        element("send-type").value = message.content_type or ""
        kept = [(name, value) for name, value in message.headers.multi_items() if name not in _BROKERS_OWN]
        element("send-headers").value = headers.lines(kept)
        text = bodies.as_text(message)
        element("send-body").value = text or ""
        self._detail.close()
        element("send-body").focus()
        self.report(
            f"Message {record.number} is ready to be sent again"
            if text is not None
            else f"The body of message {record.number} is no text: only its headers were taken"
        )

    def _settle(self, record: Record, action: str) -> None:
        settles, nacks, _ = self._settling(record)
        if not settles or (action == "nack" and not nacks):
            return
        if action == "ack":
            record.message.ack_nowait()
        else:
            record.message.nack_nowait()
        record.outcome = f"{action}ed"
        self.report(f"Message {record.number} {record.outcome}")
        self._ask()

    def _settling(self, record: Record) -> tuple[bool, bool, str]:
        """Whether a message can be acknowledged, and refused, and what to say of it instead."""
        subscription = record.message.subscription
        if subscription is None or subscription.ack == "auto":
            return False, False, ""
        if record.message.settled:
            return False, False, record.outcome or "acked"
        client = self._link.client
        if record.connection != self._link.connections or client is None or client.version is None:
            return False, False, "left"
        return True, client.version != "1.0", ""

    # Painting: everything, from what is; only what differs is written.

    async def _measure(self) -> None:
        """Count messages a second."""
        last = 0
        while True:
            await asyncio.sleep(1)
            client = self._link.client
            messages = client.stats.messages if client is not None else 0
            rate = max(0, messages - last)
            last = messages
            if rate or self._rate:
                self._rate = rate
                self._ask()

    def _paint(self) -> None:
        self._paint_connection()
        self._paint_subscriptions()
        self._paint_tally()
        self._slots["grid"].attribute("data-settles", "true" if self._settles else "false")
        self._grid.paint(settling=self._settling)
        if self._detail.record is not None:
            self._detail.refresh(self._settling(self._detail.record))
        self._paint_blank()

    def _paint_connection(self) -> None:
        slots, link, client = self._slots, self._link, self._link.client
        light = words.LIGHTS[link.state]
        if client is None and link.error is not None:
            light = words.FAILED
        slots["light"].attribute("data-tone", light.tone)
        slots["light-icon"].attribute("href", f"#icon-{light.icon}")
        slots["light-word"].text(f"{light.word}{self._tries() if link.state is State.CONNECTING else ''}")
        version = client.version if client is not None and link.connected else None
        slots["light-version"].show(version is not None)
        slots["light-version"].text(f"STOMP {version}")
        js_focus = js.document.activeElement
        was_in = next((id for id in ("connect-form", "facts") if element(id).contains(js_focus)), None)
        slots["connect-form"].show(client is None)
        slots["facts"].show(client is not None)
        if was_in == "connect-form" and client is not None:
            element("disconnect").focus()
        elif was_in == "facts" and client is None:
            element("connect").focus()
        if client is None:
            return
        stats = client.stats
        slots["fact-url"].text(client.url.partition("?")[0])
        slots["fact-server"].text((client.server or "it does not say") if version else "\u2013")
        slots["fact-session"].text((client.session_id or "it does not say") if version else "\u2013")
        slots["fact-beats"].text(link.beats if version else "\u2013")
        size = bodies.octets_in_words
        slots["fact-traffic"].text(
            f"{size(stats.bytes_in)} in, {size(stats.bytes_out)} out"
            + (f", {words.many(stats.reconnects, 'reconnect')}" if stats.reconnects else "")
            + (f", {stats.dropped:,} dropped" if stats.dropped else "")
        )
        slots["disconnect"].enable(link.state is not State.CLOSING)
        slots["retry"].show(link.state is State.WAITING)

    def _paint_subscriptions(self) -> None:
        entries = self._link.entries
        for number in [number for number in self._items if number not in entries]:
            self._items.pop(number)["item"].js_element.remove()
        for entry in entries.values():
            if entry.number not in self._items:
                self._items[entry.number] = self._subscription_item(entry)
            item = self._items[entry.number]
            item["counter"].text(words.number(entry.count))
            item["condition"].text(self._condition(entry))
            item["item"].attribute("data-condition", entry.condition)
        self._slots["subscriptions-empty"].show(not entries)

    def _subscription_item(self, entry: Entry) -> dict[str, Slot]:
        js_item = clone("subscription-template")
        js_item.querySelector(".name").textContent = entry.destination
        js_item.querySelector(".mode").textContent = f"ack {entry.ack}"
        js_button = js_item.querySelector("button")
        js_button.setAttribute("data-unsubscribe", str(entry.number))
        js_button.setAttribute("aria-label", f"Unsubscribe from {entry.destination}")
        js_button.title = f"Unsubscribe from {entry.destination}"
        element("subscriptions").append(js_item)
        found = {name: Slot(js_item.querySelector(f".{name}")) for name in ("counter", "condition")}
        known = element("destinations")
        if not any(js_option.value == entry.destination for js_option in known.children):
            js_option = make("option")
            js_option.value = entry.destination
            known.append(js_option)
        return {"item": Slot(js_item), **found}

    @staticmethod
    def _condition(entry: Entry) -> str:
        if entry.condition == "refused":
            return f"refused: {entry.error}"
        return {
            "kept": "when connected",
            "waiting": "waits for the connection",
            "asked": "asking",
            "subscribed": "subscribed",
        }[entry.condition]

    def _paint_tally(self) -> None:
        history, slots = self._history, self._slots
        shown = len(history)
        if shown < history.total - history.held - history.lost:
            tally = f"last {shown:,} of {history.total:,}"
        elif history.total:
            tally = words.many(history.total, "message")
        else:
            tally = ""
        if self._rate:
            tally = f"{tally}, {self._rate:,} a second" if tally else f"{self._rate:,} a second"
        slots["tally"].text(tally)
        slots["pause"].text("Resume" if history.paused else "Pause")
        slots["pause"].attribute("aria-pressed", "true" if history.paused else "false")
        slots["held"].show(history.paused)
        if history.paused:
            lost = f"; {history.lost:,} older ones had no room and are lost" if history.lost else ""
            share = history.held / history.limit
            slots["held-words"].text(
                f"Paused: {words.many(history.held, 'message')} waiting, room for {history.limit:,}{lost}"
            )
            slots["held-fill"].value(share)

    def _paint_blank(self) -> None:
        """What stands in the place of the list while there is none."""
        slots, link = self._slots, self._link
        empty = not len(self._history)
        slots["blank"].show(empty)
        slots["say"].show(empty)
        if not empty:
            return
        title, text, advice, action = self._nothing()
        slots["say-title"].text(title)
        slots["say-words"].text(text)
        slots["say-advice"].text(advice)
        slots["say"].attribute("data-tone", "bad" if link.error is not None else "")
        self._action = action
        slots["say-action"].show(action is not None)
        if action is not None:
            slots["say-action"].text(action[0])

    def _nothing(self) -> tuple[str, str, str, tuple[str, Any] | None]:
        """Why there are no messages: title, reason, what to do, and a button for it."""
        link = self._link
        if link.error is not None:
            title, text, advice = words.trouble(link.error)
            text = words.sentence(text)
            if link.client is None:
                return title, text, advice, ("Try again", lambda: element("connect-form").requestSubmit())
            return title, text, advice, ("Reconnect now", link.reconnect_now) if link.state is State.WAITING else None
        if link.client is None:
            text = "Messages appear here, the newest on top."
            return "Not connected", text, "", ("Connect", lambda: element("connect-form").requestSubmit())
        if link.state is not State.CONNECTED:
            return words.LIGHTS[link.state].word, f"To {link.client.url.partition('?')[0]}", "", None
        if not link.entries:
            text = "Messages come from the destinations that you subscribe to."
            destination = element("subscribe-destination").value.strip()
            action = (f"Subscribe to {destination}", self._first_subscription) if destination else None
            return "No subscription yet", text, "", action
        names = ", ".join(entry.destination for entry in link.entries.values())
        if self._history.paused:
            return "Paused", f"What comes from {names} is held.", "", ("Resume", self._pause)
        return "No message yet", f"Subscribed to {names}.", "", ("Send a test message", self._test_message)


class ToActivity(logging.Handler):
    """Gives what the client logs to the list of what happened."""

    def __init__(self, app: App) -> None:
        super().__init__(logging.WARNING)
        self._app = app

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record."""
        self._app.note(record.getMessage(), bad=True)
        if record.exc_info:
            js.console.error(self.format(record))


def main() -> None:
    """Run the console."""
    app = App()
    logger = logging.getLogger("pystomp_web")
    logger.addHandler(ToActivity(app))
    logger.propagate = False
    app.start()
