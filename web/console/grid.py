"""The list of messages: virtual, so that a hundred thousand cost no more than a screenful. The newest is on top."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import chain, count
from typing import Any

import js

from . import bodies, words
from .dom import Listeners, Slot, clone, closest
from .history import Listing, Record

_OVERSCAN = 4  # rows beyond the visible ones: what is scrolled in is there already
#: What the ids of rows begin with, of one list after the other: those of the page's own are message-1, message-2.
_NAMES = chain(["message"], (f"message-of-{number}" for number in count(1)))
_CELLS = ("number", "time", "destination", "body", "size", "since", "trip")


class Row:
    """One element, used for one record after the other."""

    def __init__(self, name: str) -> None:
        self.record: Record | None = None
        self._name = name
        self.js_element = clone("row-template")
        self._cells = [Slot(self.js_element.querySelector(f".{name}")) for name in _CELLS]
        js_buttons = self.js_element.querySelectorAll("button")
        self._ack, self._nack = Slot(js_buttons[0]), Slot(js_buttons[1])
        self._outcome = Slot(self.js_element.querySelector(".outcome"))
        self._self = Slot(self.js_element)

    def fill(self, record: Record) -> None:
        """Show what of a record never changes."""
        self.record = record
        message = record.message
        again = "again: " if message.redelivered else ""
        texts = (
            str(record.number),
            record.clock,
            f"{again}{message.destination}",
            bodies.preview(message),
            bodies.octets_in_words(len(message.body)),
            f"+{words.duration(record.since)}" if record.since is not None else "",
            f"\u21c4 {words.duration(record.round_trip)}" if record.round_trip is not None else "",
        )
        for cell, text in zip(self._cells, texts, strict=True):
            cell.text(text)
        self._self.attribute("id", f"{self._name}-{record.number}")
        self._self.attribute("data-number", str(record.number))

    def refresh(self, index: int, colour: int, *, selected: bool, settles: bool, nacks: bool, outcome: str) -> None:
        """Show what of it may change."""
        self._self.attribute("aria-rowindex", str(index + 2))
        self._self.attribute("aria-selected", "true" if selected else "false")
        self._self.style("--colour", f"var(--colour-{colour})" if colour else "transparent")
        self._ack.show(settles)
        self._nack.show(settles and nacks)
        self._outcome.text(outcome)
        self._self.attribute("data-outcome", outcome)


class Grid:
    """The list.

    Args:
        listeners: the page's.
        js_stage: what holds the list's elements.
        history: what is shown first.
        on_settle: takes a record and "ack" or "nack".
        on_select: takes the record that is looked at now, and whether to go into it.
        ask: asks for a paint.
    """

    def __init__(
        self,
        listeners: Listeners,
        js_stage: Any,
        history: Listing,
        *,
        on_settle: Callable[[Record, str], None],
        on_select: Callable[[Record, bool], None],
        ask: Callable[[], None],
    ) -> None:
        self.selected: Record | None = None
        self._history = history
        self._on_settle = on_settle
        self._on_select = on_select
        self._ask = ask
        self._grid, self._space, self._newest = (
            Slot(js_stage.querySelector(f".{name}")) for name in ("grid", "space", "newest")
        )
        self._js_grid = self._grid.js_element
        self._js_head = self._js_grid.querySelector(".head")
        self._js_rows = self._js_grid.querySelector(".rows")
        self._name = next(_NAMES)
        self._begins: float | None = None
        self._shown: dict[int, Row] = {}
        self._free: list[Row] = []
        self._appended = 0
        self._unseen = 0
        self._reveals = False  # whether the selected row is to be scrolled into view
        self._row_height = 0.0
        self._height = self._first = -1.0
        listeners.on(self._js_grid, "scroll", lambda _: ask())
        listeners.on(self._js_grid, "click", self._on_click)
        listeners.on(self._js_grid, "keydown", self._on_key)
        listeners.on(self._newest.js_element, "click", lambda _: self._to_newest())
        self._js_observer = js.ResizeObserver.new(listeners.proxy(lambda *_: ask()))
        self._js_observer.observe(self._js_grid)

    @property
    def top(self) -> float:
        """Where the view begins, in pixels."""
        return float(self._js_grid.scrollTop)

    def begin_at(self, top: float) -> None:
        """Begin the view there, with the next paint."""
        self._begins = top

    def focus(self) -> None:
        """Have the keyboard there."""
        self._js_grid.focus()

    def paint(self, history: Listing, *, settling: Callable[[Record], tuple[bool, bool, str]]) -> None:
        """Bring the elements up to date.

        Args:
            history: what is shown; another one than before is shown from its newest.
            settling: whether a record can be acknowledged, and refused, and what to say of it instead.
        """
        anew = history is not self._history or self._begins is not None
        if anew:
            self._history = history
            self._forget()
        length = len(history)
        self._grid.show(length > 0)
        if not length:
            self._forget()
            return
        # First everything that is read, then what is written: or the browser lays the page out more than once.
        row_height = float(js.getComputedStyle(self._js_rows).getPropertyValue("--row").strip().removesuffix("px"))
        room = self._js_grid.clientHeight - self._js_head.offsetHeight
        top = self._js_grid.scrollTop
        height = length * row_height
        was = top
        arrived, self._appended = history.appended - self._appended, history.appended
        if anew:
            top, self._begins, self._row_height = self._begins or 0.0, None, row_height
        else:
            top = self._top(top, row_height, arrived)
        if self._reveals:
            top = self._revealed(top, row_height, room)
        top = max(0.0, min(top, height - room))
        first = max(0, math.floor(top / row_height) - _OVERSCAN)
        last = min(length, math.ceil((top + room) / row_height) + _OVERSCAN)
        if height != self._height:
            self._height = height
            self._space.js_element.style.height = f"{height}px"
        if first * row_height != self._first:
            self._first = first * row_height
            self._js_rows.style.transform = f"translateY({self._first}px)"
        if top != was:
            self._js_grid.scrollTop = top
        self._place(first, last)
        for index in range(first, last):
            record = history.newest(index)
            settles, nacks, outcome = settling(record)
            self._shown[record.number].refresh(
                index,
                record.entry.colour if record.entry is not None else 0,
                selected=record is self.selected,
                settles=settles,
                nacks=nacks,
                outcome=outcome,
            )
        self._grid.attribute("aria-rowcount", str(length + 1))
        selected = self.selected
        visible = selected is not None and selected.number in self._shown
        self._grid.attribute("aria-activedescendant", f"{self._name}-{selected.number}" if selected and visible else "")
        self._newest.show(self._unseen > 0)
        self._newest.text(f"\u2191 {self._unseen:,} new")

    def _top(self, top: float, row_height: float, arrived: int) -> float:
        """Where the view begins when what people read is to stay where it is."""
        before, self._row_height = self._row_height, row_height
        if top < (before or row_height) / 2:  # they read the newest
            self._unseen = 0
            return top
        if before:  # rows of a narrow list are higher
            top = top / before * row_height
        self._unseen += arrived
        return top + arrived * row_height

    def _revealed(self, top: float, row_height: float, room: float) -> float:
        """Where the view begins when the selected row is to be in it."""
        self._reveals = False
        index = self._history.index_of(self.selected) if self.selected is not None else None
        if index is None:
            return top
        return max(min(top, index * row_height), (index + 1) * row_height - room)

    def _place(self, first: int, last: int) -> None:
        """Have a row for each record from `first` to before `last`, in this order."""
        wanted = [self._history.newest(index) for index in range(first, last)]
        records = {record.number: record for record in wanted}
        gone = [number for number, row in self._shown.items() if records.get(number) is not row.record]
        for number in gone:
            row = self._shown.pop(number)
            row.js_element.remove()
            self._free.append(row)
        js_next = self._js_rows.firstElementChild
        for record in wanted:
            row_or_none = self._shown.get(record.number)
            if row_or_none is not None:
                js_next = row_or_none.js_element.nextElementSibling
                continue
            row = self._free.pop() if self._free else Row(self._name)
            row.fill(record)
            self._shown[record.number] = row
            self._js_rows.insertBefore(row.js_element, js_next)

    def _forget(self) -> None:
        for row in self._shown.values():
            row.js_element.remove()
            self._free.append(row)
        self._shown.clear()
        self._unseen = 0
        self._appended = self._history.appended
        self._newest.show(False)

    # What people do.

    def _record(self, js_event: Any) -> Record | None:
        js_row = closest(js_event, "[data-number]")
        if js_row is None:
            return None
        return self._history.find(int(js_row.getAttribute("data-number")))

    def _on_click(self, js_event: Any) -> None:
        record = self._record(js_event)
        if record is None:
            return
        js_button = closest(js_event, "[data-settle]")
        if js_button is not None:
            self._js_grid.focus()
            self._on_settle(record, js_button.getAttribute("data-settle"))
        else:
            self._select(record, enter=True)

    def _on_key(self, js_event: Any) -> None:
        if js_event.ctrlKey or js_event.altKey or js_event.metaKey or not len(self._history):
            return
        key = js_event.key
        if key in ("a", "n") and self.selected is not None:
            self._on_settle(self.selected, "ack" if key == "a" else "nack")
        elif key == "Enter" and self.selected is not None:
            self._select(self.selected, enter=True)
        elif (index := self._target(key)) is not None:
            self._select(self._history.newest(index), enter=False)
        else:
            return
        js_event.preventDefault()

    def _target(self, key: str) -> int | None:
        """The place that a key leads to."""
        last = len(self._history) - 1
        if key == "Home":
            return 0
        if key == "End":
            return last
        page = max(1, len(self._shown) - 2 * _OVERSCAN)
        step = {"ArrowDown": 1, "ArrowUp": -1, "PageDown": page, "PageUp": -page}.get(key)
        if step is None:
            return None
        index = self._history.index_of(self.selected) if self.selected is not None else None
        return 0 if index is None else max(0, min(last, index + step))

    def select(self, record: Record) -> None:
        """Have this record selected, and in sight."""
        self.selected = record
        self._reveals = True
        self._ask()

    def _select(self, record: Record, *, enter: bool) -> None:
        self.select(record)
        self._on_select(record, enter)

    def _to_newest(self) -> None:
        self._js_grid.scrollTop = 0
        self._js_grid.focus()
        self._ask()
